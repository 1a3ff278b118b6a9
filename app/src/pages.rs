//! One page a file.

mod audit_events;
mod not_found;
mod overview;
mod profile;
mod sign_in;

pub(crate) use self::{
    audit_events::AuditEventsPage, not_found::NotFoundPage, overview::OverviewPage, profile::ProfilePage,
    sign_in::SignInPage,
};

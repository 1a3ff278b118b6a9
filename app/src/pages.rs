//! One page a file.

mod audit_events;
mod not_found;
mod overview;
mod settings;
mod sign_in;

#[cfg(feature = "ssr")]
pub(crate) use self::settings::describe_settings;
pub(crate) use self::{
    audit_events::AuditEventsPage, not_found::NotFoundPage, overview::OverviewPage, settings::SettingsPage,
    sign_in::SignInPage,
};

//! Audit events that this instance records about itself: what administrators do here, and what the instance notices.
//!
//! An [`InstanceEvent`] says what happened ([`Action`]) to what ([`Subject`]). Together with its [`Author`] it becomes an
//! [`AuditEvent`](crate::event::AuditEvent) like any other.

mod action;
mod author;
mod body;
mod event;
mod message;
mod subject;

pub use self::{
    action::Action,
    author::{Author, AuthorClass},
    event::InstanceEvent,
    subject::Subject,
};

/// The source of the instance events; no token may have this name.
pub const INSTANCE_SOURCE: &str = "audit-streams";

#[cfg(test)]
mod tests;

//! Audit events that this instance records about itself: what administrators do here, and what the instance notices.
//!
//! An [`InstanceEvent`] says what happened ([`Action`]) to what ([`Subject`]). Together with its [`Author`] it becomes an
//! [`AuditEvent`](crate::event::AuditEvent) like any other.

mod action;
mod author;
mod body;
mod message;
mod subject;

pub use self::{
    action::Action,
    author::{Author, AuthorClass},
    subject::Subject,
};
use crate::{alerts::AlertNews, ids::Seq};

/// The source of the instance events; no token may have this name.
pub const INSTANCE_SOURCE: &str = "audit-streams";

/// What happened to what. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceEvent {
    pub subject: Subject,
    pub action: Action,
}

impl InstanceEvent {
    pub const fn new(subject: Subject, action: Action) -> Self {
        Self { subject, action }
    }

    /// The events at these positions of the log can't be read any more.
    pub const fn events_unreadable(first: Seq, last: Seq) -> Self {
        Self::new(Subject::Log { first }, Action::EventsUnreadable { first, last })
    }

    /// What the instance noticed by itself: about a stream, or about the size of the log.
    pub fn alert(news: AlertNews) -> Self {
        let subject = match news.stream() {
            Some(stream) => Subject::destination(stream.id, stream.kind, &stream.name),
            None => Subject::Setting("log_size_limit"),
        };
        Self::new(subject, Action::Alert(news))
    }
}

#[cfg(test)]
mod tests;

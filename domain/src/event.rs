//! Audit events: from the bytes that a system posts to the bytes that every destination receives.
//!
//! `split_body` finds the events in a request; [`AuditEvent::parse`] checks one and fills in what is missing. The body of
//! an event is made once, here, and is never serialised again.

mod action;
mod audit_event;
mod batch;
pub mod body;
mod compact;
mod content;
mod event_id;
mod event_type;
mod incoming;

pub(crate) use self::incoming::{INSTANCE_SCOPE, MAX_EVENT_BYTES};
pub use self::{
    action::describe_action,
    audit_event::AuditEvent,
    batch::{BodyError, EventSizeLimit, split_body},
    content::StoredBody,
    event_id::EventId,
    event_type::EventType,
    incoming::{EventError, Received},
};

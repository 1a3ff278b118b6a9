//! The language of Audit Streams: what an audit event, a destination and a delivery outcome are, and the rules about them.
//!
//! Everything here is a function of its arguments. This crate never reads a clock, never does I/O, never logs and never
//! panics on input; it knows neither SQL nor HTTP nor Leptos, and it compiles for the browser as well as for the server.
//!
//! # Glossary
//!
//! | term | meaning |
//! |---|---|
//! | acknowledged | of a position of the log: the stream needs it no more, because its event was delivered, moved to the refused events, or is not admitted by the filters; the cursor stands after the last of an unbroken row of them |
//! | attempt | one request to a destination, with one or more events |
//! | backing off | a stream whose destination fails: it sends one request at a time, with growing pauses |
//! | backlog | the events of a stream that are not acknowledged yet |
//! | batch | events that are sent in one request; for S3, an unbroken row of the log whose bounds are stored before it is uploaded |
//! | cursor | how far a stream is, as it is stored |
//! | destination | where events are sent: an HTTP endpoint, a Cloud Logging project, an S3 bucket |
//! | entity | what an event is about; events of one entity are sent in the order of the log |
//! | event filter | which events a stream admits: by type (allowlist or denylist) and by namespace |
//! | instance event | an audit event that this instance records about itself |
//! | kind | which sort of destination: HTTP, Google Cloud Logging, AWS S3 |
//! | log | all audit events, in the order in which they were stored, each at its position ([`ids::Seq`]) |
//! | parked | of a refused event: no longer retried, until an administrator retries or discards it |
//! | probe | the one request that a stream sends while it is backing off |
//! | refused | of an event: the destination answered that it does not accept this event; it is retried on a schedule of its own |
//! | replay | sending events of a time range to a destination again, beside its stream |
//! | source | the name of the token that posted an event |
//! | stream | everything that brings the events of the log to one destination |
//! | suspect | an event whose request failed while it is open whether the event or the destination is the reason |
//! | worker | the thread that runs one stream |

pub mod access;
pub mod activity;
pub mod alerts;
pub mod connection_test;
pub mod delivery;
pub mod destination;
mod escape;
pub mod event;
pub mod event_types;
mod field_error;
pub mod health;
pub mod ids;
pub mod instance_event;
mod mask;
pub mod page;
pub mod policy;
pub mod proxy;
pub mod replay;
pub mod s3_objects;
pub mod settings;
pub mod timestamp;
pub mod view;

pub use field_error::{Field, FieldError, FieldErrors, Setting};
pub use timestamp::Timestamp;

//! Servers that Audit Streams sends to in tests, as a library, and `receivers`, a program that runs one of them. Nothing
//! that is shipped depends on this crate (`cargo xtask lint` checks it).
//!
//! - [`Receiver`]: an HTTP endpoint that records requests and connections, and answers as scripted.
//! - [`s3`]: the S3 protocol by s3s, which verifies every signature, on the file system. It accepts and refuses what
//!   aws-sdk-s3 sends as S3 does.
//! - [`google`]: Google's token endpoint and Cloud Logging's `entries:write`, written from their public definitions; it
//!   refuses what the service would refuse, with the same messages.
//! - [`nginx`]: the web server behind which most receivers are.
//! - [`stunnel`]: TLS in front of a receiver, with client certificates.
//! - [`tinyproxy`] and [`microsocks`]: proxies between Audit Streams and a receiver.
//! - [`raw`]: answers that no HTTP library would send, byte by byte.
//!
//! The first three record every request and can be given a [`Fault`] to answer with. S3 and Google also have control paths
//! (`GET /_received`, `POST /_faults/<name>/<times>`, `DELETE /_faults`), for tests that run in another process.
//! A server listens until it is dropped.

mod clock;
mod control;
mod events;
mod fault;
mod gate;
pub mod google;
mod listener;
pub mod microsocks;
pub mod nginx;
mod percent;
mod ports;
mod program;
pub mod raw;
mod receiver;
mod record;
pub mod s3;
pub mod stunnel;
pub mod tinyproxy;

pub use self::{
    events::Events,
    fault::{Answer, Fault},
    gate::Gate,
    ports::unused_address,
    receiver::{Receiver, Request},
};

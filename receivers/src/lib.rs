//! What Audit Streams streams to, for its tests: real receivers in this process, and `receivers`, the program that runs
//! one on its own. Nothing that is shipped depends on this crate (`cargo xtask lint` checks it).
//!
//! - [`s3`]: the S3 protocol by s3s, which verifies every signature, on the file system. No double: what aws-sdk-s3 sends
//!   is understood or refused as S3 does it.
//! - [`google`]: Google's token endpoint and Cloud Logging's `entries:write`, written from their public definitions: what
//!   the service would refuse is refused here, in its words.
//! - [`nginx`]: the web server that most receivers stand behind.
//!
//! The first two keep every request, can be given [`gate::Trouble`] to answer with, and open a side door on their own
//! address (`GET /_received`, `POST /_trouble/<name>/<times>`, `DELETE /_trouble`), for tests that run in another process.
//! A server listens until it is dropped.

mod clock;
mod door;
pub mod gate;
pub mod google;
mod listener;
pub mod nginx;
mod percent;
mod record;
pub mod s3;

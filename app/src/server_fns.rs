//! What the browser may ask: one function a file, each authorises, parses, makes one call of the port, and answers.
//!
//! Reads are GET, writes are POST. Endpoints are spelled out, so that they are the same in every build.

pub mod destinations;
pub mod events;
#[cfg(feature = "ssr")]
mod guard;
pub mod instance;
pub mod profile;
pub mod session;

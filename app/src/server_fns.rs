//! What the browser may ask: one function a file, each authorises, parses, makes one call of the port, and answers.
//!
//! Reads are GET, writes are POST. Endpoints are spelled out, so that they are the same in every build. What the forms of
//! the settings pages and of what the server draws (`drawn`) call is there on the server alone; the browser sends them all in
//! one way (`settings`).

#[cfg(feature = "ssr")]
pub mod alerts;
pub mod destinations;
pub mod drawn;
pub mod events;
#[cfg(feature = "ssr")]
pub(crate) mod guard;
#[cfg(feature = "ssr")]
pub mod network;
#[cfg(feature = "ssr")]
pub mod profile;
#[cfg(feature = "ssr")]
pub mod retention;
pub mod session;
#[cfg(feature = "ssr")]
pub mod sessions;
pub mod settings;
#[cfg(feature = "ssr")]
pub mod streams;
#[cfg(feature = "ssr")]
pub mod tokens;
#[cfg(feature = "ssr")]
pub mod users;

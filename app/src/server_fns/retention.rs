//! How long events are kept.

pub mod update_retention;

pub use self::update_retention::{UpdateRetention, update_retention};

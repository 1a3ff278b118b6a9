//! The instance as a whole.

pub mod show_overview;

pub use self::show_overview::{ShowOverview, show_overview};

//! The Log.

pub mod list_events;
pub mod show_event;

pub use self::list_events::{ListEvents, list_events};
pub use self::show_event::{ShowEvent, show_event};

//! Streaming destinations.

pub mod create_destination;
pub mod delete_destination;
pub mod list_destinations;
pub mod list_event_types;
pub mod reveal_secret;
pub mod test_destination;
pub mod update_destination;

pub use self::create_destination::{CreateDestination, create_destination};
pub use self::delete_destination::{DeleteDestination, delete_destination};
pub use self::list_destinations::{ListDestinations, list_destinations};
pub use self::list_event_types::{ListEventTypes, list_event_types};
pub use self::reveal_secret::{RevealSecret, reveal_secret};
pub use self::test_destination::{TestDestination, test_destination};
pub use self::update_destination::{UpdateDestination, update_destination};

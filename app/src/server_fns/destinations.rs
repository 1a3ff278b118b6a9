//! Streaming destinations.

pub mod create_destination;
pub mod delete_destination;
pub mod list_destinations;
pub mod reveal_signing_secret;
pub mod update_destination;

pub use self::create_destination::{CreateDestination, create_destination};
pub use self::delete_destination::{DeleteDestination, delete_destination};
pub use self::list_destinations::{ListDestinations, list_destinations};
pub use self::reveal_signing_secret::{RevealSigningSecret, reveal_signing_secret};
pub use self::update_destination::{UpdateDestination, update_destination};

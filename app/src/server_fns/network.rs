//! Where destinations may be.

pub mod update_network;

pub use self::update_network::{UpdateNetwork, update_network};

//! What follows from how a delivery went, for the people who look after it.

mod advice;

pub use self::advice::{Reason, advice};

//! What follows from how a delivery went, for the people who look after it.

mod advice;
mod reason;
mod refused;

pub use self::{
    advice::advice,
    reason::Reason,
    refused::{RefusedChange, RefusedChoice, RefusedList},
};

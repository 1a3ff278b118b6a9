//! What is done with a stream besides changing its settings. Sent as forms that the server drew.

mod discard_parked;
mod retry_parked;
mod steer_stream;

pub use self::{
    discard_parked::{DiscardParked, discard_parked},
    retry_parked::{RetryParked, retry_parked},
    steer_stream::{SteerStream, steer_stream},
};

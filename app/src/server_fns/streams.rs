//! What is done with a stream besides changing its settings. Sent as forms that the server drew.

mod cancel_replay;
mod count_replay;
mod discard_parked;
mod park_event;
mod retry_parked;
mod start_replay;
mod steer_stream;

pub use self::{
    cancel_replay::{CancelReplay, cancel_replay},
    count_replay::{CountReplay, count_replay},
    discard_parked::{DiscardParked, discard_parked},
    park_event::{ParkEvent, park_event},
    retry_parked::{RetryParked, retry_parked},
    start_replay::{StartReplay, start_replay},
    steer_stream::{SteerStream, steer_stream},
};

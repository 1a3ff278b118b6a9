//! What is done with a stream besides changing its settings. Sent as forms that the server drew.

mod cancel_replay;
mod command_stream;
mod count_replay;
mod discard_parked;
mod park_event;
mod retry_parked;
mod start_replay;

pub use self::{
    cancel_replay::{CancelReplay, cancel_replay},
    command_stream::{CommandStream, command_stream},
    count_replay::{CountReplay, count_replay},
    discard_parked::{DiscardParked, discard_parked},
    park_event::{ParkEvent, park_event},
    retry_parked::{RetryParked, retry_parked},
    start_replay::{StartReplay, start_replay},
};

//! Events that a receiver never accepts, in whatever way it fails over them: everything else is delivered.

pub(super) mod batches;
mod full_log;
mod http;
mod parking;
mod probing;
mod replays;

//! The delivery engine: one worker per destination, each on a thread of its own.
//!
//! - `supervisor` compares what is configured with what runs, and starts, reconfigures and ends workers. It does so when woken
//!   and on a timer; a wake carries no data.
//! - `worker` runs one stream: it reads the log after its cursor, keeps each entity's order in `queues`, sends through the
//!   destination's sink, and applies the policy (`domain::policy`) to each report. What it knows it read from the store, and
//!   what it acknowledges goes back there at most 200 ms or 1,000 events later.
//! - `replay` sends parts of the log once more, beside a stream and never before it.
//! - Both run on a `thread` of their own, which obeys the supervisor's commands, work with what is `shared`, and judge by the same
//!   `evidence` whether the destination or an event fails.
//! - `flight` are the requests that either has in flight.
//! - `batches` are stretches of the log that are sent as one, under bounds that are stored first.
//! - `progress` is the cursor, `backoff` the pause of a destination in trouble, `refusals` the events refused one by one,
//!   `waits` what replays wait for, `pace` how many requests are in flight, and `limiter` what the settings of a destination allow.
//!
//! Guarantees: an event that the log acknowledged is sent until the destination accepts it, or is parked with a reason; the
//! cursor passes nothing else. Events of one entity are sent one after another, in log order, except that one which was
//! refused is tried again later while the next ones go on. After a crash, at most what was acknowledged since the last commit is
//! sent once more.
//!
//! Workers share the log, its readers and the store and nothing else: no queue, no connection, no thread of their own. A
//! destination that is dead or slow costs the others nothing.

mod backoff;
mod batches;
mod evidence;
mod flight;
mod limiter;
mod pace;
mod progress;
mod queues;
mod refusals;
mod replay;
mod shared;
mod status;
mod supervisor;
mod thread;
mod totals;
mod waits;
mod worker;

pub use self::totals::{Failure, StreamTotals};
pub(crate) use self::{status::ParkError, supervisor::Delivery, totals::AcceptedRequest};

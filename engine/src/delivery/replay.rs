//! Replays: each sends a range of the log again, beside a stream, on a thread of its own.
//!
//! - `supervisor` compares which replays are to run, by the store, with those that do, and starts, changes and ends workers.
//! - `worker` runs one replay: it waits for the stream, reads the range in log order, sends, and stores how far it is.
//! - `pending` is what it has read and not sent, and what it has not stored yet.
//!
//! What it has in common with a stream stands in `delivery`: the thread and its commands, the queues of entities, the requests in
//! flight and their pace, backing off, and the evidence.
//!
//! The stream goes first: nothing is sent while it backs off, or is paused, inactive or clearly behind. At any other time, the
//! requests of the stream count as requests of the replay: together they are no more than the pace of the replay allows, or one of
//! the replay beside them. That pace grows slowly, so that the destination is hardly ever overloaded for the sake of a replay. The
//! stream knows nothing of it: a replay shares no connection, queue, pace or thread with the stream.
//!
//! Guarantees: each event of the range that the filters admit is accepted by the destination or parked with a reason, unless
//! the replay is cancelled, or the event leaves the log while the destination is inactive. After a crash, what was sent since
//! the last commit goes out once more, S3 batches under the same keys; the counts are those of what was stored, and so count
//! nothing twice.

mod pending;
mod supervisor;
mod worker;

pub(super) use self::supervisor::ReplaySupervisor;

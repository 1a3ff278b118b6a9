//! What grows with the log, with its retention and with requests: time, memory and latency.

pub(crate) mod memory;
pub(crate) mod retention;
pub(crate) mod start;

pub(crate) use self::memory::EVENTS_OF_REQUEST;

/// Enough for any log of these measurements; the default is 10 GiB.
pub(crate) const LARGE_LOG: [&str; 2] = ["--log-size-limit", "1TiB"];

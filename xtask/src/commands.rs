//! The commands, one a file.

pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod dev;
mod failures;
pub(crate) mod faults;
pub(crate) mod fuzz;
pub(crate) mod lint;
pub(crate) mod start;
mod tally;
pub(crate) mod test;

//! Which log a position is of.
//!
//! A restore from a backup takes the log back, and it gives the positions after the backup again, to other events. So whatever
//! keeps positions outside of the data folder keeps the lineage with them: cursors of the APIs, and keys of S3 objects. Each restore
//! gives the instance a new id, and with it a new lineage.

use std::{fmt, sync::Arc};

const CHARS: usize = 8;

/// The start of the instance's id. In one lineage, a position is given to one event only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage(Arc<str>);

impl Lineage {
    /// The lineage of the log of the instance with this id.
    pub fn of_instance(id: &str) -> Self {
        Self(id.chars().take(CHARS).collect::<String>().into())
    }

    /// The lineage as text: 8 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Lineage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

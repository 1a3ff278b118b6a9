//! Which events may leave the log: those past their age that no destination owes any more.

use std::time::Duration;

use domain::Timestamp;

use crate::{
    log::{EventLog, LogError},
    store::{Database, StoreError},
};

/// Old events could not be removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RetentionError {
    #[error("what destinations still owe could not be read")]
    Store(#[from] StoreError),
    #[error("the log refused")]
    Log(#[from] LogError),
}

/// Removes what may go. Idempotent; what is interrupted is made good by the next call.
pub(crate) async fn enforce(
    log: &EventLog,
    database: &Database,
    now: Timestamp,
    age: Duration,
) -> Result<(), RetentionError> {
    let age_ms = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    let received_before = Timestamp::from_unix_ms(now.unix_ms().saturating_sub(age_ms));
    loop {
        // Between the two, nobody comes to need what was let go of.
        let _turn = log.pruning_turn().await;
        let up_to = database.least_owed().await?.unwrap_or_else(|| log.last_seq());
        if log.prune(received_before, up_to).await?.deleted == 0 {
            return Ok(());
        }
    }
}

//! The newest position of the log at the end of each minute, from which the number of received events is computed.

use domain::{Timestamp, activity::Minute, ids::Seq};

use crate::{
    log::EventLog,
    store::{Database, StoreError},
};

/// What is kept of the counters: a week, and what a chart of a week may need before it.
const KEPT_MINUTES: u32 = 8 * 24 * 60;

/// Records the newest position of the log, and deletes counters that no chart shows any more. `noted` is the last record.
pub(crate) async fn record_log_position(
    log: &EventLog,
    database: &Database,
    now: Timestamp,
    noted: &mut Option<(Minute, Seq)>,
) -> Result<(), StoreError> {
    let (minute, last) = (Minute::of(now), log.last_seq());
    if noted.is_none_or(|(before, _)| before < minute) {
        database.forget_minutes(minute.minus(KEPT_MINUTES)).await?;
    }
    if noted.is_none() {
        // What the first minute brings is counted from here on.
        database.begin_log_positions(minute.minus(1), last).await?;
    }
    if noted.is_none_or(|(_, before)| before < last) {
        database.note_log_position(minute, last).await?;
    }
    *noted = Some((minute, last));
    Ok(())
}

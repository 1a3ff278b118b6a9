//! What has arrived since the reader last asked.

use domain::{Timestamp, ids::Seq, view::EventRow};
use engine::{
    Engine,
    log::{BrowsePosition, BrowseRow},
};

use super::filter::event_filter;
use crate::{
    log::{
        location::LogLocation,
        wire::{Arrivals, PAGE_ROWS},
    },
    wire::AppError,
};

/// An event that was created less than this before now cannot have been received late.
const LATE_MS: i64 = 60_000;

pub(super) async fn list(engine: &Engine, query: &str, since: Seq) -> Result<Arrivals, AppError> {
    let (log, now) = (engine.log(), engine.clock().now());
    let filter = event_filter(&LogLocation::from_query(query).filter, now)?;
    let arrived = log.arrivals(&filter, since, log.last_seq()).await?;
    let (newest, old) = chosen(&arrived.places, now);
    let rows = log.show_all(&newest).await?;
    let late = log.show_all(&old).await?;
    Ok(Arrivals {
        rows: rows.iter().map(BrowseRow::row).collect(),
        late: late.iter().map(BrowseRow::row).filter(EventRow::is_late).collect(),
        count: arrived.places.len().try_into().unwrap_or(u64::MAX),
        received_to: arrived.searched_to,
    })
}

/// The newest places, and of those that are old, the last ones to arrive; each at most a page.
fn chosen(arrived: &[BrowsePosition], now: Timestamp) -> (Vec<BrowsePosition>, Vec<BrowsePosition>) {
    let mut newest = arrived.to_vec();
    newest.sort_unstable_by(|one, other| other.cmp(one));
    newest.truncate(PAGE_ROWS);
    let is_old = |place: &&BrowsePosition| now.unix_ms().saturating_sub(place.created_at.unix_ms()) > LATE_MS;
    let old = arrived.iter().rev().filter(is_old).take(PAGE_ROWS).copied();
    (newest, old.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_chosen_and_the_last_of_those_that_are_old() {
        let place = |created_ms: i64, seq: i64| BrowsePosition {
            created_at: Timestamp::from_unix_ms(created_ms),
            seq: Seq::new(seq),
        };
        let now = Timestamp::from_unix_ms(1_000_000);
        let mut arrived: Vec<_> = (0..40).map(|number| place(999_000 + number, number)).collect();
        arrived.extend((40..80).map(|seq| place(5_000, seq)));
        let (newest, old) = chosen(&arrived, now);
        let seqs = |places: &[BrowsePosition]| places.iter().map(|place| place.seq.get()).collect::<Vec<_>>();
        assert_eq!(seqs(&newest), (15..40).rev().collect::<Vec<_>>());
        assert_eq!(seqs(&old), (55..80).rev().collect::<Vec<_>>());
    }
}

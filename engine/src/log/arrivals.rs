//! What has come in lately, in the order in which it came: for readers who follow the log.
//!
//! An event says itself when it was created, and may come in late; so what is new is not what has the newest time.

use domain::ids::Seq;

use super::{BrowsePosition, BrowseRequest, EventFilter, EventLog, LogError, SCAN_ROWS, filter::Walk};

/// What has come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrivals {
    /// Where it stands in the Log, in the order in which it came in.
    pub places: Vec<BrowsePosition>,
    /// How far was looked: where to go on.
    pub searched_to: Seq,
}

impl EventLog {
    /// What `filter` admits of the events that came in after `after` and up to `up_to`: as far as [`SCAN_ROWS`] of them reach,
    /// and, if a text is searched for, [`super::browse::SCAN_BYTES`].
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn arrivals(&self, filter: &EventFilter, after: Seq, up_to: Seq) -> Result<Arrivals, LogError> {
        let after = after.min(up_to);
        let reach = after.get().saturating_add(i64::try_from(SCAN_ROWS).unwrap_or(i64::MAX));
        let mut searched_to = up_to.min(Seq::new(reach));
        let walk = Walk::new(filter, BrowseRequest::Oldest);
        let mut places = self.search_received(filter, &walk, Some(after), searched_to).await?;
        if let Some(text) = &filter.text {
            let found = self.matching(&places, text, usize::MAX).await?;
            if let Some(next) = places.get(found.searched) {
                searched_to = Seq::new(next.seq.get().saturating_sub(1));
            }
            places = found.places;
        }
        Ok(Arrivals { places, searched_to })
    }
}

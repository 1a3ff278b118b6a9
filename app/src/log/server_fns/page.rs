//! One page of the Log, found by where the one before it ended.

use domain::{ids::Seq, view::EventRow};
use engine::{
    Engine,
    log::{BrowsePosition, BrowseRequest, BrowseRow, Browsed},
};

use super::filter::event_filter;
use crate::{
    log::{
        filter::FilterField,
        location::LogLocation,
        wire::{LogPage, LogPageRequest, LogPosition, PAGE_ROWS, Searched, Suggestions},
    },
    wire::AppError,
};

/// One row more than is shown tells whether there are others.
const ASKED: usize = PAGE_ROWS + 1;

/// `query` is that of the page's address.
pub(super) async fn list(engine: &Engine, query: &str) -> Result<LogPage, AppError> {
    let log = engine.log();
    let location = LogLocation::from_query(query);
    let filter = event_filter(&location.filter, engine.clock().now())?;
    let oldest_first = location.filter.oldest_first();
    // Before the page is read: what arrives meanwhile may be announced twice, but is not missed.
    let received_to = log.last_seq();
    let mut page = location.page;
    let mut found = log.browse(&filter, browse_request(page, oldest_first), ASKED).await?;
    if leads_back_to_first(page, oldest_first) && found.rows.len() <= PAGE_ROWS && found.searched_to.is_none() {
        page = LogPageRequest::First;
        found = log.browse(&filter, browse_request(page, oldest_first), ASKED).await?;
    }
    let of = match (found.searched_to, location.filter.is_text_alone()) {
        (Some(_), true) => Some(log.count().await?),
        _ => None,
    };
    Ok(LogPage {
        received_to,
        has_external_events: log.has_external_events().await?,
        ..cut(page, oldest_first, found, of)
    })
}

const fn browse_request(page: LogPageRequest, oldest_first: bool) -> BrowseRequest {
    match page {
        LogPageRequest::OlderThan(position) => BrowseRequest::OlderThan(below(position)),
        LogPageRequest::NewerThan(position) => BrowseRequest::NewerThan(below(position)),
        LogPageRequest::First if oldest_first => BrowseRequest::Oldest,
        LogPageRequest::First => BrowseRequest::Newest,
    }
}

/// Whether the first page lies on the way; it is always shown full.
const fn leads_back_to_first(page: LogPageRequest, oldest_first: bool) -> bool {
    match page {
        LogPageRequest::First => false,
        LogPageRequest::OlderThan(_) => oldest_first,
        LogPageRequest::NewerThan(_) => !oldest_first,
    }
}

/// At most 25 of the rows that were found, and where the pages beside them begin.
fn cut(page: LogPageRequest, oldest_first: bool, mut found: Browsed, of: Option<u64>) -> LogPage {
    let goes_back = browse_request(page, oldest_first).goes_back();
    let is_more = found.rows.len() > PAGE_ROWS;
    found.rows.truncate(PAGE_ROWS);
    let first = found.rows.first().map(|row| above(row.position));
    let ahead = found.rows.last().map(|row| above(row.position)).filter(|_| is_more);
    let behind = match page {
        LogPageRequest::First => None,
        // The event beside which was asked is there, even if nothing was found beyond it.
        LogPageRequest::OlderThan(position) => first.or(Some(moved(position, -1))),
        LogPageRequest::NewerThan(position) => first.or(Some(moved(position, 1))),
    };
    let searched = found.searched_to.map(|to| Searched {
        to: above(to),
        events: found.searched.try_into().unwrap_or(u64::MAX),
        of,
    });
    let mut rows: Vec<EventRow> = found.rows.iter().map(BrowseRow::row).collect();
    if goes_back == oldest_first {
        rows.reverse();
    }
    let (newer, older) = if goes_back { (behind, ahead) } else { (ahead, behind) };
    LogPage {
        rows,
        newer,
        older,
        searched,
        received_to: Seq::START,
        has_external_events: true,
    }
}

/// Event types that are suggested at most: a client that makes up a type for every event must not make the list as long.
const SUGGESTED_TYPES: usize = 1_000;

/// What has been seen lately, for each field that is easier chosen than typed.
pub(super) async fn suggestions(engine: &Engine) -> Result<Suggestions, AppError> {
    let names = engine.log().latest_names().await?;
    let types = engine.log().event_type_counts(engine.clock().now()).await?;
    let types = types.into_iter().map(|known| known.event_type);
    let lists = [
        (FilterField::Author, names.authors.clone()),
        (FilterField::User, names.authors),
        (FilterField::Group, names.groups),
        (FilterField::Project, names.projects),
        (FilterField::EventType, types.take(SUGGESTED_TYPES).collect()),
    ];
    Ok(lists.map(|(field, values)| (field.name().to_owned(), values)).into())
}

/// Just beside the event at that position.
const fn moved(position: LogPosition, by: i64) -> LogPosition {
    LogPosition {
        created_at: position.created_at,
        seq: Seq::new(position.seq.get().saturating_add(by)),
    }
}

const fn below(position: LogPosition) -> BrowsePosition {
    BrowsePosition {
        created_at: position.created_at,
        seq: position.seq,
    }
}

const fn above(position: BrowsePosition) -> LogPosition {
    LogPosition {
        created_at: position.created_at,
        seq: position.seq,
    }
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, event::EventId};

    use super::*;

    fn event(seq: i64) -> BrowseRow {
        BrowseRow {
            position: below(position(seq)),
            source: "test".into(),
            id: EventId::parse("x").unwrap(),
            event_type: "user_created".into(),
            received_at: Timestamp::from_unix_ms(seq),
            body: r#"{"author_id":7,"author_name":"Ada","target_id":null,"ip_address":null,"details":{"add":"x"}}"#
                .into(),
        }
    }

    fn position(seq: i64) -> LogPosition {
        LogPosition {
            created_at: Timestamp::from_unix_ms(seq),
            seq: Seq::new(seq),
        }
    }

    fn back_from(newest: i64, count: i64) -> Browsed {
        Browsed {
            rows: (0..count).map(|back| event(newest - back)).collect(),
            ..Browsed::default()
        }
    }

    fn up_from(oldest: i64, count: i64) -> Browsed {
        Browsed {
            rows: (0..count).map(|forth| event(oldest + forth)).collect(),
            ..Browsed::default()
        }
    }

    fn seqs(page: &LogPage) -> Vec<i64> {
        page.rows.iter().map(|row| row.seq.get()).collect()
    }

    #[test]
    fn the_newest_page_has_nothing_newer() {
        let page = cut(LogPageRequest::First, false, back_from(100, 26), None);
        assert_eq!(seqs(&page), (76..=100).rev().collect::<Vec<_>>());
        assert_eq!((page.newer, page.older), (None, Some(position(76))));
        let short = cut(LogPageRequest::First, false, back_from(100, 25), None);
        assert_eq!((short.newer, short.older), (None, None));
        let empty = cut(LogPageRequest::First, false, Browsed::default(), None);
        assert_eq!((empty.newer, empty.older), (None, None));
    }

    #[test]
    fn an_older_page_leads_back() {
        let page = cut(LogPageRequest::OlderThan(position(76)), false, back_from(75, 26), None);
        assert_eq!((page.newer, page.older), (Some(position(75)), Some(position(51))));
        let nothing = cut(LogPageRequest::OlderThan(position(3)), false, Browsed::default(), None);
        let beside = LogPosition {
            seq: Seq::new(2),
            ..position(3)
        };
        assert_eq!((nothing.newer, nothing.older), (Some(beside), None));
    }

    #[test]
    fn a_newer_page_drops_its_newest_row_when_there_is_more() {
        let page = cut(LogPageRequest::NewerThan(position(50)), false, up_from(51, 26), None);
        assert_eq!(seqs(&page), (51..=75).rev().collect::<Vec<_>>());
        assert_eq!((page.newer, page.older), (Some(position(75)), Some(position(51))));
    }

    #[test]
    fn with_the_oldest_first_the_pages_run_the_other_way() {
        let first = cut(LogPageRequest::First, true, up_from(1, 26), None);
        assert_eq!(seqs(&first), (1..=25).collect::<Vec<_>>());
        assert_eq!((first.newer, first.older), (Some(position(25)), None));
        let second = cut(LogPageRequest::NewerThan(position(25)), true, up_from(26, 3), None);
        assert_eq!((seqs(&second), second.newer), (vec![26, 27, 28], None));
        assert_eq!(second.older, Some(position(26)));
        let back = cut(LogPageRequest::OlderThan(position(90)), true, back_from(89, 26), None);
        assert_eq!(seqs(&back), (65..=89).collect::<Vec<_>>());
    }

    #[test]
    fn an_early_end_is_handed_on() {
        let found = Browsed {
            searched_to: Some(below(position(9))),
            searched: 500,
            ..back_from(20, 2)
        };
        let page = cut(LogPageRequest::First, false, found, Some(1_000));
        assert_eq!((page.rows.len(), page.older), (2, None));
        let searched = Searched {
            to: position(9),
            events: 500,
            of: Some(1_000),
        };
        assert_eq!(page.searched, Some(searched));
    }
}

//! The Log as the page shows it: a page at a time, each found by where the one before it ended.

mod export;
mod filter;

use api::EventSummary;
use app::{
    model::{log_filter::Token, log_location::LogLocation},
    wire::{AppError, EventView, LogPage, LogPageRequest, LogPosition, LogRow},
};
use domain::{Timestamp, ids::Seq};
use engine::log::{BrowsePosition, BrowseRequest, BrowseRow, Browsed, EventFilter, EventLog};

pub(super) use self::export::{export_csv, export_json_lines};
use self::filter::event_filter;
use super::failure::from_log;

const ROWS: usize = 25;

/// One row more than is shown tells whether there are others.
const ASKED: usize = ROWS + 1;

/// `query` is that of the page's address.
pub(super) async fn list_events(log: &EventLog, now: Timestamp, query: &str) -> Result<LogPage, AppError> {
    let location = LogLocation::from_query(query);
    let filter = event_filter(&location.filter, now)?;
    let oldest_first = location.filter.oldest_first();
    let request = browse_request(location.page, oldest_first);
    // Before the page is read: what comes in meanwhile may be told of twice, but is not missed.
    let newest = log.last_seq();
    if let LogPageRequest::Since(since) = location.page {
        let end = Some(since.created_at);
        return add_arrivals(log, &filter, since.seq, end, nothing(newest)).await;
    }
    let mut found = log.browse(&filter, request, ASKED).await.map_err(from_log)?;
    let mut page = location.page;
    if leads_back_to_first(page, oldest_first) && found.rows.len() <= ROWS && found.searched_to.is_none() {
        page = LogPageRequest::First;
        let first = browse_request(page, oldest_first);
        found = log.browse(&filter, first, ASKED).await.map_err(from_log)?;
    }
    let mut shown = LogPage {
        received_to: newest,
        ..cut(page, oldest_first, found)
    };
    shown.known = known(log, now).await?;
    if let LogPageRequest::Refreshed(since) = page {
        let end = shown.searched_to.or(shown.older).map(|end| end.created_at);
        shown = add_arrivals(log, &filter, since.seq, end, shown).await?;
    }
    Ok(shown)
}

/// Tells how much came in after `since`, and shows what of it was created before `end`, where the newest page ends.
async fn add_arrivals(
    log: &EventLog,
    filter: &EventFilter,
    since: Seq,
    end: Option<Timestamp>,
    page: LogPage,
) -> Result<LogPage, AppError> {
    let arrivals = log.arrivals(filter, since, page.received_to).await.map_err(from_log)?;
    let is_late = |place: &&BrowsePosition| end.is_some_and(|end| place.created_at < end);
    let late: Vec<BrowsePosition> = arrivals
        .places
        .iter()
        .rev()
        .filter(is_late)
        .take(ROWS)
        .copied()
        .collect();
    let late = log.show_all(&late).await.map_err(from_log)?;
    Ok(LogPage {
        late: late.iter().map(row).collect(),
        arrived: arrivals.places.len().try_into().unwrap_or(u64::MAX),
        received_to: arrivals.searched_to,
        ..page
    })
}

pub(super) async fn show_event(log: &EventLog, seq: Seq) -> Result<EventView, AppError> {
    let found = log.show(seq).await.map_err(from_log)?.ok_or(AppError::NotFound)?;
    let row = row(&found);
    Ok(EventView {
        row,
        id: found.id,
        source: found.source,
        received_at: found.received_at,
        body: found.body,
    })
}

const fn browse_request(page: LogPageRequest, oldest_first: bool) -> BrowseRequest {
    match page {
        LogPageRequest::OlderThan(position) => BrowseRequest::OlderThan(below(position)),
        LogPageRequest::NewerThan(position) => BrowseRequest::NewerThan(below(position)),
        LogPageRequest::First | LogPageRequest::Since(_) | LogPageRequest::Refreshed(_) if oldest_first => {
            BrowseRequest::Oldest
        }
        LogPageRequest::First | LogPageRequest::Since(_) | LogPageRequest::Refreshed(_) => BrowseRequest::Newest,
    }
}

/// Whether the first page lies on the way; it is always shown full.
const fn leads_back_to_first(page: LogPageRequest, oldest_first: bool) -> bool {
    match page {
        LogPageRequest::First | LogPageRequest::Since(_) | LogPageRequest::Refreshed(_) => false,
        LogPageRequest::OlderThan(_) => oldest_first,
        LogPageRequest::NewerThan(_) => !oldest_first,
    }
}

/// At most 25 of the rows that were found, and where the pages beside them begin.
fn cut(page: LogPageRequest, oldest_first: bool, mut found: Browsed) -> LogPage {
    let goes_back = browse_request(page, oldest_first).goes_back();
    let is_more = found.rows.len() > ROWS;
    found.rows.truncate(ROWS);
    let first = found.rows.first().map(|row| above(row.position));
    let ahead = found.rows.last().map(|row| above(row.position)).filter(|_| is_more);
    let behind = match page {
        LogPageRequest::First | LogPageRequest::Since(_) | LogPageRequest::Refreshed(_) => None,
        // The event beside which was asked is there, even if nothing was found beyond it.
        LogPageRequest::OlderThan(position) => first.or(Some(moved(position, -1))),
        LogPageRequest::NewerThan(position) => first.or(Some(moved(position, 1))),
    };
    let mut rows: Vec<LogRow> = found.rows.iter().map(row).collect();
    if goes_back == oldest_first {
        rows.reverse();
    }
    let (newer, older) = if goes_back { (behind, ahead) } else { (ahead, behind) };
    LogPage {
        rows,
        newer,
        older,
        searched_to: found.searched_to.map(above),
        ..nothing(Seq::START)
    }
}

const fn nothing(received_to: Seq) -> LogPage {
    LogPage {
        rows: Vec::new(),
        newer: None,
        older: None,
        searched_to: None,
        known: Vec::new(),
        late: Vec::new(),
        arrived: 0,
        received_to,
    }
}

/// Event types offered at most: a client that makes up a type for every event must not make every page as long.
const SUGGESTED_TYPES: usize = 1_000;

/// What has been seen lately, for each token that is easier chosen than typed.
async fn known(log: &EventLog, now: Timestamp) -> Result<Vec<(String, Vec<String>)>, AppError> {
    let names = log.latest_names().await.map_err(from_log)?;
    let types = log.event_type_counts(now).await.map_err(from_log)?;
    let lists = [
        (Token::User, names.authors),
        (Token::Group, names.groups),
        (Token::Project, names.projects),
        (
            Token::EventType,
            types
                .into_iter()
                .map(|known| known.event_type)
                .take(SUGGESTED_TYPES)
                .collect(),
        ),
    ];
    Ok(lists.map(|(token, values)| (token.name().to_owned(), values)).into())
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

fn row(event: &BrowseRow) -> LogRow {
    let summary = EventSummary::of(event);
    LogRow {
        seq: event.position.seq,
        created_at: event.position.created_at,
        event_type: event.event_type.clone(),
        author_id: summary.author_id,
        author_name: summary.author_name,
        entity_type: summary.entity_type,
        entity_path: summary.entity_path,
        action: summary.action,
        target_type: summary.target_type,
        target_details: summary.target_details,
        ip_address: summary.ip_address,
    }
}

#[cfg(test)]
mod tests {
    use domain::event::EventId;
    use proptest::prelude::*;

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
    fn a_row_shows_what_the_event_says() {
        let row = row(&event(3));
        assert_eq!(
            (
                row.author_id.as_str(),
                row.author_name.as_str(),
                row.ip_address.as_str()
            ),
            ("7", "Ada", "")
        );
        assert_eq!(row.action, "Added x");
    }

    #[test]
    fn the_newest_page_has_nothing_newer() {
        let page = cut(LogPageRequest::First, false, back_from(100, 26));
        assert_eq!(seqs(&page), (76..=100).rev().collect::<Vec<_>>());
        assert_eq!((page.newer, page.older), (None, Some(position(76))));
        let short = cut(LogPageRequest::First, false, back_from(100, 25));
        assert_eq!((short.newer, short.older), (None, None));
        let empty = cut(LogPageRequest::First, false, Browsed::default());
        assert_eq!((empty.newer, empty.older), (None, None));
    }

    #[test]
    fn an_older_page_leads_back() {
        let page = cut(LogPageRequest::OlderThan(position(76)), false, back_from(75, 26));
        assert_eq!((page.newer, page.older), (Some(position(75)), Some(position(51))));
        let nothing = cut(LogPageRequest::OlderThan(position(3)), false, Browsed::default());
        let beside = LogPosition {
            seq: Seq::new(2),
            ..position(3)
        };
        assert_eq!((nothing.newer, nothing.older), (Some(beside), None));
    }

    #[test]
    fn a_newer_page_drops_its_newest_row_when_there_is_more() {
        let page = cut(LogPageRequest::NewerThan(position(50)), false, up_from(51, 26));
        assert_eq!(seqs(&page), (51..=75).rev().collect::<Vec<_>>());
        assert_eq!((page.newer, page.older), (Some(position(75)), Some(position(51))));
    }

    #[test]
    fn with_the_oldest_first_the_pages_run_the_other_way() {
        let first = cut(LogPageRequest::First, true, up_from(1, 26));
        assert_eq!(seqs(&first), (1..=25).collect::<Vec<_>>());
        assert_eq!((first.newer, first.older), (Some(position(25)), None));
        let second = cut(LogPageRequest::NewerThan(position(25)), true, up_from(26, 3));
        assert_eq!((seqs(&second), second.newer), (vec![26, 27, 28], None));
        assert_eq!(second.older, Some(position(26)));
        let back = cut(LogPageRequest::OlderThan(position(90)), true, back_from(89, 26));
        assert_eq!(seqs(&back), (65..=89).collect::<Vec<_>>());
    }

    #[test]
    fn an_early_end_is_handed_on() {
        let found = Browsed {
            searched_to: Some(below(position(9))),
            ..back_from(20, 2)
        };
        let page = cut(LogPageRequest::First, false, found);
        assert_eq!((page.rows.len(), page.older), (2, None));
        assert_eq!(page.searched_to, Some(position(9)));
    }

    proptest! {
        #[test]
        fn a_row_of_any_body_can_be_shown(body in ".*") {
            row(&BrowseRow { body, ..event(1) });
        }
    }
}

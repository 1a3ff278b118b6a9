//! The Log as the page shows it: newest first, a page at a time, each page found by where the one before it ended.

use app::wire::{AppError, EventView, LogPage, LogPageRequest, LogPosition, LogRow};
use domain::{event::describe_action, ids::Seq};
use engine::log::{BrowsePosition, BrowseRequest, BrowseRow, EventLog};
use serde_json::Value;

use super::failure::from_log;

const ROWS: usize = 25;

/// One row more than is shown tells whether there are others.
const ASKED: u32 = 26;

pub(super) async fn list_events(log: &EventLog, page: LogPageRequest) -> Result<LogPage, AppError> {
    let request = match page {
        LogPageRequest::Newest => BrowseRequest::Newest,
        LogPageRequest::OlderThan(position) => BrowseRequest::OlderThan(below(position)),
        LogPageRequest::NewerThan(position) => BrowseRequest::NewerThan(below(position)),
    };
    let found = log.browse(request, ASKED).await.map_err(from_log)?;
    if matches!(request, BrowseRequest::NewerThan(_)) && found.len() <= ROWS {
        // This is the newest page, which is always shown full.
        let newest = log.browse(BrowseRequest::Newest, ASKED).await.map_err(from_log)?;
        return Ok(cut(BrowseRequest::Newest, newest));
    }
    Ok(cut(request, found))
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

/// At most 25 of the rows that were found, and where the pages beside them begin.
fn cut(request: BrowseRequest, mut found: Vec<BrowseRow>) -> LogPage {
    let is_more = found.len() > ROWS;
    if is_more && matches!(request, BrowseRequest::NewerThan(_)) {
        found.remove(0);
    }
    found.truncate(ROWS);
    let first = found.first().map(|row| above(row.position));
    let last = found.last().map(|row| above(row.position));
    let (newer, older) = match request {
        BrowseRequest::Newest => (None, last.filter(|_| is_more)),
        // The event below which was asked for is newer than what was found, even than nothing.
        BrowseRequest::OlderThan(position) => (first.or(Some(just_below(position))), last.filter(|_| is_more)),
        BrowseRequest::NewerThan(_) => (first.filter(|_| is_more), last),
    };
    LogPage {
        rows: found.iter().map(row).collect(),
        newer,
        older,
    }
}

fn just_below(position: BrowsePosition) -> LogPosition {
    LogPosition {
        created_at: position.created_at,
        seq: Seq::new(position.seq.get().saturating_sub(1)),
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
    // What is in the log was parsed before it was stored.
    let body: Value = serde_json::from_str(&event.body).unwrap_or_default();
    let text = |field: &str| plain(body.get(field));
    LogRow {
        seq: event.position.seq,
        created_at: event.position.created_at,
        event_type: event.event_type.clone(),
        author_id: text("author_id"),
        author_name: text("author_name"),
        entity_type: text("entity_type"),
        entity_path: text("entity_path"),
        action: describe_action(body.get("details").unwrap_or(&Value::Null), &event.event_type),
        target_type: text("target_type"),
        target_details: text("target_details"),
        ip_address: text("ip_address"),
    }
}

/// A string as it is, a number in its digits; nothing for `null` and what is not there.
fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, event::EventId};
    use proptest::prelude::*;

    use super::*;

    fn event(seq: i64) -> BrowseRow {
        BrowseRow {
            position: BrowsePosition {
                created_at: Timestamp::from_unix_ms(seq),
                seq: Seq::new(seq),
            },
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

    fn found(newest: i64, count: i64) -> Vec<BrowseRow> {
        (0..count).map(|back| event(newest - back)).collect()
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
        let page = cut(BrowseRequest::Newest, found(100, 26));
        assert_eq!(seqs(&page), (76..=100).rev().collect::<Vec<_>>());
        assert_eq!((page.newer, page.older), (None, Some(position(76))));
        let short = cut(BrowseRequest::Newest, found(100, 25));
        assert_eq!((short.newer, short.older), (None, None));
        let empty = cut(BrowseRequest::Newest, Vec::new());
        assert_eq!((empty.newer, empty.older), (None, None));
    }

    #[test]
    fn an_older_page_leads_back() {
        let page = cut(BrowseRequest::OlderThan(below(position(76))), found(75, 26));
        assert_eq!((page.newer, page.older), (Some(position(75)), Some(position(51))));
        let nothing = cut(BrowseRequest::OlderThan(below(position(3))), Vec::new());
        assert_eq!(
            (nothing.newer, nothing.older),
            (
                Some(LogPosition {
                    seq: Seq::new(2),
                    ..position(3)
                }),
                None
            )
        );
    }

    #[test]
    fn a_newer_page_drops_its_newest_row_when_there_is_more() {
        let page = cut(BrowseRequest::NewerThan(below(position(50))), found(76, 26));
        assert_eq!(seqs(&page), (51..=75).rev().collect::<Vec<_>>());
        assert_eq!((page.newer, page.older), (Some(position(75)), Some(position(51))));
    }

    proptest! {
        #[test]
        fn a_row_of_any_body_can_be_shown(body in ".*") {
            row(&BrowseRow { body, ..event(1) });
        }
    }
}

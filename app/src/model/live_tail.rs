//! Live tail: what has come in since the newest page was shown, in the order in which it came.
//!
//! An event says itself when it was created. One that comes in late may belong far down in the Log; so that it is not
//! overlooked, it stands above the newest page until another page is shown.

use domain::Timestamp;

use super::text::grouped;
use crate::wire::{LogPage, LogPageRequest, LogPosition, LogRow};

/// Late rows that are kept.
const LATE_ROWS: usize = 25;

/// What is new beside the newest page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveTail {
    /// Where the page ends, and what has been announced so far; `None` while another page is shown.
    from: Option<LogPosition>,
    arrived: u64,
    /// The latest to come in first.
    late: Vec<LogRow>,
    is_refreshing: bool,
}

impl LiveTail {
    /// A page has come. Returns the rows to be shown above it.
    pub fn show(&mut self, page: &LogPage, is_newest: bool) -> Vec<LogRow> {
        let shows_late = std::mem::take(&mut self.is_refreshing) && is_newest;
        if shows_late {
            self.keep_late(&page.late);
            self.late.retain(|late| page.rows.iter().all(|row| row.seq != late.seq));
        } else {
            self.late.clear();
        }
        let end = page.searched_to.or(page.older).map(|end| end.created_at);
        self.from = is_newest.then(|| LogPosition {
            created_at: end.unwrap_or(Timestamp::from_unix_ms(i64::MIN)),
            seq: page.received_to,
        });
        self.arrived = 0;
        self.late.clone()
    }

    /// What to ask for, if anything.
    pub const fn next(&self) -> Option<LogPosition> {
        self.from
    }

    /// What has come in since `asked`; nothing, if something else is shown by now.
    pub fn take(&mut self, asked: LogPosition, answer: &LogPage) {
        if let Some(from) = self.from.as_mut().filter(|from| **from == asked) {
            from.seq = answer.received_to;
            self.arrived = self.arrived.saturating_add(answer.arrived);
            self.keep_late(&answer.late);
        }
    }

    /// The newest page is to be asked for once more.
    pub const fn refresh(&mut self) {
        self.is_refreshing = true;
    }

    /// How to ask for the newest page.
    pub fn newest(&self) -> LogPageRequest {
        let from = self.from.filter(|_| self.is_refreshing);
        from.map_or(LogPageRequest::First, LogPageRequest::Refreshed)
    }

    /// Empty, `1 new event`, `12 new events`.
    pub fn words(&self) -> String {
        match self.arrived {
            0 => String::new(),
            1 => "1 new event".to_owned(),
            many => format!("{} new events", grouped(many)),
        }
    }

    fn keep_late(&mut self, late: &[LogRow]) {
        self.late.splice(..0, late.iter().cloned());
        self.late.truncate(LATE_ROWS);
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::Seq;

    use super::*;

    fn row(seq: i64) -> LogRow {
        LogRow {
            seq: Seq::new(seq),
            created_at: Timestamp::from_unix_ms(seq),
            event_type: String::new(),
            author_id: String::new(),
            author_name: String::new(),
            entity_type: String::new(),
            entity_path: String::new(),
            action: String::new(),
            target_type: String::new(),
            target_details: String::new(),
            ip_address: String::new(),
        }
    }

    fn position(created_ms: i64, seq: i64) -> LogPosition {
        LogPosition {
            created_at: Timestamp::from_unix_ms(created_ms),
            seq: Seq::new(seq),
        }
    }

    fn page(rows: std::ops::Range<i64>, late: &[i64], arrived: u64, received_to: i64) -> LogPage {
        let older = Some(position(rows.start, rows.start)).filter(|_| !rows.is_empty());
        LogPage {
            rows: rows.rev().map(row).collect(),
            newer: None,
            older,
            searched_to: None,
            known: Vec::new(),
            late: late.iter().map(|seq| row(*seq)).collect(),
            arrived,
            received_to: Seq::new(received_to),
        }
    }

    fn seqs(rows: &[LogRow]) -> Vec<i64> {
        rows.iter().map(|row| row.seq.get()).collect()
    }

    #[test]
    fn what_comes_in_is_counted_on_from_where_the_last_answer_ended() {
        let mut live = LiveTail::default();
        assert_eq!((live.next(), live.words().as_str()), (None, ""));
        assert!(live.show(&page(76..101, &[], 0, 100), true).is_empty());
        assert_eq!(live.next(), Some(position(76, 100)));
        live.take(position(76, 100), &page(0..0, &[], 1, 130));
        assert_eq!(
            (live.next(), live.words().as_str()),
            (Some(position(76, 130)), "1 new event")
        );
        live.take(position(76, 130), &page(0..0, &[], 0, 900));
        live.take(position(76, 900), &page(0..0, &[], 1_200, 3_000));
        assert_eq!(live.words(), "1,201 new events");
        live.take(position(76, 100), &page(0..0, &[], 7, 200));
        assert_eq!(live.words(), "1,201 new events", "an answer that came too late");
    }

    #[test]
    fn what_is_too_old_for_the_page_stands_above_it_when_it_was_asked_for() {
        let mut live = LiveTail::default();
        live.show(&page(76..101, &[], 0, 100), true);
        assert_eq!(live.newest(), LogPageRequest::First);
        live.take(position(76, 100), &page(0..0, &[201], 2, 102));
        live.refresh();
        assert_eq!(live.newest(), LogPageRequest::Refreshed(position(76, 102)));
        let late = live.show(&page(80..105, &[203, 104], 1, 104), true);
        assert_eq!(seqs(&late), [203, 201], "what is on the page is not shown twice");
        assert_eq!((live.words().as_str(), live.newest()), ("", LogPageRequest::First));
        live.refresh();
        assert_eq!(seqs(&live.show(&page(80..105, &[206], 1, 106), true)), [206, 203, 201]);
        assert!(
            live.show(&page(80..105, &[], 0, 107), true).is_empty(),
            "another filter"
        );
    }

    #[test]
    fn beside_any_other_page_nothing_is_asked() {
        let mut live = LiveTail::default();
        live.show(&page(76..101, &[], 0, 100), true);
        live.refresh();
        assert!(live.show(&page(20..40, &[], 0, 100), false).is_empty());
        assert_eq!((live.next(), live.newest()), (None, LogPageRequest::First));
        live.show(&page(0..0, &[], 0, 0), true);
        assert_eq!(
            live.next(),
            Some(position(i64::MIN, 0)),
            "nothing is late for an empty page"
        );
    }
}

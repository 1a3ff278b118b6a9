use domain::{Timestamp, view::EventSummary};

use super::*;

const LATE_MS: i64 = 3_600_000;

fn row(created_ms: i64, seq: i64) -> EventRow {
    EventRow {
        seq: Seq::new(seq),
        created_at: Timestamp::from_unix_ms(created_ms),
        received_at: Timestamp::from_unix_ms(created_ms),
        event_type: String::new(),
        summary: EventSummary::default(),
    }
}

fn late(created_ms: i64, seq: i64) -> EventRow {
    EventRow {
        received_at: Timestamp::from_unix_ms(created_ms + LATE_MS),
        ..row(created_ms, seq)
    }
}

fn position(created_ms: i64, seq: i64) -> LogPosition {
    LogPosition::of(&row(created_ms, seq))
}

/// Created in the order of their positions.
fn page(rows: std::ops::Range<i64>) -> LogPage {
    let older = Some(position(rows.start, rows.start)).filter(|_| rows.start > 1);
    LogPage {
        received_to: Seq::new(rows.end - 1),
        rows: rows.rev().map(|number| row(number, number)).collect(),
        newer: None,
        older,
        searched: None,
        has_external_events: true,
    }
}

fn arrivals(rows: Vec<EventRow>, late: Vec<EventRow>, count: u64, received_to: i64) -> Arrivals {
    Arrivals {
        rows,
        late,
        count,
        received_to: Seq::new(received_to),
    }
}

fn seqs(rows: &[EventRow]) -> Vec<i64> {
    rows.iter().map(|row| row.seq.get()).collect()
}

#[test]
fn what_arrives_comes_to_the_top_while_the_reader_follows() {
    let mut shown = Shown::new(page(76..101));
    shown.take(Seq::new(100), arrivals(vec![row(101, 101)], Vec::new(), 1, 130), true);
    assert_eq!(seqs(&shown.rows), (77..=101).rev().collect::<Vec<_>>());
    assert_eq!(
        shown.older,
        Some(position(77, 77)),
        "the last row goes to the next page"
    );
    assert_eq!(
        (shown.received_to(), shown.pending_text().as_str()),
        (Seq::new(130), "")
    );
    shown.take(Seq::new(100), arrivals(vec![row(102, 102)], Vec::new(), 1, 140), true);
    assert_eq!(shown.received_to(), Seq::new(130), "an answer that came too late");
}

#[test]
fn a_short_page_grows_until_it_is_full() {
    let mut shown = Shown::new(page(1..4));
    shown.take(Seq::new(3), arrivals(vec![row(9, 9)], Vec::new(), 1, 9), true);
    assert_eq!((seqs(&shown.rows), shown.older), (vec![9, 3, 2, 1], None));
}

#[test]
fn what_arrives_waits_while_the_reader_does_not_follow() {
    let mut shown = Shown::new(page(76..101));
    for (seq, count) in [(101, 1), (102, 1), (103, 0)] {
        let asked = shown.received_to();
        let rows = vec![row(seq, seq)];
        shown.take(
            asked,
            arrivals(if count > 0 { rows } else { Vec::new() }, Vec::new(), count, seq),
            false,
        );
    }
    assert_eq!(shown.pending_text(), "2 new events");
    assert_eq!(seqs(&shown.rows).first(), Some(&100), "nothing moves");
    shown.show_pending();
    assert_eq!(
        seqs(&shown.rows).iter().take(3).copied().collect::<Vec<_>>(),
        [102, 101, 100]
    );
    assert_eq!(shown.pending_text(), "");
}

#[test]
fn more_than_a_page_replaces_what_was_shown() {
    let mut shown = Shown::new(page(76..101));
    let newest = (976..=1_000).rev().map(|number| row(number, number)).collect();
    shown.take(Seq::new(100), arrivals(newest, Vec::new(), 900, 1_000), true);
    assert_eq!(seqs(&shown.rows), (976..=1_000).rev().collect::<Vec<_>>());
    assert_eq!(shown.older, Some(position(976, 976)));
    assert!(shown.late.is_empty(), "what was created in the same second is not late");
}

#[test]
fn what_is_received_late_stands_above_the_page_and_what_fits_on_it_does_not() {
    let mut shown = Shown::new(page(76..101));
    let arrived = vec![late(90, 102), late(5, 101)];
    shown.take(Seq::new(100), arrivals(arrived.clone(), arrived, 2, 102), true);
    assert_eq!(seqs(&shown.late), [101]);
    assert!(seqs(&shown.rows).contains(&102) && !seqs(&shown.rows).contains(&101));
    shown.take(
        Seq::new(102),
        arrivals(vec![late(6, 103)], vec![late(6, 103)], 1, 103),
        true,
    );
    assert_eq!(seqs(&shown.late), [103, 101]);
    assert_eq!(shown.seqs().len(), 27);
}

fn found(rows: std::ops::Range<i64>, searched_to: Option<i64>) -> LogPage {
    LogPage {
        older: None,
        searched: searched_to.map(|to| Searched {
            to: position(to, to),
            events: 20_000,
            of: Some(50_000),
        }),
        ..page(rows)
    }
}

#[test]
fn a_search_goes_on_until_a_page_is_full_or_everything_was_searched() {
    let mut shown = Shown::new(found(990..1_000, Some(900)));
    assert_eq!(shown.continues_at(), Some(position(900, 900)));
    assert!(!shown.is_nothing());
    shown.append(position(900, 900), found(800..805, Some(700)), false);
    assert_eq!(shown.rows.len(), 15);
    assert_eq!(shown.searched.unwrap().text(), "Searched 40,000 of 50,000 events");
    shown.append(position(900, 900), found(1..2, None), false);
    assert_eq!(shown.rows.len(), 15, "an answer to an earlier request");
    shown.append(position(700, 700), found(600..620, Some(500)), false);
    assert_eq!((shown.rows.len(), shown.continues_at()), (25, None));
    assert_eq!(shown.older, Some(position(610, 610)));

    let mut nothing = Shown::new(found(1..1, Some(900)));
    assert!(!nothing.is_nothing());
    nothing.append(position(900, 900), found(1..1, None), false);
    assert!(nothing.is_nothing() && nothing.continues_at().is_none());
}

//! Filtered reading of the log against a plain filter over all of its events.

use crate::log::{
    BrowsePosition, BrowseRequest, EntityFilter, EventFilter, EventLog, Exclusions, Intervals, SCAN_BYTES, SCAN_ROWS,
    SeqRequest,
};
use domain::{
    Timestamp,
    event::{AuditEvent, EventId, Received},
    ids::Seq,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

pub(crate) const START_MS: i64 = 1_760_000_000_000;
pub(crate) const NOW: Timestamp = Timestamp::from_unix_ms(START_MS);

/// Events of all shapes, a few of each; a twentieth comes in late. Some values need escapes in JSON.
pub(crate) fn sent(number: i64) -> Value {
    let pick = |from: &[&'static str], by: i64| from[usize::try_from(number * 7 / by).unwrap() % from.len()];
    let late = if number % 20 == 3 { 3_000_000 } else { 0 };
    json!({
        "id": number,
        "event_type": pick(&["user_created", "project_created", "rare"], if number % 997 == 0 { 1 } else { 1_000_000 }),
        "author_id": number % 5,
        "author_name": pick(&["root", "Ada \"A\" Lovelace", "7", ""], 3),
        "entity_type": pick(&["Project", "Group", "User"], 5),
        "entity_id": number % 11,
        "entity_path": pick(&["group/project", "группа", "9"], 2),
        "ip_address": pick(&["10.0.0.1", "2001:db8::7", ""], 11),
        "details": {"nested": [{"text": pick(&["Ünïcode \n line", "R&D", "plain words"], 13)}], "number": number % 3},
        "created_at": Timestamp::from_unix_ms(START_MS + number / 3 * 1_000 - late).to_string(),
    })
}

fn parse(json: &Value) -> AuditEvent {
    let received = Received {
        received_at: NOW,
        fresh_id: || EventId::parse("unused").unwrap(),
    };
    // What some systems post: everything beyond ASCII escaped, and the ampersand too.
    let text = json.to_string().replace('&', "\\u0026");
    AuditEvent::parse(&text, &received).unwrap()
}

pub(crate) async fn append(log: &EventLog, numbers: std::ops::Range<i64>) {
    for first in numbers.clone().step_by(700) {
        let events = (first..(first + 700).min(numbers.end)).map(|number| parse(&sent(number)));
        log.append("test", NOW, events.collect()).await.unwrap();
    }
}

fn admits(filter: &EventFilter, event: &Value) -> bool {
    let text = |field: &str| match &event[field] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let created_at = Timestamp::parse(&text("created_at")).unwrap();
    let details = [&event["details"]["nested"][0]["text"], &event["details"]["number"]];
    let values = details.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let has_text = |wanted: &String| {
        let wanted = wanted.to_ascii_lowercase();
        values.iter().any(|value| value.to_ascii_lowercase().contains(&wanted))
    };
    let is_entity = |entity: &EntityFilter| {
        let names = [text("entity_id"), text("entity_path")];
        text("entity_type") == entity.entity_type && entity.entity.as_ref().is_none_or(|entity| names.contains(entity))
    };
    let is_author = |author: &String| [text("author_id"), text("author_name")].contains(author);
    let is_by_or_about = |user: &String| {
        let about = EntityFilter {
            entity_type: "User".into(),
            entity: Some(user.clone()),
        };
        is_author(user) || is_entity(&about)
    };
    let is_among = |wanted: &[String], value: String| wanted.is_empty() || wanted.contains(&value);
    (filter.authors.is_empty() || filter.authors.iter().any(is_author))
        && (filter.users.is_empty() || filter.users.iter().any(is_by_or_about))
        && (filter.entities.is_empty() || filter.entities.iter().any(is_entity))
        && is_among(&filter.event_types, text("event_type"))
        && is_among(&filter.ip_addresses, text("ip_address"))
        && filter.text.as_ref().is_none_or(has_text)
        && filter.created_from.is_none_or(|from| created_at >= from)
        && filter.created_before.is_none_or(|before| created_at < before)
        && !filter.except.authors.iter().any(is_author)
        && !filter.except.entities.iter().any(is_entity)
        && !filter.except.event_types.contains(&text("event_type"))
        && !filter.except.ip_addresses.contains(&text("ip_address"))
}

fn filters() -> impl Strategy<Value = EventFilter> {
    let some_of = |values: &'static [&'static str]| {
        proptest::option::weighted(0.4, proptest::sample::select(values).prop_map(str::to_owned))
    };
    let moment = || {
        let second = (-3_000_000_i64..5_000_000).prop_map(|ms| Timestamp::from_unix_ms(START_MS + ms));
        proptest::option::weighted(0.3, second)
    };
    let entity = (
        some_of(&["Project", "Group", "User", "Proj"]),
        some_of(&["3", "9", "группа", "nowhere"]),
    );
    let entity = entity.prop_map(|(entity_type, entity)| {
        Some(EntityFilter {
            entity_type: entity_type?,
            entity,
        })
    });
    let text = some_of(&["r&d", "PLAIN", "nïcode \n", "2", "absent"]);
    let any_of = |values: &'static [&'static str]| {
        let chosen = proptest::sample::subsequence(values, 1..=values.len().min(3));
        let chosen = chosen.prop_map(|chosen| chosen.into_iter().map(str::to_owned).collect::<Vec<_>>());
        prop_oneof![3 => Just(Vec::new()), 2 => chosen]
    };
    let entities =
        proptest::collection::vec(entity, 0..=2).prop_map(|entities| entities.into_iter().flatten().collect());
    let tokens = (
        any_of(&["root", "Ada \"A\" Lovelace", "2", "7", "nobody"]),
        entities,
        any_of(&["user_created", "project_created", "rare"]),
        any_of(&["10.0.0.1", "2001:db8::7", "10.0.0.2"]),
        text,
    );
    let users = any_of(&["root", "3", "9", "nobody"]);
    let several = |values: &'static [&'static str]| {
        let chosen = proptest::sample::subsequence(values, 0..=values.len());
        let chosen = chosen.prop_map(|chosen| chosen.into_iter().map(str::to_owned).collect::<Vec<_>>());
        prop_oneof![3 => Just(Vec::new()), 2 => chosen]
    };
    let excluded_entity = |entity: Option<String>| EntityFilter {
        entity_type: "Group".into(),
        entity,
    };
    let except = (
        several(&["root", "7", "nobody", "1"]),
        proptest::option::weighted(0.3, some_of(&["3", "группа"])),
        several(&["user_created", "project_created", "rare"]),
        several(&["10.0.0.1", "2001:db8::7"]),
    );
    let except = except.prop_map(move |(authors, entity, event_types, ip_addresses)| Exclusions {
        authors,
        entities: entity.map(excluded_entity).into_iter().collect(),
        event_types,
        ip_addresses,
    });
    (tokens, users, moment(), moment(), except).prop_map(
        |((authors, entities, event_types, ip_addresses, text), users, from, before, except)| EventFilter {
            except,
            authors,
            users,
            entities,
            event_types,
            ip_addresses,
            text,
            created_from: from,
            created_before: before,
        },
    )
}

async fn walk(log: &EventLog, filter: &EventFilter, start: BrowseRequest, page: usize) -> Vec<BrowsePosition> {
    let (mut request, mut seen) = (start, Vec::new());
    loop {
        let found = log.browse(filter, request, page).await.unwrap();
        seen.extend(found.rows.iter().map(|row| row.position));
        let Some(end) = found.searched_to.or(found.rows.last().map(|row| row.position)) else {
            return seen;
        };
        request = if start.goes_back() {
            BrowseRequest::OlderThan(end)
        } else {
            BrowseRequest::NewerThan(end)
        };
    }
}

async fn walk_by_seq(log: &EventLog, filter: &EventFilter, start: SeqRequest, page: usize) -> Vec<Seq> {
    let (mut request, mut seen) = (start, Vec::new());
    loop {
        let found = log.browse_by_seq(filter, request, page, usize::MAX).await.unwrap();
        seen.extend(found.rows.iter().map(|row| row.position.seq));
        let Some(end) = found.searched_to.or(found.rows.last().map(|row| row.position.seq)) else {
            return seen;
        };
        request = match start {
            SeqRequest::Newest | SeqRequest::Before(_) => SeqRequest::Before(end),
            SeqRequest::Oldest | SeqRequest::After(_) => SeqRequest::After(end),
        };
    }
}

/// Pages that are counted from the newest, and the count.
async fn check_counted_pages(log: &EventLog, filter: &EventFilter, page: usize, newest_first: &[Seq]) {
    for start in [0, page, newest_first.len().saturating_sub(page / 2)] {
        let counted = log.page_by_seq(filter, true, start..start + page, 6_000).await.unwrap();
        let seqs: Vec<Seq> = counted.places.iter().map(|place| place.seq).collect();
        let expected = newest_first.iter().skip(start).take(page).copied().collect::<Vec<_>>();
        assert_eq!(seqs, expected);
        assert_eq!(counted.is_more, newest_first.len() > start + page);
        let total = (newest_first.len() <= 6_000).then_some(newest_first.len());
        assert_eq!(counted.total, total);
    }
}

/// Intervals that cut the blocks of the index, and one in which all of them lie.
async fn check_histogram(log: &EventLog, filter: &EventFilter, page: usize, expected: &[BrowsePosition]) {
    for (length_ms, count) in [(1_000 * i64::try_from(page).unwrap(), 60), (100_000_000, 1)] {
        let from = Timestamp::from_unix_ms(START_MS - 3_000_000);
        let intervals = Intervals { from, length_ms, count };
        let counts = log.histogram(filter, intervals).await.unwrap().unwrap();
        let expected_in = |index: usize| {
            let start = from.unix_ms() + length_ms * i64::try_from(index).unwrap();
            let interval = start..start + length_ms;
            let in_it = expected
                .iter()
                .filter(|place| interval.contains(&place.created_at.unix_ms()));
            u64::try_from(in_it.count()).unwrap()
        };
        assert_eq!(counts, (0..count).map(expected_in).collect::<Vec<_>>());
    }
}

#[test]
fn filtered_pages_from_both_ends_are_what_a_plain_filter_finds() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let (count, gone) = (10_000, 1_500);
    let log = runtime.block_on(async {
        // The first block is indexed from memory, the second also from what the log held when it was opened again, and some
        // events are in neither. The oldest have gone.
        let log = EventLog::open(&path, 1 << 30).await.unwrap();
        append(&log, 0..5_000).await;
        log.close().await;
        let log = EventLog::open(&path, 1 << 30).await.unwrap();
        append(&log, 5_000..count).await;
        while log
            .prune(NOW.plus(std::time::Duration::from_secs(1)), Seq::new(gone))
            .await
            .unwrap()
            .deleted
            > 0
        {}
        log
    });
    let all: Vec<(BrowsePosition, Value)> = (gone..count)
        .map(|number| {
            let event = sent(number);
            let created_at = Timestamp::parse(event["created_at"].as_str().unwrap()).unwrap();
            (
                BrowsePosition {
                    created_at,
                    seq: Seq::new(number + 1),
                },
                event,
            )
        })
        .collect();
    let mut runner = TestRunner::new(Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&(filters(), 40_usize..2_000), |(filter, page)| {
        let mut expected: Vec<_> = all
            .iter()
            .filter(|(_, event)| admits(&filter, event))
            .map(|(position, _)| *position)
            .collect();
        expected.sort_unstable();
        let up = runtime.block_on(walk(&log, &filter, BrowseRequest::Oldest, page));
        prop_assert_eq!(&up, &expected);
        expected.reverse();
        let down = runtime.block_on(walk(&log, &filter, BrowseRequest::Newest, page));
        prop_assert_eq!(&down, &expected);
        let mut seqs: Vec<Seq> = all
            .iter()
            .filter(|(_, event)| admits(&filter, event))
            .map(|(position, _)| position.seq)
            .collect();
        prop_assert_eq!(
            &runtime.block_on(walk_by_seq(&log, &filter, SeqRequest::Oldest, page)),
            &seqs
        );
        seqs.reverse();
        prop_assert_eq!(
            &runtime.block_on(walk_by_seq(&log, &filter, SeqRequest::Newest, page)),
            &seqs
        );
        if filter.text.is_none() {
            runtime.block_on(check_counted_pages(&log, &filter, page, &seqs));
            runtime.block_on(check_histogram(&log, &filter, page, &expected));
        }
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

#[tokio::test]
async fn a_text_is_searched_for_so_far_and_says_how_far() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(&folder.path().join("events.db"), 1 << 30).await.unwrap();
    let count = i64::try_from(SCAN_ROWS).unwrap() + 10;
    for first in (0..count).step_by(5_000) {
        let events = (first..(first + 5_000).min(count)).map(|number| {
            let word = if number == 3 { "needle" } else { "hay" };
            let created_at = Timestamp::from_unix_ms(START_MS + number).to_string();
            parse(&json!({"id": number, "event_type": "x", "details": word, "created_at": created_at}))
        });
        log.append("test", NOW, events.collect()).await.unwrap();
    }
    let filter = EventFilter {
        text: Some("NEEDLE".into()),
        ..EventFilter::default()
    };
    let first = log.browse(&filter, BrowseRequest::Newest, 25).await.unwrap();
    assert_eq!(first.rows, []);
    let searched_to = first.searched_to.unwrap();
    assert_eq!((searched_to.seq, first.searched), (Seq::new(11), SCAN_ROWS));
    let second = log
        .browse(&filter, BrowseRequest::OlderThan(searched_to), 25)
        .await
        .unwrap();
    assert_eq!((second.rows.len(), second.searched_to), (1, None));
    assert_eq!(second.searched, 10);
    assert_eq!(second.rows[0].position.seq, Seq::new(4));
}

/// Events with bodies of about this size, one a second; the text of the first is a needle.
async fn append_large(log: &EventLog, count: i64, bytes: usize) {
    for number in 0..count {
        let (word, filler) = (if number == 0 { "needle" } else { "hay" }, "x".repeat(bytes));
        let created_at = Timestamp::from_unix_ms(START_MS + number * 1_000).to_string();
        let event = json!({"id": number, "event_type": "x", "details": [word, filler], "created_at": created_at});
        log.append("test", NOW, vec![parse(&event)]).await.unwrap();
    }
}

#[tokio::test]
async fn large_events_end_a_search_for_a_text_sooner() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(&folder.path().join("events.db"), 1 << 30).await.unwrap();
    append_large(&log, 40, 1_000_000).await;
    let filter = EventFilter {
        text: Some("needle".into()),
        ..EventFilter::default()
    };
    let first = log.browse(&filter, BrowseRequest::Newest, 25).await.unwrap();
    let searched_to = first.searched_to.unwrap();
    let searched = usize::try_from(41 - searched_to.seq.get()).unwrap();
    assert_eq!((first.rows.len(), searched), (0, SCAN_BYTES / 1_000_000 + 1));
    let rest = BrowseRequest::OlderThan(searched_to);
    let second = log.browse(&filter, rest, 25).await.unwrap();
    assert_eq!((second.rows.len(), second.searched_to), (1, None));

    let last = log.last_seq();
    let arrived = log.arrivals(&filter, Seq::START, last).await.unwrap();
    assert_eq!(arrived.places.len(), 1);
    assert!(arrived.searched_to < last);
    let more = log.arrivals(&filter, arrived.searched_to, last).await.unwrap();
    assert_eq!((more.places.len(), more.searched_to), (0, last));
}

#[tokio::test]
async fn what_is_read_at_once_is_bounded_in_bytes_and_nothing_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(&folder.path().join("events.db"), 1 << 30).await.unwrap();
    append_large(&log, 20, 300_000).await;
    let (mut request, mut seqs) = (BrowseRequest::Oldest, Vec::new());
    loop {
        let part = log
            .browse_within(&EventFilter::default(), request, 100, 1_000_000)
            .await
            .unwrap();
        let Some(last) = part.rows.last().map(|row| row.position) else {
            break;
        };
        let bytes: usize = part.rows.iter().map(|row| row.body.len()).sum();
        assert!(bytes < 1_400_000, "{bytes}");
        assert!(part.searched_to.is_none_or(|end| end == last));
        seqs.extend(part.rows.iter().map(|row| row.position.seq.get()));
        request = BrowseRequest::NewerThan(last);
    }
    assert_eq!(seqs, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn pages_by_position_are_bounded_in_bytes_and_nothing_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(&folder.path().join("events.db"), 1 << 30).await.unwrap();
    append_large(&log, 20, 300_000).await;
    let (mut request, mut seqs) = (SeqRequest::Oldest, Vec::new());
    loop {
        let filter = EventFilter::default();
        let part = log.browse_by_seq(&filter, request, 15, 1_000_000).await.unwrap();
        let Some(end) = part.end else { break };
        let bytes: usize = part.rows.iter().map(|row| row.body.len()).sum();
        assert!(bytes < 1_400_000, "{bytes}");
        seqs.extend(part.rows.iter().map(|row| row.position.seq.get()));
        request = SeqRequest::After(end);
    }
    assert_eq!(seqs, (1..=20).collect::<Vec<_>>());
    let page = log
        .page_by_seq(&EventFilter::default(), true, 5..15, 100)
        .await
        .unwrap();
    let (mut left, mut seqs) = (page.places.as_slice(), Vec::new());
    while !left.is_empty() {
        let (rows, read) = log.show_within(left, 1_000_000).await.unwrap();
        assert!(rows.len() <= 4, "{}", rows.len());
        seqs.extend(rows.iter().map(|row| row.position.seq.get()));
        left = &left[read..];
    }
    assert_eq!(seqs, (6..=15).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_search_says_how_far_it_looked_though_it_found_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(&folder.path().join("events.db"), 1 << 30).await.unwrap();
    append(&log, 0..10).await;
    let filter = EventFilter {
        text: Some("nothing like it".into()),
        ..EventFilter::default()
    };
    let found = log
        .browse_by_seq(&filter, SeqRequest::Oldest, 5, usize::MAX)
        .await
        .unwrap();
    assert_eq!(
        (found.rows.len(), found.searched_to, found.end),
        (0, None, Some(Seq::new(10)))
    );
    let found = log
        .browse_within(&filter, BrowseRequest::Oldest, 5, usize::MAX)
        .await
        .unwrap();
    assert_eq!((found.rows.len(), found.searched_to), (0, None));
    assert!(found.end.is_some());
}

/// What is left out is left out by the index: a page where nearly everything is left out is found as fast as any other.
#[tokio::test]
async fn leaving_out_what_is_frequent_is_fast() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(&folder.path().join("events.db"), 1 << 30).await.unwrap();
    let count = 100_000;
    for first in (0..count).step_by(5_000) {
        let events = (first..first + 5_000).map(|number| {
            let (event_type, author) = if number == 7 {
                ("rare", "Ada")
            } else {
                ("usual", "root")
            };
            let created_at = Timestamp::from_unix_ms(START_MS + number).to_string();
            let event = json!({"id": number, "event_type": event_type, "author_name": author, "entity_type": "Project",
                "entity_path": "a/b", "ip_address": "10.0.0.1", "created_at": created_at});
            parse(&event)
        });
        log.append("test", NOW, events.collect()).await.unwrap();
    }
    let one = |text: &str| vec![text.to_owned()];
    let usual = [
        Exclusions {
            event_types: one("usual"),
            ..Exclusions::default()
        },
        Exclusions {
            authors: one("root"),
            ..Exclusions::default()
        },
    ];
    for except in usual {
        let filter = EventFilter {
            except,
            ..EventFilter::default()
        };
        // The fastest of some: the machine may be busy with something else.
        let mut taken = std::time::Duration::MAX;
        for _ in 0..5 {
            let started = std::time::Instant::now();
            let found = log.browse(&filter, BrowseRequest::Newest, 25).await.unwrap();
            taken = taken.min(started.elapsed());
            assert_eq!(
                found.rows.iter().map(|row| row.position.seq.get()).collect::<Vec<_>>(),
                [8]
            );
        }
        // Reading every event takes seconds in a build without optimisation.
        let most = std::time::Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 100 });
        assert!(taken < most, "{taken:?}");
    }
    let nothing = EventFilter {
        except: Exclusions {
            ip_addresses: one("10.0.0.1"),
            entities: vec![EntityFilter {
                entity_type: "Project".into(),
                entity: Some("a/b".into()),
            }],
            ..Exclusions::default()
        },
        ..EventFilter::default()
    };
    let found = log.browse(&nothing, BrowseRequest::Newest, 25).await.unwrap();
    assert_eq!((found.rows.len(), found.searched_to), (0, None));
}

#[tokio::test]
async fn what_comes_in_late_is_an_arrival_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(&folder.path().join("events.db"), 1 << 30).await.unwrap();
    append(&log, 0..5_000).await;
    let after = log.last_seq();
    append(&log, 5_000..5_010).await;
    let last = log.last_seq();
    let admitted = |filter: &EventFilter| -> Vec<i64> {
        let numbers = (5_000..5_010).filter(|number| admits(filter, &sent(*number)));
        numbers.map(|number| number + 1).collect()
    };
    // The one with number 5,003 says that it was created fifty minutes earlier.
    for filter in [
        EventFilter::default(),
        EventFilter {
            authors: vec!["3".into()],
            ..EventFilter::default()
        },
        EventFilter {
            text: Some("plain".into()),
            ..EventFilter::default()
        },
        EventFilter {
            created_before: Some(Timestamp::from_unix_ms(START_MS + 1_000_000)),
            ..EventFilter::default()
        },
    ] {
        let found = log.arrivals(&filter, after, last).await.unwrap();
        let seqs: Vec<i64> = found.places.iter().map(|place| place.seq.get()).collect();
        assert_eq!((seqs, found.searched_to), (admitted(&filter), last), "{filter:?}");
    }
    let ahead = log
        .arrivals(&EventFilter::default(), Seq::new(i64::MAX), last)
        .await
        .unwrap();
    assert_eq!((ahead.places.len(), ahead.searched_to), (0, last));
}

#[tokio::test]
async fn the_latest_names_are_distinct() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(&folder.path().join("events.db"), 1 << 30).await.unwrap();
    append(&log, 0..100).await;
    let names = log.latest_names().await.unwrap();
    assert_eq!(names.authors.len(), 3);
    assert_eq!((names.groups.len(), names.projects.len()), (3, 3));
}

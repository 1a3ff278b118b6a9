//! Counting and reading a range of time against a plain filter over all events.

use std::sync::Arc;

use crate::log::{EventLog, RangeCount, RangeFilter};
use domain::{
    Timestamp,
    destination::{EventFilter, FilterKind, NamespaceFilter},
    ids::Seq,
    replay::ReplayRange,
};
use serde_json::Value;

use crate::it::log_filter::{NOW, START_MS, append, sent};

/// Two blocks of the index and a part of a third.
const EVENTS: i64 = 10_000;

type Types = (FilterKind, &'static [&'static str]);

fn filter(from_ms: i64, before_ms: i64, types: [Types; 2], namespaces: &str) -> Arc<RangeFilter> {
    let at = |ms| Timestamp::from_unix_ms(START_MS + ms);
    let types = types.map(|(kind, types)| {
        let types: Vec<String> = types.iter().map(|name| (*name).to_owned()).collect();
        EventFilter::parse(kind, &types).unwrap()
    });
    Arc::new(RangeFilter {
        range: ReplayRange::new(at(from_ms), at(before_ms)).unwrap(),
        types,
        namespaces: NamespaceFilter::parse(namespaces).unwrap(),
    })
}

/// Ranges that take all, cut the first or the second block, lie in the part without an index, or hold nothing but late
/// events; each with every kind of filter.
fn filters() -> Vec<Arc<RangeFilter>> {
    let allow = |names: &'static [&'static str]| (FilterKind::Allow, names);
    let deny = |names: &'static [&'static str]| (FilterKind::Deny, names);
    let all_types: [Types; 2] = [allow(&[]), deny(&[])];
    let one = [allow(&["user_created"]), allow(&[])];
    let both = [allow(&["user_created", "rare"]), allow(&["rare", "project_created"])];
    let none = [allow(&["user_created"]), allow(&["rare"])];
    let but_one = [allow(&[]), deny(&["user_created", "never_seen"])];
    let but_two = [deny(&["rare"]), deny(&["rare", "project_created"])];
    let chosen_but_denied = [allow(&["user_created", "rare"]), deny(&["user_created"])];
    let denied_but_chosen = [deny(&["rare"]), allow(&["rare"])];
    let ranges = [
        (-10_000_000, 10_000_000),
        (500_000, 10_000_000),
        (-10_000_000, 2_000_000),
        (3_000_000, 3_200_000),
        (-3_000_000, -1),
        (9_000_000, 9_000_001),
    ];
    let kinds = [
        (all_types, ""),
        (one, ""),
        (both, ""),
        (none, ""),
        (all_types, "group/project"),
        (one, "группа, 9"),
        (but_one, ""),
        (but_two, ""),
        (chosen_but_denied, ""),
        (denied_but_chosen, ""),
        (but_one, "group/project"),
    ];
    let combine = |(from, before)| kinds.map(|(types, namespaces)| filter(from, before, types, namespaces));
    ranges.into_iter().flat_map(combine).collect()
}

fn admits(filter: &RangeFilter, event: &Value) -> bool {
    let created_at = Timestamp::parse(event["created_at"].as_str().unwrap()).unwrap();
    let event_type = domain::event::EventType::parse(event["event_type"].as_str().unwrap()).unwrap();
    let (entity_type, path) = (
        event["entity_type"].as_str().unwrap(),
        event["entity_path"].as_str().unwrap(),
    );
    (filter.range.from()..filter.range.before()).contains(&created_at)
        && filter.types.iter().all(|types| types.admits(&event_type))
        && filter.namespaces.admits(entity_type, path)
}

/// Positions of what the filter admits, from `oldest` on. An event's number is one less than its position.
fn model(filter: &RangeFilter, events: &[Value], oldest: i64) -> Vec<i64> {
    let admitted = events
        .iter()
        .zip(1..)
        .filter(|(event, seq)| *seq >= oldest && admits(filter, event));
    admitted.map(|(_, seq)| seq).collect()
}

async fn read_all(log: &EventLog, filter: &Arc<RangeFilter>, last: Seq) -> Vec<i64> {
    let (mut found, mut read_to) = (Vec::new(), Seq::START);
    while read_to < last {
        let page = log.read_range(filter, (read_to, last), 700, 100_000).await.unwrap();
        assert!(page.read_to > read_to, "each step goes on");
        assert!(page.events.len() <= 700);
        found.extend(page.events.iter().map(|event| event.seq.get()));
        read_to = page.read_to;
    }
    found
}

async fn compare(log: &EventLog, events: &[Value], oldest: i64, last: Seq) {
    for filter in filters() {
        let mut wanted = model(&filter, events, oldest);
        wanted.retain(|seq| *seq <= last.get());
        assert_eq!(read_all(log, &filter, last).await, wanted, "{filter:?}");
        let counted = log.count_range(&filter, last).await.unwrap();
        let expected = RangeCount {
            events: u64::try_from(wanted.len()).unwrap(),
            first: wanted.first().copied().map(Seq::new),
        };
        assert_eq!(counted, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn a_range_is_counted_and_read_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let log = EventLog::open(&path, 1 << 30).await.unwrap();
    compare(&log, &[], 1, Seq::START).await;
    append(&log, 0..EVENTS).await;
    let events: Vec<Value> = (0..EVENTS).map(sent).collect();
    compare(&log, &events, 1, Seq::new(EVENTS)).await;
    // What comes after the start of a replay is none of its business.
    compare(&log, &events, 1, Seq::new(3_000)).await;
    compare(&log, &events, 1, Seq::new(9_000)).await;
    // The oldest go, in the middle of a block.
    while log
        .prune(NOW.plus(std::time::Duration::from_secs(1)), Seq::new(1_500))
        .await
        .unwrap()
        .deleted
        > 0
    {}
    compare(&log, &events, 1_501, Seq::new(EVENTS)).await;
}

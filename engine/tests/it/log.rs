//! The event log on a real file.

use std::{path::Path, time::Duration};

use crate::{
    PartState,
    log::{AppendError, BrowsePosition, BrowseRequest, EventFilter, EventLog},
};
use domain::{
    Timestamp,
    event::{AuditEvent, EventId, Received},
    ids::Seq,
};
use serde_json::json;

const NOW: Timestamp = Timestamp::from_unix_ms(1_760_000_000_000);

fn event(id: &str, created_at_ms: i64) -> AuditEvent {
    let created_at = Timestamp::from_unix_ms(created_at_ms).to_string();
    parse(&json!({"event_type": "test", "id": id, "created_at": created_at}))
}

fn parse(json: &serde_json::Value) -> AuditEvent {
    AuditEvent::parse(
        &json.to_string(),
        &Received {
            received_at: NOW,
            fresh_id: || EventId::parse("unused").unwrap(),
        },
    )
    .unwrap()
}

fn events(range: std::ops::Range<i64>) -> Vec<AuditEvent> {
    range.map(|number| event(&format!("e{number}"), number)).collect()
}

async fn open(folder: &Path) -> EventLog {
    EventLog::open(&folder.join("events.db"), 1 << 30).await.unwrap()
}

#[tokio::test]
async fn what_was_appended_is_there_after_reopening_in_the_same_order() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).await;
    let appended = log.append("a", NOW, events(0..1_500)).await.unwrap();
    assert_eq!((appended.ids.len(), appended.stored), (1_500, 1_500));
    log.close().await;
    assert_eq!(log.state(), PartState::Stopped);
    assert_eq!(log.append("a", NOW, events(0..1)).await, Err(AppendError::Stopped));

    let log = open(folder.path()).await;
    assert_eq!(log.last_seq(), Seq::new(1_500));
    let mut read = Vec::new();
    let mut after = Seq::START;
    loop {
        let page = log.read_after(after, 400, 1 << 20).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.seq;
        read.extend(page);
    }
    let seqs: Vec<i64> = read.iter().map(|event| event.seq.get()).collect();
    assert_eq!(seqs, (1..=1_500).collect::<Vec<_>>());
    let bodies: Vec<&[u8]> = read.iter().map(|event| &*event.body).collect();
    let expected = events(0..1_500);
    assert_eq!(
        bodies,
        expected.iter().map(|event| event.body.as_bytes()).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn an_id_is_stored_once_per_source() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).await;
    let first = log
        .append("a", NOW, vec![event("x", 1), event("x", 2), event("y", 3)])
        .await
        .unwrap();
    assert_eq!((first.ids.len(), first.stored), (3, 2));
    let again = log.append("a", NOW, vec![event("y", 4), event("z", 5)]).await.unwrap();
    assert_eq!((again.ids.len(), again.stored), (2, 1));
    assert_eq!(log.append("b", NOW, vec![event("x", 6)]).await.unwrap().stored, 1);
    let stored = log.read_after(Seq::START, 100, 1 << 20).await.unwrap();
    let stored: Vec<(i64, &str, &str)> = stored
        .iter()
        .map(|event| (event.seq.get(), &*event.source, event.id.as_str()))
        .collect();
    assert_eq!(stored, [(1, "a", "x"), (2, "a", "y"), (3, "a", "z"), (4, "b", "x")]);
}

#[tokio::test]
async fn pages_go_through_the_log_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).await;
    // Two events share each millisecond, and the newest was received first.
    let events = (0..20)
        .rev()
        .map(|number| event(&format!("e{number}"), number / 2))
        .collect();
    log.append("a", NOW, events).await.unwrap();
    let (mut request, mut seen): (_, Vec<BrowsePosition>) = (BrowseRequest::Newest, Vec::new());
    loop {
        let page = log.browse(&EventFilter::default(), request, 7).await.unwrap().rows;
        let Some(last) = page.last() else { break };
        request = BrowseRequest::OlderThan(last.position);
        seen.extend(page.iter().map(|row| row.position));
    }
    assert_eq!(seen.len(), 20);
    assert!(seen.is_sorted_by(|newer, older| newer > older));
    let newer = BrowseRequest::NewerThan(seen[10]);
    let newer = log.browse(&EventFilter::default(), newer, 7).await.unwrap().rows;
    let newer: Vec<_> = newer.iter().rev().map(|row| row.position).collect();
    assert_eq!(newer, seen[3..10]);
}

#[tokio::test]
async fn pruning_takes_the_oldest_and_never_what_is_owed() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).await;
    let later = NOW.plus(Duration::from_secs(60));
    log.append("a", NOW, events(0..10)).await.unwrap();
    log.append("a", later, events(10..20)).await.unwrap();
    assert_eq!(log.prune(later, Seq::new(6)).await.unwrap().deleted, 6);
    assert_eq!(log.prune(later, Seq::new(20)).await.unwrap().deleted, 4);
    assert_eq!(log.prune(later, Seq::new(20)).await.unwrap().deleted, 0);
    assert_eq!(log.count().await.unwrap(), 10);
    log.close().await;
    let log = open(folder.path()).await;
    let left = log.read_after(Seq::START, 100, 1 << 20).await.unwrap();
    assert_eq!(left.first().unwrap().seq, Seq::new(11));
}

#[tokio::test]
async fn positions_are_not_reused_after_everything_has_gone() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).await;
    log.append("a", NOW, events(0..3)).await.unwrap();
    assert_eq!(
        log.prune(NOW.plus(Duration::from_secs(1)), Seq::new(3))
            .await
            .unwrap()
            .deleted,
        3
    );
    log.close().await;
    let log = open(folder.path()).await;
    log.append("a", NOW, events(0..1)).await.unwrap();
    assert_eq!(
        log.read_after(Seq::START, 9, 9).await.unwrap().first().unwrap().seq,
        Seq::new(4)
    );
}

#[tokio::test]
async fn at_its_size_limit_the_log_takes_nothing_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let limit = 2 << 20;
    let log = EventLog::open(&folder.path().join("events.db"), limit).await.unwrap();
    let mut stored = 0;
    let refused = loop {
        match log.append("a", NOW, events(stored..stored + 500)).await {
            Ok(_) => stored += 500,
            Err(error) => break error,
        }
        assert!(stored < 1_000_000, "the log is never full");
    };
    assert_eq!(refused, AppendError::Full);
    assert_eq!(log.count().await.unwrap(), u64::try_from(stored).unwrap());
    // Nothing is past its age, but what nobody owes goes when it is crowded.
    while log.prune(NOW, log.last_seq()).await.unwrap().deleted > 0 {}
    let used = log.stored().await.unwrap().used_bytes;
    assert!(used > limit / 10 * 8, "no more goes than has to: {used} of {limit}");
    let early = u64::try_from(stored).unwrap() - log.count().await.unwrap();
    assert_eq!(log.pruned_early().await.unwrap().events, early);
    assert!(log.append("a", NOW, events(stored..stored + 1)).await.is_ok());
}

#[tokio::test]
async fn event_types_are_counted_and_stay_known() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).await;
    let hours = |count: u64| NOW.plus(Duration::from_secs(3_600 * count));
    let of_type = |id: &str, name: &str| parse(&json!({"event_type": name, "id": id}));
    let counts = async |since| {
        let counts = log.event_type_counts(since).await.unwrap();
        counts
            .into_iter()
            .map(|known| (known.event_type, known.count))
            .collect::<Vec<_>>()
    };
    assert_eq!(counts(NOW).await, []);
    let first = vec![of_type("1", "b"), of_type("2", "a"), of_type("3", "b")];
    log.append("x", NOW, first).await.unwrap();
    // Of the second request one event is known already.
    let second = vec![of_type("3", "b"), of_type("4", "b")];
    log.append("x", hours(2), second).await.unwrap();
    assert_eq!(counts(NOW).await, [("a".to_owned(), 1), ("b".to_owned(), 3)]);
    assert_eq!(counts(hours(1)).await, [("a".to_owned(), 0), ("b".to_owned(), 1)]);
    // Events go, counts stay for a month more, and types for good.
    assert_eq!(log.prune(hours(3), Seq::new(9)).await.unwrap().deleted, 4);
    assert_eq!(counts(NOW).await, [("a".to_owned(), 1), ("b".to_owned(), 3)]);
    log.prune(hours(32 * 24), Seq::new(9)).await.unwrap();
    assert_eq!(counts(NOW).await, [("a".to_owned(), 0), ("b".to_owned(), 0)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn comparing_large_repeats_keeps_no_other_request_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let log = std::sync::Arc::new(open(folder.path()).await);
    let large = |id: usize, last: usize| {
        let details: serde_json::Map<_, _> = (0..20_000)
            .map(|number| (format!("member{number}"), json!(number)))
            .chain([("last".to_owned(), json!(last))])
            .collect();
        parse(&json!({"event_type": "test", "id": id, "details": details, "created_at": "2026-01-01T00:00:00Z"}))
    };
    let stored: Vec<AuditEvent> = (0..8).map(|id| large(id, 0)).collect();
    log.append("a", NOW, stored).await.unwrap();
    let repeats: Vec<AuditEvent> = (0..16).map(|number| large(number % 8, number)).collect();
    let comparing = tokio::spawn({
        let log = std::sync::Arc::clone(&log);
        async move { log.append("a", NOW, repeats).await.unwrap() }
    });
    let mut others = 0;
    while !comparing.is_finished() {
        let other = log
            .append("b", NOW, vec![event(&format!("o{others}"), 1)])
            .await
            .unwrap();
        others += other.stored;
    }
    assert!(others > 20, "{others} requests were stored meanwhile");
    let compared = comparing.await.unwrap();
    assert_eq!((compared.stored, compared.conflicts), (0, (1..16).collect()));
}

//! Damaged pages of the log: they cost the events on them and nothing else, and are reported.

use std::{fs, os::unix::fs::FileExt, path::Path, time::Duration};

use domain::{Timestamp, ids::Seq};
use receivers::Receiver;
use rusqlite::Connection;

use crate::{
    PartState,
    clock::Clock,
    it::{
        data_folder::{LOG, post, wait_for_event},
        world::{World, author, wait_until},
    },
    log::{BrowseRequest, EventFilter, SeqRequest},
};

/// Overwrites the page of `events` that holds this position, and returns the positions that were on it.
fn damage(folder: &Path, position: i64) -> Vec<i64> {
    let path = folder.join(LOG);
    let log = Connection::open(&path).unwrap();
    let pages: Vec<i64> = log
        .prepare("SELECT pageno FROM dbstat WHERE name = 'events' AND pagetype = 'leaf' ORDER BY path")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let all = positions(&log);
    drop(log);
    let intact = fs::read(&path).unwrap();
    for page in pages {
        let start = usize::try_from((page - 1) * 16_384).unwrap();
        let mut bytes = intact.clone();
        bytes[start..start + 16_384].fill(0xa5);
        fs::write(&path, &bytes).unwrap();
        let log = Connection::open(&path).unwrap();
        let is_lost = |seq: i64| {
            let found = log.query_row("SELECT 1 FROM events WHERE seq = ?", [seq], |_| Ok(()));
            found.is_err()
        };
        if is_lost(position) {
            return all.into_iter().filter(|seq| is_lost(*seq)).collect();
        }
    }
    panic!("no page holds position {position}");
}

fn positions(log: &Connection) -> Vec<i64> {
    let mut statement = log.prepare("SELECT seq FROM events ORDER BY seq").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn a_damaged_page_costs_the_events_on_it_and_is_reported() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let paused = domain::destination::StreamState {
        active: true,
        paused: true,
    };
    world.set_stream_state(id, paused).await;
    for first in (0..2_000).step_by(500) {
        post(&world, first..first + 500).await;
    }
    let end = world.engine.log().last_seq().get();
    let folder = world.shut_down().await;
    let lost = damage(folder.path(), end / 2);
    assert!((1..500).contains(&lost.len()), "{lost:?}");

    let world = World::on(folder).await;
    let log = world.engine.log();
    let read = log.read_after(Seq::START, 10_000, 1 << 30).await.unwrap();
    assert_eq!(
        read.last().unwrap().seq.get(),
        lost[0] - 1,
        "what comes before it is read first"
    );
    let page = log.read_page(Seq::new(lost[0] - 1), 10, 1 << 20).await.unwrap();
    assert_eq!((page.events.len(), page.read_to.get()), (0, *lost.last().unwrap()));
    // The next block of the index is made of what is stored already, the damaged page included.
    post(&world, 2_000..4_500).await;
    world
        .set_stream_state(id, domain::destination::StreamState::default())
        .await;
    wait_for_event(&receiver, "e4499").await;
    wait_for_event(&receiver, "audit_event_log_damaged").await;
    let requests = receiver.requests();
    let received = requests.iter().filter(|request| request.text().contains("\"id\":\"e"));
    assert_eq!(received.count(), 4_500 - lost.len());
    assert_eq!(log.unreadable_events(), u64::try_from(lost.len()).unwrap());
    let shown = log
        .browse(&EventFilter::default(), BrowseRequest::Newest, 10_000)
        .await
        .unwrap();
    let end = usize::try_from(log.last_seq().get()).unwrap();
    assert_eq!(shown.rows.len(), end - lost.len());
    world.shut_down().await;
}

#[tokio::test]
async fn a_damaged_page_hinders_neither_starting_nor_pruning_nor_storing() {
    let positions: [fn(i64) -> i64; 3] = [|_| 1, |end| end / 2, |end| end - 100];
    for position in positions {
        let world = World::new().await;
        for first in (0..2_000).step_by(500) {
            post(&world, first..first + 500).await;
        }
        let end = world.engine.log().last_seq().get();
        let folder = world.shut_down().await;
        let lost = damage(folder.path(), position(end));

        let world = World::on(folder).await;
        let log = world.engine.log();
        post(&world, 2_000..2_500).await;
        let far = Timestamp::from_unix_ms(i64::MAX);
        let mut deleted = 0;
        loop {
            let step = log.prune(far, log.last_seq()).await.unwrap().deleted;
            deleted += step;
            if step == 0 {
                break;
            }
        }
        // The events on the damaged page stay, and those on the pages beside it.
        let left = log.last_seq().get() - i64::try_from(deleted).unwrap();
        let damaged = i64::try_from(lost.len()).unwrap();
        assert!(
            (damaged..damaged * 4 + 100).contains(&left),
            "{left} of {damaged} are left"
        );
        assert_eq!(log.state(), PartState::Running);
        log.position_before_all().await.unwrap();
        post(&world, 2_500..3_000).await;
        let world = world.restart().await;
        post(&world, 3_000..3_500).await;
        world.shut_down().await;
    }
}

/// A backlog that begins on the page, and a newest event that is on it.
#[tokio::test]
async fn a_damaged_page_does_not_fail_the_overview() {
    let positions: [fn(i64) -> i64; 2] = [|_| 1, |end| end];
    for position in positions {
        let (receiver, world) = (Receiver::start().await, World::new().await);
        let id = world.add_destination("SIEM", &receiver.url()).await;
        let paused = domain::destination::StreamState {
            active: true,
            paused: true,
        };
        world.set_stream_state(id, paused).await;
        for first in (0..2_000).step_by(500) {
            post(&world, first..first + 500).await;
        }
        let end = world.engine.log().last_seq().get();
        let folder = world.shut_down().await;
        let lost = damage(folder.path(), position(end));

        let world = World::on(folder).await;
        assert_eq!(world.engine.log().last_seq().get(), end);
        let look = async || world.engine.overview().await.unwrap().view;
        wait_until("the stream sees its backlog", async || {
            look().await.oldest_waiting_at.is_some()
        })
        .await;
        let overview = look().await;
        assert_eq!(overview.log.newest_received_at.is_some(), !lost.contains(&end));
        let first = (1..).find(|seq| !lost.contains(seq)).unwrap();
        assert_eq!(overview.log.events, u64::try_from(end + 1 - first).unwrap());
        assert!(overview.log.oldest_received_at.is_some());
        world.shut_down().await;
    }
}

/// Searches by position read the intact pages, in both directions, when the oldest page is damaged. Only the events on it fail.
#[tokio::test]
async fn a_damaged_oldest_page_hinders_no_reading_by_position() {
    let world = World::new().await;
    for first in (0..2_000).step_by(500) {
        post(&world, first..first + 500).await;
    }
    let end = world.engine.log().last_seq().get();
    let folder = world.shut_down().await;
    let lost = damage(folder.path(), 1);
    let first = (1..=end).find(|seq| !lost.contains(seq)).unwrap();

    let world = World::on(folder).await;
    let log = world.engine.log();
    let filter = EventFilter::default();
    for (request, expected) in [
        (SeqRequest::Newest, 10),
        (SeqRequest::Before(Seq::new(end)), 10),
        (SeqRequest::After(Seq::new(first)), 10),
        (SeqRequest::After(Seq::new(end)), 0),
    ] {
        let found = log.browse_by_seq(&filter, request, 10, usize::MAX).await;
        let found = found.unwrap_or_else(|error| panic!("{request:?}: {error}"));
        assert_eq!(found.rows.len(), expected, "{request:?}");
    }
    let page = log.page_by_seq(&filter, true, 0..10, 100).await.unwrap();
    assert_eq!((page.places.len(), page.total), (10, None));
    world.shut_down().await;
}

/// Also when it is retried, and when the stream has to deliver others behind it.
#[tokio::test]
async fn a_refused_event_on_a_damaged_page_is_parked_and_reported() {
    // What is refused now is due for the machine's clock.
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
    receiver.answer_bodies_with("\"e1000\"", 422);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    for first in (0..2_000).step_by(500) {
        post(&world, first..first + 500).await;
    }
    wait_until("one is refused and the others are delivered", async || {
        let facts = world.engine.find_destination(id).await.unwrap().unwrap().facts;
        let cursor = world.engine.database().read_cursor(id).await.unwrap().unwrap();
        facts.retrying == 1 && cursor.acknowledged == world.engine.log().last_seq()
    })
    .await;
    let seq = world.engine.database().list_refused(id).await.unwrap()[0].seq;
    let folder = world.shut_down().await;
    assert!(damage(folder.path(), seq.get()).contains(&seq.get()));

    let world = World::on(folder).await;
    let parked = async || world.engine.database().list_parked(id, None, 9).await.unwrap();
    for _ in 0..2 {
        wait_until("it is parked", async || !parked().await.is_empty()).await;
        let parked = parked().await;
        assert_eq!((parked.len(), parked[0].seq), (1, seq));
        assert!(parked[0].reason.contains("damaged"), "{}", parked[0].reason);
        assert!(world.engine.retry_parked(&author(), id, seq).await.unwrap());
    }
    wait_for_event(&receiver, "audit_event_log_damaged").await;
    post(&world, 2_000..2_001).await;
    wait_for_event(&receiver, "\"e2000\"").await;
    world.shut_down().await;
}

/// The same of an event that has left the log and is kept.
#[tokio::test]
async fn a_kept_event_on_a_damaged_page_is_parked_and_reported() {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
    receiver.answer_bodies_with("\"e1\"", 422);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    post(&world, 0..3).await;
    world.park_what_is_refused(id).await;
    let seq = world.engine.database().list_parked(id, None, 9).await.unwrap()[0].seq;
    world.engine.clock().advance(Duration::from_secs(40 * 86_400));
    let stored = async || world.engine.log().stored().await.unwrap();
    wait_until("it is kept", async || stored().await.kept_events == 1).await;
    let folder = world.shut_down().await;
    let log = Connection::open(folder.path().join(LOG)).unwrap();
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'kept_events'";
    let page: u32 = log.query_row(root, [], |row| row.get(0)).unwrap();
    drop(log);
    overwrite(&folder.path().join(LOG), u64::from(page));

    let world = World::on(folder).await;
    assert!(world.engine.retry_parked(&author(), id, seq).await.unwrap());
    let parked = async || world.engine.database().list_parked(id, None, 9).await.unwrap();
    wait_until("it is parked", async || !parked().await.is_empty()).await;
    let reason = parked().await.remove(0).reason;
    assert!(reason.contains("damaged"), "{reason}");
    assert_eq!(world.engine.log().unreadable_events(), 1);
    wait_for_event(&receiver, "audit_event_log_damaged").await;
    // What is kept of it can't be removed, and that stops nothing.
    assert!(world.engine.discard_parked(&author(), id, seq).await.unwrap());
    post(&world, 3..4).await;
    wait_for_event(&receiver, "\"e3\"").await;
    assert_eq!(world.engine.log().state(), PartState::Running);
    world.shut_down().await;
}

fn overwrite(path: &Path, page: u64) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&[0xa5; 16_384], (page - 1) * 16_384).unwrap();
}

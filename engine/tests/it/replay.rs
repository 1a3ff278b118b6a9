//! Replays to HTTP receivers: exact counts beside a live stream, waiting for it, ending, and surviving a restart.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use crate::{ReplayStanding, admin::AdminError};
use domain::{
    destination::StreamState,
    event::EventId,
    health::StreamHealth,
    ids::{DestinationId, ReplayId, Seq},
    instance_event::INSTANCE_SOURCE,
    policy::Trouble,
    replay::{KEPT_REPLAYS, ReplayDraft, ReplayProgress, ReplayRequest, ReplayState, ReplayWait},
};
use receivers::{Answer, Fault, Receiver, Request};
use serde_json::{Value, json};

use crate::it::world::{World, author, wait_until};

const OLD_DAY: &str = "2026-01-10";

/// Old events are about so many entities, in turn.
const ENTITIES: usize = 50;

/// Posts events that say they were created on the old day, five of six of type `old`.
pub(crate) async fn post_old(world: &World, numbers: std::ops::Range<usize>) {
    let event = |number: usize| {
        let event_type = if number % 6 == 5 { "other" } else { "old" };
        json!({"id": format!("old{number};"), "event_type": event_type, "entity_type": "Project",
            "entity_id": number % ENTITIES, "created_at": format!("{OLD_DAY}T12:00:00Z")})
    };
    for first in numbers.clone().step_by(500) {
        let events: Vec<Value> = (first..(first + 500).min(numbers.end)).map(event).collect();
        let body = serde_json::to_vec(&events).unwrap();
        world.engine.ingest("tests", body.into()).await.unwrap();
    }
}

pub(crate) fn old_day(types: &[&str]) -> ReplayRequest {
    let draft = ReplayDraft {
        created_after: OLD_DAY.into(),
        created_before: OLD_DAY.into(),
        event_types: types.iter().map(|name| (*name).to_owned()).collect(),
    };
    draft.parse(domain::Timestamp::from_unix_ms(0)).unwrap()
}

pub(crate) async fn start(world: &World, id: DestinationId, types: &[&str]) -> ReplayStanding {
    let started = world.engine.start_replay(&author(), id, &old_day(types)).await;
    started.unwrap()
}

pub(crate) async fn standing(world: &World, id: DestinationId, replay: ReplayId) -> ReplayStanding {
    world.engine.find_replay(id, replay).await.unwrap().unwrap()
}

pub(crate) async fn wait_until_finished(world: &World, id: DestinationId, replay: ReplayId) -> ReplayProgress {
    wait_until("the replay is finished", async || {
        standing(world, id, replay).await.replay.state == ReplayState::Finished
    })
    .await;
    standing(world, id, replay).await.replay.position.progress
}

async fn wait_until_waiting(world: &World, id: DestinationId, replay: ReplayId, is_it: impl Fn(&ReplayWait) -> bool) {
    wait_until("the replay waits", async || {
        standing(world, id, replay).await.waits.as_ref().is_some_and(&is_it)
    })
    .await;
}

pub(crate) fn id_of(request: &Request) -> String {
    let event: Value = serde_json::from_str(request.text()).unwrap();
    event["id"].as_str().unwrap().to_owned()
}

/// The replay's own requests.
pub(crate) fn replayed(requests: &[Request], replay: ReplayId) -> Vec<Request> {
    let mark = replay.to_string();
    let is_marked = |request: &&Request| {
        request
            .headers
            .get("x-audit-streams-replay")
            .is_some_and(|id| *id == *mark)
    };
    requests.iter().filter(is_marked).cloned().collect()
}

/// Ids of events that the tests posted, as the stream sent them.
fn live(requests: &[Request]) -> Vec<String> {
    let is_live = |request: &&Request| {
        request.headers["x-audit-streams-source"] == "tests" && !request.headers.contains_key("x-audit-streams-replay")
    };
    requests.iter().filter(is_live).map(id_of).collect()
}

pub(crate) fn old_ids(numbers: std::ops::Range<usize>, types: &str) -> Vec<String> {
    let is_meant = |number: &usize| types == "all" || (*number % 6 == 5) == (types == "other");
    numbers.filter(is_meant).map(|number| format!("old{number};")).collect()
}

/// Each event was sent once, and the events of each entity in the order of the log.
pub(crate) fn assert_each_once_in_order(sent: &[Request], expected: &[String]) {
    let ids: Vec<String> = sent.iter().map(id_of).collect();
    let all: BTreeSet<&String> = ids.iter().collect();
    assert_eq!((ids.len(), all.len()), (expected.len(), expected.len()), "each once");
    assert!(expected.iter().all(|id| all.contains(id)), "all of them");
    let number = |id: &str| -> usize { id.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap() };
    let mut last = BTreeMap::new();
    for number in ids.iter().map(|id| number(id)) {
        let before = last.insert(number % ENTITIES, number);
        assert!(
            before.is_none_or(|before| before < number),
            "{before:?} before {number}"
        );
    }
}

/// A stream that has sent so many old events.
pub(crate) async fn with_old_events(world: &World, receiver: &Receiver, count: usize) -> DestinationId {
    let id = world.add_destination("SIEM", &receiver.url()).await;
    post_old(world, 0..count).await;
    receiver
        .wait_until("the stream has sent the old ones", |requests| {
            live(requests).len() >= count
        })
        .await;
    world
        .wait_for_health(id, "it is healthy", |health| {
            matches!(health, StreamHealth::Healthy { .. })
        })
        .await;
    id
}

pub(crate) async fn own_messages(world: &World) -> Vec<String> {
    let events = world
        .engine
        .log()
        .read_after(Seq::START, 100_000, 1 << 30)
        .await
        .unwrap();
    let own = events.iter().filter(|event| &*event.source == INSTANCE_SOURCE);
    let message = |body: &[u8]| {
        let event: Value = serde_json::from_slice(body).unwrap();
        event["details"]["custom_message"].as_str().unwrap().to_owned()
    };
    own.map(|event| message(&event.body)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_is_sent_once_in_its_order_and_marked_while_the_stream_goes_on() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 600).await;
    assert_eq!(world.engine.count_replay(id, &old_day(&[])).await.unwrap(), 600);
    assert_eq!(world.engine.count_replay(id, &old_day(&["old"])).await.unwrap(), 500);

    let started = start(&world, id, &["old"]).await.replay;
    assert_eq!(
        (started.position.progress.total, started.created_by.as_str()),
        (500, "tester")
    );
    for number in 0..200 {
        world.post("1", [format!("live{number}")]).await;
    }
    // Of the same day, but too late for this replay.
    post_old(&world, 600..660).await;
    let progress = wait_until_finished(&world, id, started.id).await;
    assert_eq!(
        progress,
        ReplayProgress {
            total: 500,
            sent: 500,
            refused: 0
        }
    );
    let requests = receiver
        .wait_until("the live ones have arrived", |requests| live(requests).len() >= 860)
        .await;
    assert_each_once_in_order(&replayed(&requests, started.id), &old_ids(0..600, "old"));
    let live = live(&requests);
    assert_eq!(live.len(), 860);
    assert_eq!(live.iter().collect::<BTreeSet<_>>().len(), 860);
    assert!(replayed(&requests, started.id).iter().all(|request| {
        let webhook_id = EventId::parse(&id_of(request)).unwrap().within("tests");
        request.headers["webhook-id"] == webhook_id.as_str() && request.headers.contains_key("webhook-signature")
    }));
    wait_until("it is on record", async || {
        let messages = own_messages(&world).await;
        let first = "Started replay 1 of 500 event(s) of type old created from 2026-01-10T00:00:00.000Z until before \
                     2026-01-11T00:00:00.000Z";
        messages.iter().any(|message| message == first)
            && messages
                .iter()
                .any(|message| message == "Finished replay 1: 500 of 500 event(s) sent, 0 rejected")
    })
    .await;
}

/// How long each of so many live events is under way, one after the other.
async fn latencies(world: &World, receiver: &Receiver, names: &str, count: usize) -> Vec<Duration> {
    let mut latencies = Vec::new();
    for number in 0..count {
        let (name, posted) = (format!("{names}{number}."), Instant::now());
        world.post("1", [name.clone()]).await;
        // From the end, and of each request its id alone: what is measured is not the looking.
        let webhook_id = EventId::parse(&name).unwrap().within("tests");
        let has_come = |request: &Request| request.headers["webhook-id"] == webhook_id.as_str();
        receiver
            .wait_for("it has arrived", |requests| {
                requests.iter().rev().take(200).any(has_come)
            })
            .await;
        latencies.push(posted.elapsed());
    }
    latencies.sort_unstable();
    latencies
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_latency_of_the_stream_stays_what_it_is() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let count = 6_000;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    post_old(&world, 0..count).await;
    receiver
        .wait_until("the old ones have arrived", |requests| requests.len() >= count)
        .await;
    world
        .wait_for_health(id, "it is healthy", |health| {
            matches!(health, StreamHealth::Healthy { .. })
        })
        .await;
    let alone = latencies(&world, &receiver, "alone", 40).await;
    // So slowly that the replay goes on for as long as it is measured.
    receiver.script(|request| {
        let is_replayed = request.headers.contains_key("x-audit-streams-replay");
        is_replayed.then(|| Answer::from(200).after(Duration::from_millis(150)).into())
    });
    let replay = start(&world, id, &[]).await.replay.id;
    receiver
        .wait_until("the replay sends", |requests| requests.len() > count + 60)
        .await;
    let beside = latencies(&world, &receiver, "beside", 40).await;
    let still = standing(&world, id, replay).await.replay;
    assert_eq!(still.state, ReplayState::Running, "measured beside a running replay");
    let (alone, beside) = (alone[20], beside[20]);
    assert!(
        beside < alone * 5 + Duration::from_millis(25),
        "median alone {alone:?}, beside a replay {beside:?}"
    );
    println!("median latency alone {alone:?}, beside a replay {beside:?}");
    world.engine.cancel_replay(&author(), id, replay).await.unwrap();
}

#[tokio::test]
async fn the_stream_goes_first_while_it_is_held_and_the_replay_goes_on_by_itself() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 60).await;
    receiver.answer_all(503);
    world.post("1", ["live".to_owned()]).await;
    world
        .wait_for_health(id, "it backs off", |health| {
            matches!(health, StreamHealth::Retrying { .. })
        })
        .await;
    let replay = start(&world, id, &[]).await.replay.id;
    let retrying = ReplayWait::StreamRetrying(Trouble::Unavailable(503));
    wait_until_waiting(&world, id, replay, |wait| *wait == retrying).await;
    assert!(replayed(&receiver.requests(), replay).is_empty());
    receiver.accept_all();
    assert_eq!(wait_until_finished(&world, id, replay).await.sent, 60);
    assert_eq!(standing(&world, id, replay).await.waits, None);
    assert_eq!(replayed(&receiver.requests(), replay).len(), 60);
}

#[tokio::test]
async fn nothing_is_sent_while_the_stream_is_paused_and_everything_after_it() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 60).await;
    for (stream_state, wait) in [(false, ReplayWait::Inactive), (true, ReplayWait::Paused)] {
        world
            .set_stream_state(
                id,
                StreamState {
                    active: stream_state,
                    paused: true,
                },
            )
            .await;
        let replay = start(&world, id, &[]).await.replay.id;
        wait_until_waiting(&world, id, replay, |waits| *waits == wait).await;
        let world_owes = world.engine.database().undelivered_after().await.unwrap();
        let first = standing(&world, id, replay).await.replay.position.next_seq;
        let before_first = Seq::new(first.get() - 1);
        assert_eq!(
            world_owes,
            stream_state.then_some(before_first),
            "the log keeps what is still to be sent"
        );
        assert!(replayed(&receiver.requests(), replay).is_empty());
        world
            .set_stream_state(
                id,
                StreamState {
                    active: true,
                    paused: false,
                },
            )
            .await;
        assert_eq!(wait_until_finished(&world, id, replay).await.sent, 60);
    }
    let owed = world.engine.database().undelivered_after().await.unwrap().unwrap();
    assert!(owed.get() > 60, "what was sent may go");
}

#[tokio::test]
async fn trouble_of_its_own_is_waited_for_and_told() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 30).await;
    // All that are left, so that none is accepted and shows that it is the fault of another.
    let answer = |fault: Option<Fault>| {
        for number in 7..30 {
            let text = format!("old{number};");
            match &fault {
                Some(fault) => receiver.answer_bodies_with(&text, fault.clone()),
                None => receiver.accept_bodies_with(&text),
            }
        }
    };
    answer(Some(503.into()));
    let replay = start(&world, id, &[]).await.replay.id;
    let is_trouble = |wait: &ReplayWait| {
        matches!(
            wait,
            ReplayWait::Trouble {
                trouble: Trouble::Unavailable(503),
                ..
            }
        )
    };
    wait_until_waiting(&world, id, replay, is_trouble).await;
    wait_until("it is stored how far it is, and why", async || {
        let position = standing(&world, id, replay).await.replay.position;
        position.progress.sent == 7 && position.last_error.is_some_and(|error| error.contains("503"))
    })
    .await;
    // The stream minds none of it.
    world.post("1", ["live".to_owned()]).await;
    receiver
        .wait_until("the live one", |requests| live(requests).contains(&"live".to_owned()))
        .await;
    answer(None);
    assert_eq!(wait_until_finished(&world, id, replay).await.sent, 30);
    let position = standing(&world, id, replay).await.replay.position;
    assert_eq!(position.last_error, None);
}

#[tokio::test]
async fn what_is_refused_is_parked_and_counted() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 30).await;
    receiver.answer_bodies_with("old7;", 422);
    let replay = start(&world, id, &[]).await.replay.id;
    let progress = wait_until_finished(&world, id, replay).await;
    assert_eq!((progress.sent, progress.refused), (29, 1));
    let parked = world.engine.database().list_parked(id, None, 100).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].tries, parked[0].response.as_str()), (1, "no thanks"));
    assert!(
        parked[0].reason.starts_with("In replay 1: Answered 422"),
        "{}",
        parked[0].reason
    );
    receiver.accept_bodies_with("old7;");
    assert!(world.engine.retry_parked(&author(), id, parked[0].seq).await.unwrap());
    wait_until("it is delivered after all", async || {
        let refused = world.engine.database().count_refused(id).await.unwrap();
        refused.parked + refused.retrying == 0
    })
    .await;
}

#[tokio::test]
async fn a_destination_that_refuses_everything_is_not_given_everything() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 100).await;
    receiver.answer_all(400);
    let replay = start(&world, id, &[]).await.replay.id;
    let is_trouble = |wait: &ReplayWait| {
        matches!(
            wait,
            ReplayWait::Trouble {
                trouble: Trouble::EverythingRefused(400),
                ..
            } | ReplayWait::StreamRetrying(_)
        )
    };
    wait_until_waiting(&world, id, replay, is_trouble).await;
    let sent = replayed(&receiver.requests(), replay).len();
    assert!((20..30).contains(&sent), "{sent}");
}

#[tokio::test]
async fn a_cancelled_replay_begins_nothing_more() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 1_000).await;
    // So slowly that it can't end before it is cancelled.
    receiver.answer_all(Answer {
        delay: Duration::from_millis(100),
        ..Answer::from(200)
    });
    let replay = start(&world, id, &[]).await.replay.id;
    receiver
        .wait_until("some are sent", |requests| replayed(requests, replay).len() > 20)
        .await;
    let cancelled = world.engine.cancel_replay(&author(), id, replay).await.unwrap();
    let begun = replayed(&receiver.requests(), replay).len();
    assert_eq!(cancelled.replay.state, ReplayState::Cancelled);
    assert!(cancelled.replay.ended_at.is_some() && cancelled.waits.is_none());
    world.post("1", ["live".to_owned()]).await;
    let requests = receiver
        .wait_until("the live one", |requests| live(requests).contains(&"live".to_owned()))
        .await;
    let sent = replayed(&requests, replay).len();
    // What was on its way already: no more than a few, so early.
    assert!(sent <= begun + 8 && sent < 1_000, "{begun} {sent}");
    wait_until("the counts are those of what was sent", async || {
        let progress = standing(&world, id, replay).await.replay.position.progress;
        progress.sent == u64::try_from(sent).unwrap()
    })
    .await;
    let again = world.engine.cancel_replay(&author(), id, replay).await.unwrap();
    assert_eq!(again.replay.ended_at, cancelled.replay.ended_at, "it stays as it is");
    let messages = own_messages(&world).await;
    let told = messages
        .iter()
        .filter(|message| message.starts_with("Cancelled replay 1: "));
    assert_eq!(told.count(), 1);
}

#[tokio::test]
async fn a_request_without_an_answer_does_not_keep_a_cancel() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 30).await;
    receiver.answer_bodies_with("old7;", Fault::Hang);
    let replay = start(&world, id, &[]).await.replay.id;
    receiver
        .wait_until("the one without an answer", |requests| {
            replayed(requests, replay).len() == 8
        })
        .await;
    let cancelled = world.engine.cancel_replay(&author(), id, replay).await.unwrap();
    assert_eq!(cancelled.replay.state, ReplayState::Cancelled);
    // Another one can be started at once.
    receiver.accept_bodies_with("old7;");
    let next = start(&world, id, &["other"]).await.replay.id;
    assert_eq!(wait_until_finished(&world, id, next).await.sent, 5);
}

#[tokio::test]
async fn a_restart_in_the_middle_goes_on_where_it_was() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 1_000).await;
    receiver.answer_all(Answer::from(200).after(Duration::from_millis(50)));
    let replay = start(&world, id, &[]).await.replay.id;
    receiver
        .wait_until("some are sent", |requests| replayed(requests, replay).len() > 50)
        .await;
    let world = world.restart().await;
    let before = standing(&world, id, replay).await.replay;
    assert_eq!(before.state, ReplayState::Running, "in the middle");
    let progress = wait_until_finished(&world, id, replay).await;
    assert_eq!((progress.total, progress.sent), (1_000, 1_000));
    let sent: Vec<String> = replayed(&receiver.requests(), replay).iter().map(id_of).collect();
    let each: BTreeSet<String> = sent.iter().cloned().collect();
    assert_eq!(each, old_ids(0..1_000, "all").into_iter().collect(), "all of them");
    // Sent again is what was accepted before an event in front of it, which waited for others of its entity.
    assert!(
        sent.len() - each.len() < ENTITIES,
        "{} repeats",
        sent.len() - each.len()
    );
}

#[tokio::test]
async fn events_are_judged_by_the_filter_that_holds_when_they_are_sent() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 600).await;
    // So early that nothing else is in flight.
    receiver.answer_bodies_with("old7;", 503);
    let replay = start(&world, id, &[]).await.replay.id;
    wait_until_waiting(&world, id, replay, |wait| matches!(wait, ReplayWait::Trouble { .. })).await;
    world.edit(id, |edit| edit.event_types = vec!["other".into()]).await;
    receiver.accept_bodies_with("old7;");
    let progress = wait_until_finished(&world, id, replay).await;
    let rest = old_ids(7..600, "other").len();
    assert_eq!((progress.total, progress.sent), (600, 7 + u64::try_from(rest).unwrap()));
    let after = world.engine.count_replay(id, &old_day(&[])).await.unwrap();
    assert_eq!(after, 100, "the destination's filter counts, too");
}

#[tokio::test]
async fn one_replay_at_a_time_and_what_can_not_be_replayed_says_why() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 30).await;
    world
        .set_stream_state(
            id,
            StreamState {
                active: true,
                paused: true,
            },
        )
        .await;
    let running = start(&world, id, &[]).await.replay.id;
    let second = world.engine.start_replay(&author(), id, &old_day(&[])).await;
    assert!(matches!(second, Err(AdminError::ReplayRunning)), "{second:?}");
    let unknown = world.engine.count_replay(id, &old_day(&["never seen"])).await;
    assert_eq!(unknown.unwrap(), 0, "a type that nobody knows has no events");
    let nowhere = world.engine.count_replay(DestinationId::new(99), &old_day(&[])).await;
    assert!(matches!(nowhere, Err(AdminError::NotFound)));
    let other = world
        .engine
        .cancel_replay(&author(), DestinationId::new(99), running)
        .await;
    assert!(matches!(other, Err(AdminError::NotFound)), "of another destination");
    let messages = own_messages(&world).await;
    let told = messages.iter().filter(|message| message.starts_with("Started replay"));
    assert_eq!(told.count(), 1, "what was not started is not told");
    world.engine.delete_destination(&author(), id).await.unwrap();
    assert!(world.engine.list_replays(id).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_last_replays_are_kept() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 1).await;
    let mut last = 0;
    for _ in 0..KEPT_REPLAYS + 3 {
        let replay = start(&world, id, &[]).await.replay.id;
        wait_until_finished(&world, id, replay).await;
        last = replay.get();
    }
    let kept = world.engine.list_replays(id).await.unwrap();
    let ids: Vec<i64> = kept.iter().map(|standing| standing.replay.id.get()).collect();
    let expected: Vec<i64> = (1..=last).rev().take(KEPT_REPLAYS).collect();
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn nothing_to_send_is_finished_at_once() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let replay = start(&world, id, &[]).await.replay.id;
    assert_eq!(wait_until_finished(&world, id, replay).await, ReplayProgress::default());
}

//! What is told of streams: counters, attempts, since when there is trouble, and where a stream begins.

use std::time::Duration;

use crate::{FixedSettings, delivery::Failure};
use domain::{
    activity::{Counts, Minute, Span},
    destination::{DestinationDraft, StreamState},
    health::{StreamFacts, StreamHealth},
    ids::DestinationId,
    view::DeliveryOutcome,
};

use crate::it::world::{World, wait_until};
use receivers::{Receiver, Request};

fn numbered(range: std::ops::Range<u32>) -> impl Iterator<Item = String> {
    range.map(|number| format!("event-{number:05}"))
}

impl World {
    async fn facts(&self, id: DestinationId) -> StreamFacts {
        self.engine.find_destination(id).await.unwrap().unwrap().facts
    }

    /// Over the last hour.
    async fn counts(&self, id: DestinationId) -> Counts {
        let points = self.engine.activity(id, Span::Hour).await.unwrap();
        points.iter().fold(Counts::default(), |mut sum, point| {
            sum.add(&point.counts);
            sum
        })
    }

    async fn wait_for_counts(&self, id: DestinationId, condition: impl Fn(&Counts) -> bool) -> Counts {
        wait_until("the counters are stored", async || condition(&self.counts(id).await)).await;
        self.counts(id).await
    }
}

#[tokio::test]
async fn what_was_delivered_and_what_failed_is_counted_to_the_last_one() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", numbered(0..30)).await;
    // With the event that tells of the destination.
    let counts = world.wait_for_counts(id, |counts| counts.delivered == 31).await;
    assert_eq!((counts.failed, counts.latency.count()), (0, 31));
    assert!(counts.latency.percentile(99) < Some(Duration::from_secs(10)));

    receiver.answer_all(503);
    world.post("1", numbered(30..31)).await;
    world.wait_for_counts(id, |counts| counts.failed >= 2).await;
    receiver.accept_all();
    assert!(world.engine.retry_now(id));
    let counts = world.wait_for_counts(id, |counts| counts.delivered == 32).await;
    let failed = receiver
        .requests()
        .iter()
        .filter(|request| !request.was_accepted())
        .count();
    assert_eq!(counts.failed, u64::try_from(failed).unwrap());

    let totals = world.engine.stream_totals(id);
    assert_eq!(
        (totals.delivered, totals.accepted.count(), totals.backoffs),
        (32, 32, 1)
    );
    assert_eq!(totals.failed, [(Failure::ServerError, counts.failed)]);
    let world = world.restart().await;
    assert_eq!(world.counts(id).await, counts, "they outlive the server");
}

#[tokio::test]
async fn the_last_deliveries_are_listed_and_failed_ones_outlive_the_server() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_bodies_with("bad-event", 422);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", ["bad-event".to_owned()]).await;
    world.post("2", numbered(0..120)).await;
    world
        .wait_for_counts(id, |counts| counts.delivered == 121 && counts.failed == 1)
        .await;
    let list =
        async |world: &World, only_failed| world.engine.list_recent_deliveries(id, only_failed, 100).await.unwrap();

    let all = list(&world, false).await;
    assert_eq!(all.len(), 100);
    let newest = all
        .iter()
        .find(|delivery| delivery.event.as_ref().is_some_and(|event| event.id == "event-00119"));
    let newest = newest.unwrap();
    assert_eq!(
        (newest.outcome, newest.status, newest.events, newest.reason.as_deref()),
        (DeliveryOutcome::Delivered, Some(200), 1, None)
    );
    assert!(all.is_sorted_by(|newer, older| newer.started_at >= older.started_at));

    let failed = list(&world, true).await;
    let [refused] = failed.as_slice() else {
        panic!("{failed:?}")
    };
    assert_eq!(
        (
            refused.outcome,
            refused.status,
            refused.number,
            refused.reason.is_some()
        ),
        (DeliveryOutcome::Failed, Some(422), Some(1), true)
    );
    let event = refused.event.as_ref().unwrap();
    assert_eq!(
        (event.id.as_str(), event.event_type.as_str(), event.action.as_str()),
        ("bad-event", "test", "Test")
    );

    let world = world.restart().await;
    assert_eq!(
        list(&world, false).await,
        failed,
        "accepted requests are kept in memory"
    );
}

#[tokio::test]
async fn each_attempt_says_how_many_times_its_event_was_tried() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_all(503);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let numbers = async |world: &World| -> Vec<u32> {
        let attempts = world.engine.database().list_attempts(id, 100).await.unwrap();
        attempts.iter().rev().map(|attempt| attempt.number).collect()
    };
    wait_until("it was tried twice", async || numbers(&world).await.len() >= 2).await;
    let world = world.restart().await;
    let before = numbers(&world).await.len();
    wait_until("it was tried again", async || numbers(&world).await.len() > before).await;
    let numbers = numbers(&world).await;
    let expected: Vec<u32> = (1..).take(numbers.len()).collect();
    assert_eq!(numbers, expected, "counting goes on after a restart");
}

#[tokio::test]
async fn trouble_has_lasted_since_it_began_whatever_was_restarted() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_all(503);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let held = |health: &StreamHealth| matches!(health, StreamHealth::Retrying { .. });
    let since = |health: StreamHealth| match health {
        StreamHealth::Retrying { since, .. } => since,
        other => panic!("does not back off: {other:?}"),
    };
    let first = since(world.wait_for_health(id, "it backs off", held).await);
    wait_until("that is stored", async || {
        let cursor = world.engine.database().read_cursor(id).await.unwrap().unwrap();
        cursor.troubled_since == Some(first)
    })
    .await;
    let world = world.restart().await;
    assert_eq!(
        since(world.wait_for_health(id, "it backs off again", held).await),
        first
    );

    receiver.accept_all();
    world.engine.retry_now(id);
    wait_until("that is over", async || {
        let cursor = world.engine.database().read_cursor(id).await.unwrap().unwrap();
        cursor.troubled_since.is_none() && cursor.last_success_at.is_some()
    })
    .await;
}

#[tokio::test]
async fn trouble_lasts_through_a_pause_and_not_through_inactivity() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_all(503);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let troubled = async || {
        let cursor = world.engine.database().read_cursor(id).await.unwrap().unwrap();
        cursor.troubled_since.is_some()
    };
    wait_until("it is in trouble", troubled).await;
    world
        .set_stream_state(
            id,
            StreamState {
                active: true,
                paused: true,
            },
        )
        .await;
    world
        .wait_for_health(id, "it is paused", |health| {
            matches!(health, StreamHealth::Paused { .. })
        })
        .await;
    assert!(troubled().await);
    world
        .set_stream_state(
            id,
            StreamState {
                active: false,
                paused: true,
            },
        )
        .await;
    wait_until("that is over", async || !troubled().await).await;
}

#[tokio::test]
async fn a_held_destination_is_probed_at_once_when_asked() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_all(404);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    // Far enough into the pauses that a probe of its own would be long in coming.
    for tries in 1..=5 {
        receiver
            .wait_until("it was probed", |requests| requests.len() >= tries)
            .await;
        world
            .wait_for_health(id, "the probe has ended", |health| {
                matches!(health, StreamHealth::Retrying { next_probe_at, .. } if *next_probe_at > world.engine.clock().now())
            })
            .await;
        world.engine.retry_now(id);
    }
    receiver.accept_all();
    world.engine.retry_now(id);
    receiver
        .wait_until("it was accepted", |requests| requests.iter().any(Request::was_accepted))
        .await;
    assert!(!world.engine.retry_now(DestinationId::new(99)));
}

#[tokio::test]
async fn how_far_behind_a_stream_is_is_told_in_time_and_when_the_log_would_be_full() {
    let (world, receiver) = (
        World::with(|config| crate::EngineConfig {
            fixed: FixedSettings {
                log_size: domain::settings::LogSize::new(100 * 1024 * 1024),
                ..config.fixed.clone()
            },
            ..config
        })
        .await,
        Receiver::start().await,
    );
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.wait_for_counts(id, |counts| counts.delivered == 1).await;
    let facts = world.facts(id).await;
    assert!(facts.last_success_at.is_some());
    assert_eq!((facts.oldest_waiting_at, facts.log_full_at), (None, None));
    assert_eq!((facts.per_minute.len(), facts.per_minute.iter().sum::<u32>()), (30, 1));

    receiver.answer_all(503);
    let before = world.engine.clock().now();
    world.post("1", numbered(0..2_000)).await;
    let after = world.engine.clock().now();
    wait_until("it is behind", async || {
        world.facts(id).await.oldest_waiting_at.is_some()
    })
    .await;
    let oldest = world.facts(id).await.oldest_waiting_at.unwrap();
    assert!((before..=after).contains(&oldest), "{before} {oldest} {after}");
    assert_eq!(
        world.facts(id).await.log_full_at,
        None,
        "nobody knows yet how fast the log grows"
    );
    let half_an_hour_ago = Minute::of(after).minus(30);
    let start = domain::ids::Seq::START;
    world
        .engine
        .database()
        .note_log_position(half_an_hour_ago, start)
        .await
        .unwrap();
    wait_until("it is known how fast the log grows", async || {
        world.facts(id).await.log_full_at.is_some()
    })
    .await;
    let full_at = world.facts(id).await.log_full_at.unwrap();
    // 2,001 events of some 400 bytes in half an hour: 100 MiB are full within some days, and not within the hour.
    let hours = full_at.since(after).as_secs() / 3_600;
    assert!((2..240).contains(&hours), "{full_at}");
    assert!(world.engine.log_full_at().await.unwrap().is_some());

    receiver.accept_all();
    world.engine.retry_now(id);
    wait_until("nothing is held back", async || {
        world.facts(id).await.log_full_at.is_none() && world.engine.log_full_at().await.unwrap().is_none()
    })
    .await;
}

#[tokio::test]
async fn a_new_stream_begins_where_it_was_told_to() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    world.post("1", numbered(0..3)).await;
    let events = world
        .engine
        .log()
        .read_after(domain::ids::Seq::START, 10, 1_000_000)
        .await
        .unwrap();
    let newest = events.last().unwrap().received_at;
    let moment = newest.plus(Duration::from_millis(1));
    wait_until("a moment has passed", async || world.engine.clock().now() > moment).await;
    world.post("1", numbered(3..5)).await;
    let starting = async |name: &str, start: String| {
        let draft = DestinationDraft {
            start_from: start,
            ..DestinationDraft::http(name, format!("{}/{name}", receiver.url()))
        };
        world.add(&draft).await
    };
    for (name, start, expected) in [
        (
            "beginning",
            "beginning".to_owned(),
            vec![
                "event-00000",
                "event-00001",
                "event-00002",
                "event-00003",
                "event-00004",
            ],
        ),
        ("time", moment.to_string(), vec!["event-00003", "event-00004"]),
        ("now", "now".to_owned(), vec![]),
    ] {
        let id = starting(name, start).await;
        let told = format!("/in/{name}");
        world.post("1", [format!("last-{name}")]).await;
        let requests = receiver
            .wait_until("all have arrived", |requests| {
                requests
                    .iter()
                    .any(|request| request.path() == told && request.text().contains(&format!("last-{name}")))
            })
            .await;
        let bodies = requests
            .iter()
            .filter(|request| request.path() == told)
            .map(Request::text);
        let ids: Vec<String> = bodies
            .filter_map(|body| {
                body.split('"')
                    .find(|text| text.starts_with("event-"))
                    .map(str::to_owned)
            })
            .collect();
        assert_eq!(ids, expected, "{name}");
        world
            .engine
            .delete_destination(&crate::it::world::author(), id)
            .await
            .unwrap();
    }
}

//! The limits of a destination while a replay runs beside its stream.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{Field, replay::ReplayWait};
use receivers::{Fault, Gate, Receiver, Request};

use crate::it::{
    limits::{all_delivered, change, is_test, pass_until_held, post},
    replay::{old_ids, replayed, standing, start, wait_until_finished, with_old_events},
    world::{World, wait_until},
};

/// Longer than a request is held at a gate.
const TIMEOUT: (Field, &str) = (Field::RequestTimeout, "120");

fn is_replayed(request: &Request) -> bool {
    request.headers.contains_key("x-audit-streams-replay")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_requests_are_in_flight_than_the_destination_allows_also_with_a_replay() {
    const MOST: usize = 3;
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 200).await;
    change(&world, id, &[(Field::MaxConcurrency, "3"), TIMEOUT]).await;
    all_delivered(&world, id).await;
    let (gate, highest) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let (held, seen) = (gate.clone(), Arc::clone(&highest));
    receiver.script(move |request| {
        seen.fetch_max(request.in_flight + 1, Ordering::SeqCst);
        // Not the event about the replay.
        (is_replayed(request) || is_test(request)).then(|| Fault::Held(held.clone()))
    });
    let replay = start(&world, id, &[]).await.replay.id;
    receiver
        .wait_for("the replay sends", |requests| requests.iter().any(is_replayed))
        .await;
    post(&world, "new", 200).await;
    receiver
        .wait_for("the stream sends beside the replay", |requests| {
            requests.iter().any(is_test)
        })
        .await;
    pass_until_held(&gate, MOST).await;
    gate.open();
    assert_eq!(wait_until_finished(&world, id, replay).await.sent, 200);
    all_delivered(&world, id).await;
    assert_eq!(
        highest.load(Ordering::SeqCst),
        MOST,
        "as many as are allowed, and no more"
    );
    let concurrency = world
        .engine
        .find_destination(id)
        .await
        .unwrap()
        .unwrap()
        .facts
        .concurrency;
    let concurrency = concurrency.unwrap();
    assert!(concurrency.limit <= 3 && concurrency.maximum == 3, "{concurrency:?}");
    assert_eq!(concurrency.limited_by_settings, concurrency.limit == 3);
    let replayed: Vec<Request> = replayed(&receiver.requests(), replay);
    assert_eq!(replayed.len(), old_ids(0..200, "all").len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_requests_are_sent_per_second_than_the_destination_allows_also_with_a_replay() {
    const RATE: usize = 40;
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 60).await;
    change(&world, id, &[(Field::MaxRate, "40")]).await;
    let (before, began) = (receiver.requests().len(), Instant::now());
    let replay = start(&world, id, &[]).await.replay.id;
    post(&world, "new", 60).await;
    assert_eq!(wait_until_finished(&world, id, replay).await.sent, 60);
    all_delivered(&world, id).await;
    let took = began.elapsed();
    let sent = receiver.requests().len() - before;
    assert!(sent >= 120, "{sent}");
    // The event about the change may have been sent before.
    let least = Duration::from_secs(1) * u32::try_from(sent - 3).unwrap() / u32::try_from(RATE).unwrap();
    assert!(took >= least, "{sent} in {took:?}");
    assert_eq!(world.engine.stream_totals(id).backoffs, 0);
}

#[tokio::test]
async fn a_replay_shows_that_the_limits_slow_it_down() {
    // So many that the rate limits it for ten minutes, unless it is lifted.
    const EVENTS: usize = 600;
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, EVENTS).await;
    let waits = async |replay| standing(&world, id, replay).await.waits;
    let is_limited = async |replay| waits(replay).await == Some(ReplayWait::Limited);
    // The rate.
    change(&world, id, &[(Field::MaxRate, "1")]).await;
    let replay = start(&world, id, &[]).await.replay.id;
    wait_until("the rate slows it down", async || is_limited(replay).await).await;
    change(&world, id, &[(Field::MaxRate, "")]).await;
    assert_eq!(
        wait_until_finished(&world, id, replay).await.sent,
        u64::try_from(EVENTS).unwrap()
    );
    assert_eq!(waits(replay).await, None);
    // The stream has the only request that may be in flight.
    change(&world, id, &[(Field::MaxConcurrency, "1"), TIMEOUT]).await;
    all_delivered(&world, id).await;
    let gate = Gate::new();
    receiver.answer_all(Fault::Held(gate.clone()));
    post(&world, "live", 1).await;
    gate.wait_for_held(1).await;
    let replay = start(&world, id, &["other"]).await.replay.id;
    wait_until("the stream goes first", async || is_limited(replay).await).await;
    assert!(replayed(&receiver.requests(), replay).is_empty());
    gate.open();
    assert_eq!(
        wait_until_finished(&world, id, replay).await.sent,
        u64::try_from(EVENTS / 6).unwrap()
    );
    assert_eq!(waits(replay).await, None);
}

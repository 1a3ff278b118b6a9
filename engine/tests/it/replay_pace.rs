//! How many requests of a replay are in flight, beside its stream and after failures.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use receivers::{Answer, Fault, Receiver, Request};

use crate::it::{
    replay::{assert_each_once_in_order, id_of, old_ids, replayed, start, wait_until_finished, with_old_events},
    world::World,
};

fn is_replayed(request: &Request) -> bool {
    request.headers.contains_key("x-audit-streams-replay")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_distant_receiver_gets_many_requests_each_entity_in_order() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 3_000).await;
    let highest = Arc::new(AtomicUsize::new(0));
    let (seen, count) = (Arc::clone(&highest), AtomicUsize::new(0));
    receiver.script(move |request| {
        seen.fetch_max(request.in_flight + 1, Ordering::Relaxed);
        // Later requests are often answered before earlier ones.
        let number = count.fetch_add(1, Ordering::Relaxed);
        let more = u64::try_from(number * 7 % 5).unwrap();
        Some(Answer::from(200).after(Duration::from_millis(20 + more)).into())
    });
    let replay = start(&world, id, &[]).await.replay.id;
    let progress = wait_until_finished(&world, id, replay).await;
    assert_eq!((progress.sent, progress.refused), (3_000, 0));
    assert_each_once_in_order(&replayed(&receiver.requests(), replay), &old_ids(0..3_000, "all"));
    let highest = highest.load(Ordering::Relaxed);
    println!("{highest} in flight at the highest");
    assert!((4..=50).contains(&highest), "{highest} of 50 entities");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_among_many_in_flight_lose_and_park_nothing() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 2_000).await;
    let count = AtomicUsize::new(0);
    receiver.script(move |request| {
        if !is_replayed(request) {
            return None;
        }
        let number = count.fetch_add(1, Ordering::Relaxed);
        Some(match number % 700 {
            300 => Fault::from(503),
            500 => Fault::Close,
            600 => Fault::Reset,
            _ => Answer::from(200).after(Duration::from_millis(10)).into(),
        })
    });
    let replay = start(&world, id, &[]).await.replay.id;
    let progress = wait_until_finished(&world, id, replay).await;
    assert_eq!((progress.sent, progress.refused), (2_000, 0));
    let accepted = |request: &&Request| matches!(&request.fault, Some(Fault::Answer(answer)) if answer.status == 200);
    let requests = replayed(&receiver.requests(), replay);
    let mut accepted: Vec<String> = requests.iter().filter(accepted).map(id_of).collect();
    accepted.sort_unstable();
    let mut expected = old_ids(0..2_000, "all");
    expected.sort_unstable();
    assert_eq!(accepted, expected, "each was accepted once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_with_many_in_flight_loses_nothing() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 2_000).await;
    receiver.script(|request| is_replayed(request).then(|| Answer::from(200).after(Duration::from_millis(30)).into()));
    let replay = start(&world, id, &[]).await.replay.id;
    receiver
        .wait_for("many are in flight", |requests| {
            requests
                .iter()
                .any(|request| is_replayed(request) && request.in_flight >= 4)
        })
        .await;
    let world = world.crash().await;
    let progress = wait_until_finished(&world, id, replay).await;
    assert_eq!((progress.sent, progress.refused), (2_000, 0), "each is counted once");
    let mut sent: Vec<String> = replayed(&receiver.requests(), replay).iter().map(id_of).collect();
    sent.sort_unstable();
    sent.dedup();
    let mut expected = old_ids(0..2_000, "all");
    expected.sort_unstable();
    assert_eq!(sent, expected, "each was sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_waits_as_long_as_it_is_asked_to() {
    const ASKED: Duration = Duration::from_secs(2);
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = with_old_events(&world, &receiver, 500).await;
    let count = AtomicUsize::new(0);
    receiver.script(move |request| {
        let number = is_replayed(request).then(|| count.fetch_add(1, Ordering::Relaxed))?;
        let delay = Duration::from_millis(20);
        Some(match number {
            200 => Answer::from(503).with_header("retry-after", "2").into(),
            _ => Answer::from(200).after(delay).into(),
        })
    });
    let replay = start(&world, id, &[]).await.replay.id;
    assert_eq!(wait_until_finished(&world, id, replay).await.sent, 500);
    let requests = replayed(&receiver.requests(), replay);
    let refused = requests
        .iter()
        .position(|request| matches!(&request.fault, Some(Fault::Answer(answer)) if answer.status == 503));
    let after = &requests[refused.unwrap()..];
    // The first pause between two requests that is long: what was sent before the answer has arrived by then.
    let gap = after.windows(2).map(|pair| pair[1].at - pair[0].at).max().unwrap();
    assert!(gap >= ASKED - Duration::from_millis(500), "{gap:?}");
}

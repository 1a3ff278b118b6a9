//! A stream that is backing off sends one request at a time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::clock::Clock;
use domain::{Timestamp, health::StreamHealth};
use receivers::{Answer, Fault, Receiver, Request};

use super::http::{accepted, post, refused};
use crate::it::world::{World, wait_until};

fn is_backing_off(health: &StreamHealth) -> bool {
    matches!(health, StreamHealth::Retrying { .. })
}

/// 503, after so many milliseconds.
fn slow(milliseconds: u64) -> Fault {
    Answer::from(503).after(Duration::from_millis(milliseconds)).into()
}

fn assert_alone(probes: &[Request]) {
    for (number, probe) in probes.iter().enumerate() {
        assert_eq!(
            probe.in_flight,
            0,
            "probe {number} of {}: {}",
            probes.len(),
            probe.text()
        );
    }
}

/// What was sent before is waited for, whatever asks for a probe.
#[tokio::test]
async fn a_probe_waits_for_what_was_sent_before() {
    let down = Arc::new(AtomicUsize::new(usize::MAX));
    let is_noticed = Arc::new(AtomicBool::new(false));
    let (number, noticed) = (Arc::clone(&down), Arc::clone(&is_noticed));
    let receiver = Receiver::scripted(move |_| match number.load(Ordering::SeqCst) {
        usize::MAX => None,
        // One fails at once, in a way that is no chance, and the others that were sent together with it take their time.
        _ => match number.fetch_add(1, Ordering::SeqCst) {
            0 => Some(429.into()),
            _ if noticed.load(Ordering::SeqCst) => Some(slow(50)),
            _ => Some(slow(1_500)),
        },
    })
    .await;
    let world = World::new().await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let concurrency = async || {
        let stream = world.engine.find_destination(id).await.unwrap().unwrap();
        stream.facts.concurrency.map_or(0, |pace| pace.limit)
    };
    let mut posted = 0;
    while concurrency().await < 8 {
        post(&world, (posted..posted + 100).map(|number| format!("fast{number}-1"))).await;
        posted += 100;
        receiver
            .wait_for("the stream is fast", |requests| accepted(requests).len() == posted)
            .await;
    }
    // Nothing is accepted from here on, so the limit does not grow: no more than these are sent together.
    let together = usize::try_from(concurrency().await).unwrap();
    down.store(0, Ordering::SeqCst);
    let before = receiver.requests().len();
    post(&world, (0..100).map(|number| format!("slow{number}-1"))).await;
    world.wait_for_health(id, "it backs off", is_backing_off).await;
    is_noticed.store(true, Ordering::SeqCst);
    wait_until("it has probed", async || {
        world.engine.retry_now(id);
        receiver.requests().len() >= before + together + 10
    })
    .await;
    let probes = receiver.requests().split_off(before + together);
    assert_alone(&probes);
}

/// A refused event is due and others wait, when the stream begins anew while the destination is down.
#[tokio::test]
async fn a_stream_that_begins_anew_in_trouble_sends_one_request_at_a_time() {
    let is_down = Arc::new(AtomicUsize::new(0));
    let judge = Arc::clone(&is_down);
    let receiver = Receiver::scripted(move |request| match judge.load(Ordering::SeqCst) {
        0 if request.text().contains("odd") => Some(422.into()),
        0 => None,
        _ => Some(slow(200)),
    })
    .await;
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let mut world = World::with_clock(clock.clone(), |config| config).await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    post(&world, ["a-odd", "b-odd", "c-1"]).await;
    wait_until("two are refused", async || refused(&world, id).await.len() == 2).await;
    is_down.store(1, Ordering::SeqCst);
    post(&world, (1..40).map(|number| format!("d{number}-1"))).await;
    world.wait_for_health(id, "it backs off", is_backing_off).await;
    clock.advance(Duration::from_secs(60));
    for round in 0..4 {
        let before = receiver.requests().len();
        match round {
            3 => world = world.restart().await,
            _ => drop(world.edit(id, |edit| edit.name = format!("SIEM {round}")).await),
        }
        let begun = receiver.requests().len();
        wait_until("it has probed", async || {
            world.engine.retry_now(id);
            receiver.requests().len() >= begun + 4
        })
        .await;
        assert_alone(&receiver.requests()[before..]);
    }
}

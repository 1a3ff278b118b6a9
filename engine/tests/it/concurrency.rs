//! How many requests are in flight: with receivers that are far away, that are overloaded, and that fail.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::clock::Clock;
use domain::{Field, destination::DestinationDraft, ids::DestinationId};
use receivers::{Answer, Fault, Receiver};
use serde_json::{Value, json};

use crate::it::world::{World, wait_until};

fn accepted_after(delay: Duration) -> Fault {
    Answer::from(200).after(delay).into()
}

/// Posts events about so many entities in turn; `number` counts the events of each.
async fn post(world: &World, entities: usize, events: usize) {
    for first in (0..events).step_by(1_000) {
        let batch = (first..events.min(first + 1_000)).map(|number| {
            json!({
                "event_type": "test", "id": format!("e{number}"), "entity_type": "Project",
                "entity_id": (number % entities).to_string(), "number": number / entities,
            })
        });
        let batch = serde_json::to_vec(&batch.collect::<Vec<_>>()).unwrap();
        world.engine.ingest("tests", batch.into()).await.unwrap();
    }
}

/// Waits until so many events of tests are delivered.
async fn delivered(world: &World, id: DestinationId, events: usize) {
    // The destination's own audit event is one more.
    let expected = u64::try_from(events).unwrap() + 1;
    wait_until("the events are delivered", async || {
        world.engine.stream_totals(id).delivered >= expected
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_distant_receiver_gets_many_requests_at_a_time() {
    let highest = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&highest);
    let receiver = Receiver::scripted(move |request| {
        seen.fetch_max(request.in_flight + 1, Ordering::Relaxed);
        Some(accepted_after(Duration::from_millis(100)))
    })
    .await;
    let world = World::new().await;
    let id = world.add_destination("distant", &receiver.url()).await;
    post(&world, 1_000, 10_000).await;
    wait_until("far more than 16 requests are in flight", async || {
        let state = world.engine.find_destination(id).await.unwrap().unwrap();
        let concurrency = state.facts.concurrency.unwrap();
        highest.load(Ordering::Relaxed) >= 64 && concurrency.limit >= 64 && concurrency.in_flight >= 32
    })
    .await;
    delivered(&world, id, 10_000).await;
    assert!(highest.load(Ordering::Relaxed) <= 256);
    let totals = world.engine.stream_totals(id);
    assert_eq!((totals.failed.as_slice(), totals.backoffs), (&[][..], 0));
    wait_until("nothing is in flight", async || {
        let state = world.engine.find_destination(id).await.unwrap().unwrap();
        state.facts.concurrency.unwrap().in_flight == 0
    })
    .await;
}

/// A receiver that works on so many requests at a time, each for so long; others wait.
async fn queueing(workers: usize, service: Duration) -> (Receiver, Arc<Mutex<Vec<usize>>>) {
    let free_at = Mutex::new(VecDeque::from(vec![Instant::now(); workers]));
    let in_flight = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&in_flight);
    let receiver = Receiver::scripted(move |request| {
        seen.lock().unwrap().push(request.in_flight + 1);
        let (mut free_at, now) = (free_at.lock().unwrap(), Instant::now());
        // Each takes equally long, so the one that began first is free first.
        let done_at = free_at.pop_front().unwrap().max(now) + service;
        free_at.push_back(done_at);
        Some(accepted_after(done_at - now))
    })
    .await;
    (receiver, in_flight)
}

/// How busy such a receiver is kept is measured in simulated time (`engine::delivery::pace`): here, the other tests of the machine
/// take part in the latencies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_whose_latency_grows_under_load_is_not_pushed_over() {
    const WORKERS: usize = 20;
    let (receiver, in_flight) = queueing(WORKERS, Duration::from_millis(100)).await;
    let world = World::new().await;
    let id = world.add_destination("queueing", &receiver.url()).await;
    post(&world, 1_000, 1_600).await;
    delivered(&world, id, 1_600).await;
    let highest = in_flight.lock().unwrap().iter().copied().max().unwrap();
    println!("{highest} in flight at the highest");
    // With a latency that does not grow, 256 would be in flight by far less events.
    assert!((WORKERS / 2..=6 * WORKERS).contains(&highest), "{highest}");
    let totals = world.engine.stream_totals(id);
    assert_eq!((totals.failed.as_slice(), totals.backoffs), (&[][..], 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_answers_503_above_a_number_of_requests_rarely_has_to() {
    const MOST: usize = 20;
    let (refused_at, started) = (Arc::new(Mutex::new(Vec::new())), Instant::now());
    let refused = Arc::clone(&refused_at);
    let receiver = Receiver::scripted(move |request| {
        if request.in_flight >= MOST {
            refused.lock().unwrap().push(Instant::now());
            return Some(503.into());
        }
        Some(accepted_after(Duration::from_millis(20)))
    })
    .await;
    let world = World::new().await;
    let id = world.add_destination("limited", &receiver.url()).await;
    post(&world, 1_000, 5_000).await;
    delivered(&world, id, 5_000).await;
    let refused = refused_at.lock().unwrap();
    // The first overload may hit as many as were in flight beyond the limit; from then on, the stream stays below it, and tries one
    // more every ten seconds at the most.
    let seconds = started.elapsed().as_secs();
    println!("{} answered 503 in {seconds} s", refused.len());
    let bound = 40 + 4 * usize::try_from(seconds / 10 + 1).unwrap();
    assert!((1..=bound).contains(&refused.len()), "{} in {seconds} s", refused.len());
    assert_eq!(world.engine.stream_totals(id).parked, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_failure_among_many_successes_stops_no_other_event() {
    let count = AtomicUsize::new(0);
    let receiver = Receiver::scripted(move |_| {
        Some(match count.fetch_add(1, Ordering::Relaxed) % 2_000 {
            500 => Fault::from(500),
            1_000 => Fault::Reset,
            1_500 => Fault::from(409),
            _ => accepted_after(Duration::from_millis(20)),
        })
    })
    .await;
    let world = World::new().await;
    let mut draft = DestinationDraft::http("faulty", receiver.url());
    assert!(draft.target.set_text(Field::RetryStatuses, "409".to_owned()));
    let id = world.add(&draft).await;
    post(&world, 1_000, 4_000).await;
    delivered(&world, id, 4_000).await;
    let totals = world.engine.stream_totals(id);
    let failed: u64 = totals.failed.iter().map(|(_, count)| *count).sum();
    // A reset of a connection that was used before is repeated as a part of the same attempt.
    assert!(failed >= 4, "{failed}");
    assert_eq!((totals.backoffs, totals.parked), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_an_entity_keep_their_order_among_many_in_flight_and_failures() {
    const ENTITIES: usize = 300;
    const EVENTS: usize = 12_000;
    let (count, highest) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let accepted = Arc::new(Mutex::new(HashMap::<String, Vec<u64>>::new()));
    let (seen, taken) = (Arc::clone(&highest), Arc::clone(&accepted));
    let receiver = Receiver::scripted(move |request| {
        seen.fetch_max(request.in_flight + 1, Ordering::Relaxed);
        let number = count.fetch_add(1, Ordering::Relaxed);
        let fault = match (number % 997, number % 4_000) {
            (500, _) => Some(Fault::from(503)),
            (_, 3_000) => Some(Fault::Close),
            (_, 3_999) => Some(Fault::Reset),
            _ => None,
        };
        if fault.is_some() {
            return fault;
        }
        let event: Value = serde_json::from_str(request.text()).unwrap();
        if let Some(number) = event["number"].as_u64() {
            let entity = event["entity_id"].as_str().unwrap().to_owned();
            taken.lock().unwrap().entry(entity).or_default().push(number);
        }
        // Later requests are often answered before earlier ones.
        Some(accepted_after(Duration::from_millis(
            10 + u64::try_from(number * 7 % 4).unwrap(),
        )))
    })
    .await;
    let world = World::with_clock(Clock::machine().with_speed(50), |config| config).await;
    let id = world.add_destination("failing", &receiver.url()).await;
    post(&world, ENTITIES, EVENTS).await;
    delivered(&world, id, EVENTS).await;
    // On a busy machine, latencies of ten milliseconds vary so much that the limit stays low.
    assert!(highest.load(Ordering::Relaxed) >= 8, "{highest:?}");
    assert!(!world.engine.stream_totals(id).failed.is_empty());
    let accepted = accepted.lock().unwrap();
    assert_eq!(accepted.len(), ENTITIES);
    for (entity, numbers) in accepted.iter() {
        assert!(
            numbers.is_sorted_by(|before, after| before < after),
            "{entity}: {numbers:?}"
        );
        assert_eq!(numbers.len(), EVENTS / ENTITIES, "{entity}");
    }
}

/// Posts events about so many entities, and waits until many are in flight to a receiver that answers each after a while.
async fn with_many_in_flight(world: &World, receiver: &Receiver) -> DestinationId {
    let id = world.add_destination("busy", &receiver.url()).await;
    post(world, 500, 6_000).await;
    receiver
        .wait_for("many are in flight", |requests| {
            requests.iter().any(|request| request.in_flight >= 16)
        })
        .await;
    id
}

/// What was accepted of each entity, in order.
type Accepted = Arc<Mutex<HashMap<String, Vec<u64>>>>;

fn note(accepted: &Accepted, body: &str) {
    let event: Value = serde_json::from_str(body).unwrap();
    if let Some(number) = event["number"].as_u64() {
        let entity = event["entity_id"].as_str().unwrap().to_owned();
        accepted.lock().unwrap().entry(entity).or_default().push(number);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_with_many_in_flight_loses_nothing_and_keeps_the_order() {
    let accepted = Accepted::default();
    let noted = Arc::clone(&accepted);
    let receiver = Receiver::scripted(move |request| {
        note(&noted, request.text());
        Some(accepted_after(Duration::from_millis(60)))
    })
    .await;
    let world = World::new().await;
    let id = with_many_in_flight(&world, &receiver).await;
    let before = receiver.requests().len();
    let world = world.crash().await;
    wait_until("everything is acknowledged", async || {
        world.engine.backlog_of(&world.stored(id).await) == Some(0)
    })
    .await;
    let repeated = receiver.requests().len() - 6_001;
    println!("{before} requests before the crash, {repeated} of them repeated");
    for (entity, numbers) in accepted.lock().unwrap().iter() {
        // A repeat begins with something that was sent before, and goes on from there.
        let mut highest = None;
        for number in numbers {
            assert!(
                *number <= highest.map_or(0, |highest| highest + 1),
                "{entity}: {numbers:?}"
            );
            highest = highest.max(Some(*number));
        }
        assert_eq!(highest, Some(11), "{entity}: {numbers:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_with_many_in_flight_waits_as_long_as_it_is_asked_to() {
    const ASKED: Duration = Duration::from_secs(2);
    let is_refused = Arc::new(AtomicUsize::new(0));
    let refused = Arc::clone(&is_refused);
    let receiver = Receiver::scripted(move |request| {
        if request.in_flight >= 16 && refused.fetch_add(1, Ordering::Relaxed) == 0 {
            return Some(Answer::from(503).with_header("retry-after", "2").into());
        }
        Some(accepted_after(Duration::from_millis(60)))
    })
    .await;
    let world = World::new().await;
    let id = with_many_in_flight(&world, &receiver).await;
    delivered(&world, id, 6_000).await;
    let requests = receiver.requests();
    let is_refused =
        |request: &receivers::Request| matches!(&request.fault, Some(Fault::Answer(answer)) if answer.status == 503);
    let refused = requests.iter().position(is_refused).unwrap();
    let gap = requests[refused..].windows(2).map(|pair| pair[1].at - pair[0].at).max();
    assert!(gap.unwrap() >= ASKED - Duration::from_millis(500), "{gap:?}");
    assert_eq!(world.engine.stream_totals(id).backoffs, 1);
}

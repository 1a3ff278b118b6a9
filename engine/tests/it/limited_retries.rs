//! Events that failed before, where the settings of a destination limit the requests: they neither break the limits nor keep new events
//! waiting.

use std::time::{Duration, Instant};

use domain::{Field, Timestamp, destination::DestinationDraft};
use receivers::{Answer, Fault, Gate, Receiver, Request};
use serde_json::json;

use crate::{
    clock::Clock,
    it::{
        limits,
        refused_room::Filled,
        world::{World, wait_until},
    },
};

fn draft(receiver: &Receiver, values: &[(Field, &str)]) -> DestinationDraft {
    let mut draft = DestinationDraft::http("SIEM", receiver.url());
    for (field, text) in values {
        assert!(draft.target.set_text(*field, (*text).to_owned()));
    }
    draft
}

/// Posts all events at once, each about an entity of its own.
async fn post(world: &World, ids: impl IntoIterator<Item = String>) {
    post_about(world, ids.into_iter().map(|id| (id.clone(), id))).await;
}

/// Posts all events at once, by their ids and entities.
async fn post_about(world: &World, events: impl IntoIterator<Item = (String, String)>) {
    let event = |(id, entity)| json!({"event_type": "test", "id": id, "entity_type": "Project", "entity_id": entity});
    let events: Vec<_> = events.into_iter().map(event).collect();
    let posted = world
        .engine
        .ingest("tests", serde_json::to_vec(&events).unwrap().into());
    posted.await.unwrap();
}

/// So many have these words in them.
fn count(requests: &[Request], text: &str) -> usize {
    requests.iter().filter(|request| request.text().contains(text)).count()
}

const NEW: usize = 10;

/// Of 30 rejected events that are due at once, and 10 new ones. One request is in flight at a time.
async fn new_events_take_turns_with_rejected_ones(values: &[(Field, &str)]) {
    const REJECTED: usize = 30;
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
    receiver.answer_bodies_with("odd-", 422);
    let mut draft = draft(&receiver, values);
    for (field, text) in [(Field::MaxConcurrency, "1"), (Field::RequestTimeout, "120")] {
        assert!(draft.target.set_text(field, text.to_owned()));
    }
    let id = world.add(&draft).await;
    let halves = (0..2 * REJECTED).map(|number| match number % 2 {
        0 => format!("odd-{number}"),
        _ => format!("even-{number}"),
    });
    post(&world, halves).await;
    let database = world.engine.database();
    wait_until("half of them are rejected", async || {
        let retrying = database.count_refused(id).await.unwrap().retrying;
        usize::try_from(retrying).unwrap() == REJECTED && world.engine.backlog_of(&world.stored(id).await) == Some(0)
    })
    .await;
    // It takes the only request in flight until all the others are there and due.
    let gate = Gate::new();
    let held = gate.clone();
    receiver.script(move |request| {
        let is_first = request.text().contains("first;");
        is_first.then(|| Fault::Held(held.clone()))
    });
    post(&world, ["first;".to_owned()]).await;
    gate.wait_for_held(1).await;
    // A read of the new ones may still be under way when it passes: it takes less time than the retries.
    receiver.answer_bodies_with("odd-", Answer::from(422).after(Duration::from_millis(100)));
    let before = receiver.requests().len();
    world.engine.clock().advance(Duration::from_secs(11));
    post(&world, (0..NEW).map(|number| format!("new-{number};"))).await;
    gate.open();
    let requests = receiver
        .wait_until("the new ones arrive", |requests| count(requests, "new-") == NEW)
        .await;
    let is_new = |request: &Request| request.text().contains("new-");
    let first = requests.iter().position(is_new).unwrap();
    let last = requests.iter().rposition(is_new).unwrap();
    let retried = count(&requests[first..last], "odd-");
    assert!(
        (1..=NEW).contains(&retried),
        "{retried} were retried between {NEW} new ones"
    );
    receiver
        .wait_for("all are retried", |requests| {
            count(&requests[before..], "odd-") == REJECTED
        })
        .await;
    assert_eq!(world.engine.stream_totals(id).backoffs, 0);
}

#[tokio::test]
async fn new_events_take_turns_with_rejected_ones_where_one_request_is_allowed() {
    new_events_take_turns_with_rejected_ones(&[]).await;
}

#[tokio::test]
async fn new_events_take_turns_with_rejected_ones_at_a_low_rate() {
    new_events_take_turns_with_rejected_ones(&[(Field::MaxRate, "40")]).await;
}

#[tokio::test]
async fn what_is_retried_during_a_backoff_waits_for_the_rate() {
    const RATE: usize = 100;
    let filled = Filled::with(&[(Field::MaxRate, "100")]).await;
    filled.fill().await;
    let (before, began) = (filled.receiver.requests().len(), Instant::now());
    // Some of those that are kept: none of them is probed with.
    let is_retried = |request: &Request| (0..50).any(|number| request.text().contains(&format!("odd-{number}\"")));
    filled.wait_until_parked().await;
    let requests = filled.receiver.requests();
    let times: Vec<Instant> = requests[before..]
        .iter()
        .filter(|request| is_retried(request))
        .map(|request| request.at)
        .collect();
    assert!(times.len() >= 100, "{}", times.len());
    let took = *times.last().unwrap() - began;
    let least = Duration::from_secs(1) * u32::try_from(times.len() - 3).unwrap() / u32::try_from(RATE).unwrap();
    assert!(took >= least, "{} in {took:?}", times.len());
    // The stream owes nothing for its probes.
    filled.receiver.accept_bodies_with("odd-");
    filled.world.engine.retry_now(filled.id);
    filled.wait_until_accepted("\"even-").await;
}

#[tokio::test]
async fn pausing_and_resuming_a_stream_that_waits_for_its_rate_loses_nothing() {
    const EVENTS: usize = 60;
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world
        .add(&draft(
            &receiver,
            &[(Field::MaxRate, "1"), (Field::MaxConcurrency, "1")],
        ))
        .await;
    post(&world, (0..EVENTS).map(|number| format!("event-{number};"))).await;
    let sent = || count(&receiver.requests(), "event-");
    receiver
        .wait_for("one arrives", |requests| count(requests, "event-") >= 1)
        .await;
    let running = world.stored(id).await.stream_state;
    let paused = domain::destination::StreamState {
        paused: true,
        ..running
    };
    world.set_stream_state(id, paused).await;
    let concurrency = async || {
        let stream = world.engine.find_destination(id).await.unwrap().unwrap();
        stream.facts.concurrency
    };
    wait_until("it stops", async || concurrency().await.is_none()).await;
    let before = sent();
    assert!(before < EVENTS, "{before}");
    world.set_stream_state(id, running).await;
    receiver
        .wait_for("it goes on", |requests| count(requests, "event-") > before)
        .await;
    // The rest need not take a minute.
    limits::change(&world, id, &[(Field::MaxRate, "")]).await;
    wait_until("nothing waits", async || {
        world.engine.backlog_of(&world.stored(id).await) == Some(0)
    })
    .await;
    for number in 0..EVENTS {
        assert_eq!(count(&receiver.requests(), &format!("event-{number};")), 1, "{number}");
    }
}

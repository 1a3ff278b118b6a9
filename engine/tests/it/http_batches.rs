//! Batches over HTTP: their formats, when they are sent, and that a repeat is the same.

use std::{
    cell::Cell,
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    clock::Clock,
    sink::{Batch, Signer},
};
use domain::{Field, destination::DestinationDraft, ids::DestinationId};
use receivers::{Answer, Fault, Receiver, Request};
use serde_json::{Value, json};

use crate::it::{
    replay::{post_old, start, wait_until_finished},
    world::{World, author, wait_until},
};

fn draft(receiver: &Receiver, values: &[(Field, &str)]) -> DestinationDraft {
    let mut draft = DestinationDraft::http("SIEM", receiver.url());
    for (field, value) in values {
        draft.target.set_text(*field, (*value).to_owned());
    }
    draft
}

const LINES: (Field, &str) = (Field::RequestFormat, "json_lines");

pub(crate) fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

pub(crate) fn unpacked(request: &Request) -> String {
    let mut text = String::new();
    match header(request, "content-encoding") {
        "gzip" => {
            let mut decoder = flate2::read::GzDecoder::new(&*request.body);
            decoder.read_to_string(&mut text).unwrap();
        }
        "zstd" => {
            let mut decoder = zstd::Decoder::new(&*request.body).unwrap();
            decoder.read_to_string(&mut text).unwrap();
        }
        _ => request.text().clone_into(&mut text),
    }
    text
}

/// Ids of the events of tests in one request, in their order.
pub(crate) fn ids(request: &Request) -> Vec<String> {
    let text = unpacked(request);
    let events: Vec<Value> = match header(request, "content-type") {
        "application/json" => serde_json::from_str(&text).unwrap(),
        _ => text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
    };
    let of_tests = events.iter().filter(|event| event["event_type"] == "test");
    of_tests.map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn accepted_ids(requests: &[Request]) -> Vec<String> {
    let accepted = requests.iter().filter(|request| match &request.fault {
        Some(Fault::Answer(answer)) => answer.status.is_success(),
        _ => request.was_accepted(),
    });
    accepted.flat_map(ids).collect()
}

pub(crate) fn names(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("e{number};")).collect()
}

/// The event about the destination itself has arrived, and nothing is in flight.
async fn added(world: &World, receiver: &Receiver, values: &[(Field, &str)]) -> DestinationId {
    world.add_and_wait(&draft(receiver, values)).await
}

#[tokio::test]
async fn each_format_and_compression_arrives_in_order_and_signed() {
    let world = World::new().await;
    for (format, content_type) in [
        ("json_array", "application/json"),
        ("json_lines", "application/x-ndjson"),
    ] {
        for compression in ["none", "gzip", "zstd"] {
            let receiver = Receiver::start().await;
            let mut draft = draft(
                &receiver,
                &[(Field::RequestFormat, format), (Field::Compression, compression)],
            );
            draft.name = format!("{format} {compression}");
            let id = world.add(&draft).await;
            let prefix = format!("{format}-{compression}-");
            let sent: Vec<String> = (0..60).map(|number| format!("{prefix}{number}")).collect();
            world.post("1", sent.clone()).await;
            let requests = receiver
                .wait_until("all of them", |requests| accepted_ids(requests).len() >= 60)
                .await;
            assert_eq!(accepted_ids(&requests), sent);
            let signer = Signer::new(world.stored(id).await.target.values.text(Field::SigningSecret)).unwrap();
            for request in &requests {
                let encoding = if compression == "none" { "" } else { compression };
                assert_eq!(header(request, "content-encoding"), encoding);
                assert_eq!(header(request, "content-type"), content_type);
                assert!(header(request, "webhook-id").starts_with("batch_"));
                let (id, timestamp) = (header(request, "webhook-id"), header(request, "webhook-timestamp"));
                let signature = signer.sign(id, timestamp, &request.body);
                assert_eq!(header(request, "webhook-signature"), signature);
            }
            world.engine.delete_destination(&author(), id).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_batch_that_is_not_full_waits_only_after_another_one() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let values = [LINES, (Field::BatchEvents, "10"), (Field::BatchWait, "3000")];
    let id = added(&world, &receiver, &values).await;
    receiver.answer_bodies_with("\"e0;\"", Answer::from(200).after(Duration::from_millis(300)));
    world.post("1", names(0..1)).await;
    receiver
        .wait_for("nothing was sent before it, so it does not wait", |requests| {
            requests.iter().any(|request| ids(request) == ["e0;"])
        })
        .await;
    let before = Instant::now();
    world.post("1", names(1..26)).await;
    let requests = receiver
        .wait_until("everything is sent", |requests| accepted_ids(requests).len() >= 26)
        .await;
    let waited = requests.last().unwrap().at - before;
    assert!(waited >= Duration::from_secs(3), "{waited:?}");
    let sizes: Vec<usize> = requests
        .iter()
        .map(|request| ids(request).len())
        .filter(|size| *size > 0)
        .collect();
    assert_eq!(sizes, [1, 10, 10, 5]);
    assert_eq!(accepted_ids(&requests), names(0..26));
    wait_until("it is acknowledged", async || {
        world.engine.backlog_of(&world.stored(id).await) == Some(0)
    })
    .await;
}

/// Requests with this event and others.
fn tries<'requests>(requests: &'requests [Request], id: &str) -> Vec<&'requests Request> {
    let tries = requests.iter().filter(|request| {
        let ids = ids(request);
        ids.len() > 1 && ids.iter().any(|other| other == id)
    });
    tries.collect()
}

#[tokio::test]
async fn a_repeat_has_the_same_bytes_id_and_signature() {
    const FAILURES: usize = 6;
    for fault in [Fault::from(401), Fault::from(503), Fault::from(500), Fault::Reset] {
        let clock = Clock::machine().with_speed(20);
        let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
        added(&world, &receiver, &[LINES, (Field::Compression, "gzip")]).await;
        // Single events are tried, too, but the destination recovers when the whole batch is.
        let (failed, answer) = (AtomicUsize::new(0), fault.clone());
        receiver.script(move |request| {
            let is_whole = ids(request).len() > 1;
            let failed = failed.fetch_add(usize::from(is_whole), Ordering::Relaxed);
            (failed < FAILURES || (failed == FAILURES && !is_whole)).then(|| answer.clone())
        });
        world.post("1", names(0..40)).await;
        let requests = receiver
            .wait_until("it is accepted", |requests| accepted_ids(requests).len() >= 40)
            .await;
        assert_eq!(accepted_ids(&requests), names(0..40), "{fault:?}");
        let tries = tries(&requests, "e0;");
        assert_eq!(tries.len(), FAILURES + 1, "{fault:?}");
        for repeat in &tries[1..] {
            assert_eq!(repeat.body, tries[0].body);
            for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
                assert_eq!(header(repeat, name), header(tries[0], name), "{name}");
            }
        }
    }
}

#[tokio::test]
async fn a_batch_with_an_event_that_always_fails_is_broken_up_once_another_is_accepted() {
    for (poison, fault) in [
        ("e0;", Fault::from(503)),
        ("e7;", Fault::from(500)),
        ("e39;", Fault::from(403)),
        ("e8;", Fault::Reset),
    ] {
        let clock = Clock::machine().with_speed(20);
        let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
        added(&world, &receiver, &[LINES]).await;
        receiver.answer_bodies_with(&format!("\"{poison}\""), fault.clone());
        world.post("1", names(0..40)).await;
        let requests = receiver
            .wait_until("the others are accepted", |requests| accepted_ids(requests).len() >= 39)
            .await;
        let first = requests.iter().position(|request| ids(request).len() == 1).unwrap();
        let whole = requests.iter().filter(|request| ids(request).len() == 40).count();
        assert!(
            whole >= 3 && first >= 4,
            "{fault:?}: {whole} whole, {first} before a single event"
        );
        let mut accepted = accepted_ids(&requests);
        accepted.sort_unstable();
        let mut expected = names(0..40);
        expected.retain(|name| name != poison);
        expected.sort_unstable();
        assert_eq!(accepted, expected, "{fault:?}: each was accepted once");
    }
}

/// Posts an event, and waits until something was sent since.
async fn post_one(world: &World, receiver: &Receiver, entity: &str, number: usize) {
    let before = receiver.requests().len();
    world.post(entity, names(number..number + 1)).await;
    receiver
        .wait_for("something is sent", |requests| requests.len() > before)
        .await;
}

#[tokio::test]
async fn events_that_come_one_by_one_during_an_outage_arrive_in_order() {
    const EVENTS: usize = 12;
    for fault in [Fault::from(503), Fault::from(500), Fault::Reset] {
        let clock = Clock::machine().with_speed(20);
        let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
        let id = added(&world, &receiver, &[LINES]).await;
        // Later events are tried, too, but the destination recovers when the first one is.
        let (may_recover, is_down) = (Arc::new(AtomicBool::new(false)), AtomicBool::new(true));
        let (may, answer) = (Arc::clone(&may_recover), fault.clone());
        receiver.script(move |request| {
            if may.load(Ordering::SeqCst) && ids(request) == ["e0;"] {
                is_down.store(false, Ordering::SeqCst);
            }
            is_down.load(Ordering::SeqCst).then(|| answer.clone())
        });
        for number in 0..EVENTS {
            post_one(&world, &receiver, "1", number).await;
        }
        may_recover.store(true, Ordering::SeqCst);
        world.engine.retry_now(id);
        let requests = receiver
            .wait_until("they are accepted", |requests| accepted_ids(requests).len() >= EVENTS)
            .await;
        assert_eq!(accepted_ids(&requests), names(0..EVENTS), "{fault:?}");
    }
}

#[tokio::test]
async fn a_single_event_that_always_fails_is_set_aside_once_others_are_accepted() {
    for fault in [Fault::from(503), Fault::from(403), Fault::Reset] {
        let clock = Clock::machine().with_speed(20);
        let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
        let id = added(&world, &receiver, &[LINES]).await;
        receiver.answer_bodies_with("\"e0;\"", fault.clone());
        post_one(&world, &receiver, "1", 0).await;
        let mut number = 0;
        let refused = async || world.engine.database().list_refused(id).await.unwrap();
        while refused().await.is_empty() {
            number += 1;
            world.post("2", names(number..number + 1)).await;
            receiver
                .wait_for("it is accepted", |requests| accepted_ids(requests).len() == number)
                .await;
        }
        assert_eq!(accepted_ids(&receiver.requests()), names(1..number + 1), "{fault:?}");
    }
}

/// Gives the destination these values in place of those that it has.
async fn change(world: &World, id: DestinationId, draft: &DestinationDraft) {
    let stored = world.stored(id).await;
    let change = draft.parse_change().unwrap();
    let author = author();
    let changed = world.engine.update_destination(&author, id, stored.version, change);
    changed.await.unwrap();
}

#[tokio::test]
async fn a_stored_batch_that_is_larger_than_what_is_read_ahead_is_sent() {
    const EVENTS: usize = 9;
    let (world, receiver) = (World::new().await, Receiver::start().await);
    // It is closed when all of them are there.
    let large = [
        LINES,
        (Field::BatchBytes, "10485760"),
        (Field::BatchEvents, "9"),
        (Field::BatchWait, "60000"),
    ];
    let id = added(&world, &receiver, &large).await;
    receiver.answer_all(429);
    let details = json!({"custom_message": "x".repeat(1_000_000)});
    let events: Vec<_> = names(0..EVENTS)
        .into_iter()
        .map(|id| json!({"id": id, "event_type": "test", "entity_type": "Project", "entity_id": "1", "details": details}))
        .collect();
    let events = serde_json::to_vec(&events).unwrap();
    world.engine.ingest("tests", events.into()).await.unwrap();
    receiver
        .wait_for("all of them are in one batch", |requests| {
            requests.iter().any(|request| ids(request).len() == EVENTS)
        })
        .await;
    let small = draft(&receiver, &[LINES, (Field::BatchBytes, "1048576")]);
    change(&world, id, &small).await;
    receiver.accept_all();
    world.engine.retry_now(id);
    let requests = receiver
        .wait_until("they are accepted", |requests| accepted_ids(requests).len() >= EVENTS)
        .await;
    assert_eq!(accepted_ids(&requests), names(0..EVENTS));
}

#[tokio::test]
async fn changed_settings_apply_to_a_stored_batch() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = added(&world, &receiver, &[LINES]).await;
    receiver.answer_all(429);
    world.post("1", names(0..40)).await;
    let stored = async || world.engine.database().read_cursor(id).await.unwrap().unwrap().batch;
    let events_of = |batch: Batch| batch.last.get() - batch.first.get() + 1;
    let first = Cell::new(None);
    wait_until("the batch is stored", async || {
        let whole = stored().await.filter(|batch| events_of(*batch) == 40);
        first.set(whole.map(|batch| batch.first));
        whole.is_some()
    })
    .await;
    // The first part of it, but no repeat of the whole batch that is still on its way.
    receiver.script(|request| (ids(request) != names(0..15)).then(|| 429.into()));
    change(&world, id, &draft(&receiver, &[LINES, (Field::BatchEvents, "15")])).await;
    world.engine.retry_now(id);
    let requests = receiver
        .wait_until("a part of it is accepted", |requests| {
            !accepted_ids(requests).is_empty()
        })
        .await;
    assert_eq!(accepted_ids(&requests), names(0..15));
    wait_until("the next part is stored", async || {
        stored()
            .await
            .is_some_and(|batch| Some(batch.first) > first.get() && events_of(batch) == 15)
    })
    .await;
    change(&world, id, &draft(&receiver, &[])).await;
    wait_until("no batch is stored", async || stored().await.is_none()).await;
    receiver.accept_all();
    world.engine.retry_now(id);
    wait_until("everything is acknowledged", async || {
        world.engine.backlog_of(&world.stored(id).await) == Some(0)
    })
    .await;
    assert_eq!(stored().await, None);
}

#[tokio::test]
async fn after_a_crash_the_same_batch_is_sent_again() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = added(&world, &receiver, &[LINES, (Field::RequestTimeout, "120")]).await;
    receiver.answer_all(Fault::Hang);
    world.post("1", names(0..40)).await;
    let first = receiver
        .wait_until("it is in flight", |requests| {
            requests.iter().any(|request| !ids(request).is_empty())
        })
        .await;
    let first = first.iter().find(|request| !ids(request).is_empty()).unwrap().clone();
    // Not a part of it, however soon it is sent again.
    world.post("1", names(40..60)).await;
    receiver.accept_all();
    let world = world.crash().await;
    let requests = receiver
        .wait_until("everything is accepted", |requests| accepted_ids(requests).len() >= 60)
        .await;
    let again = requests
        .iter()
        .filter(|request| header(request, "webhook-id") == header(&first, "webhook-id"));
    assert!(again.clone().count() >= 2 && again.clone().all(|request| request.body == first.body));
    assert_eq!(
        accepted_ids(&requests),
        names(0..60),
        "each was accepted once, in order"
    );
    wait_until("it is acknowledged", async || {
        world.engine.backlog_of(&world.stored(id).await) == Some(0)
    })
    .await;
}

#[tokio::test]
async fn one_event_that_is_refused_is_parked_alone() {
    for status in [413, 422] {
        let clock = Clock::set_at(domain::Timestamp::from_unix_ms(1_800_000_000_000));
        let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
        let id = added(&world, &receiver, &[LINES, (Field::BatchWait, "10")]).await;
        receiver.answer_bodies_with("\"e37;\"", status);
        world.post("1", names(0..100)).await;
        world.park_what_is_refused(id).await;
        let parked = world.engine.database().list_parked(id, None, 9).await.unwrap();
        assert_eq!(parked.len(), 1, "{status}");
        let before = domain::ids::Seq::new(parked[0].seq.get() - 1);
        let event = world.engine.log().read_after(before, 1, 1 << 20).await.unwrap();
        assert_eq!(event[0].id.as_str(), "e37;");
        let requests = receiver
            .wait_until("the others are accepted", |requests| accepted_ids(requests).len() >= 99)
            .await;
        let mut accepted = accepted_ids(&requests);
        accepted.sort_unstable();
        let mut expected = names(0..100);
        expected.retain(|name| name != "e37;");
        expected.sort_unstable();
        assert_eq!(accepted, expected, "each of the others was accepted once");
    }
}

#[tokio::test]
async fn a_replay_sends_batches_too() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = added(&world, &receiver, &[LINES, (Field::BatchEvents, "100")]).await;
    post_old(&world, 0..250).await;
    wait_until("the stream has sent them", async || {
        world.engine.backlog_of(&world.stored(id).await) == Some(0)
    })
    .await;
    let replay = start(&world, id, &[]).await.replay.id;
    assert_eq!(wait_until_finished(&world, id, replay).await.sent, 250);
    let requests = receiver.requests();
    let of_replay = requests
        .iter()
        .filter(|request| request.headers.contains_key("x-audit-streams-replay"));
    let sizes: Vec<usize> = of_replay.map(|request| unpacked(request).lines().count()).collect();
    assert_eq!(sizes, [100, 100, 50]);
}

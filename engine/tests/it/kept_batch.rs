//! A crash while a single event is tried in place of a batch that keeps failing.

use std::collections::BTreeSet;

use domain::{
    Field,
    destination::{DestinationDraft, ObjectLayout},
    ids::DestinationId,
};
use receivers::{Fault, Gate, Receiver, Request, s3::Refusal};

use crate::{
    clock::Clock,
    it::{
        delivery::numbered,
        http_batches::{accepted_ids, header, ids, names},
        poison::batches::unpacked,
        s3::{Storage, named},
        world::{World, wait_until},
    },
    sink::{Batch, SinkServices},
    store::Cursor,
};

const EVENTS: usize = 40;

fn events_of(batch: Batch) -> i64 {
    batch.last.get() - batch.first.get() + 1
}

async fn cursor(world: &World, id: DestinationId) -> Cursor {
    world.engine.database().read_cursor(id).await.unwrap().unwrap()
}

/// Both are stored: the single event and the batch that it is tried in place of.
async fn assert_both_stored(world: &World, id: DestinationId) {
    let cursor = cursor(world, id).await;
    assert_eq!(
        (cursor.batch.map(events_of), cursor.kept.map(events_of)),
        (Some(1), Some(40))
    );
}

fn is_whole(request: &Request) -> bool {
    ids(request).len() == EVENTS
}

#[tokio::test]
async fn an_endpoint_gets_the_batch_again_as_it_was() {
    for (format, compression) in [("json_lines", "gzip"), ("json_array", "none")] {
        let world = World::with_clock(Clock::machine().with_speed(20), |config| config).await;
        let receiver = Receiver::start().await;
        let mut draft = DestinationDraft::http("SIEM", receiver.url());
        draft.target.set_text(Field::RequestFormat, format.to_owned());
        draft.target.set_text(Field::Compression, compression.to_owned());
        draft.target.set_text(Field::RequestTimeout, "120".to_owned());
        let id = world.add_and_wait(&draft).await;
        let gate = Gate::new();
        let held = gate.clone();
        receiver.script(move |request| {
            let fault = if is_whole(request) {
                Fault::from(503)
            } else {
                Fault::Held(held.clone())
            };
            Some(fault)
        });
        world.post("1", names(0..EVENTS)).await;
        gate.wait_for_held(1).await;
        assert_both_stored(&world, id).await;
        // Not a part of it, however soon it is sent again.
        world.post("1", names(EVENTS..60)).await;
        receiver.accept_all();
        let before = receiver.requests().len();
        let world = world.crash().await;
        let requests = receiver
            .wait_until("everything is accepted", |requests| accepted_ids(requests).len() >= 60)
            .await;
        assert_eq!(
            accepted_ids(&requests),
            names(0..60),
            "each was accepted once, in order"
        );
        assert!(is_whole(&requests[before]), "it comes first");
        let tries: Vec<&Request> = requests.iter().filter(|request| is_whole(request)).collect();
        assert!(tries.len() >= 4, "{}", tries.len());
        for again in &tries[1..] {
            assert_eq!(again.body, tries[0].body);
            for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
                assert_eq!(header(again, name), header(tries[0], name), "{name}");
            }
        }
        wait_until("nothing is kept", async || {
            let cursor = cursor(&world, id).await;
            (cursor.batch, cursor.kept) == (None, None)
        })
        .await;
    }
}

#[tokio::test]
async fn a_second_crash_changes_nothing() {
    let world = World::with_clock(Clock::machine().with_speed(20), |config| config).await;
    let receiver = Receiver::start().await;
    let mut draft = DestinationDraft::http("SIEM", receiver.url());
    draft.target.set_text(Field::RequestFormat, "json_lines".to_owned());
    draft.target.set_text(Field::RequestTimeout, "120".to_owned());
    let mut world = {
        let id = world.add_and_wait(&draft).await;
        let gate = Gate::new();
        let held = gate.clone();
        receiver.script(move |request| {
            let fault = if is_whole(request) {
                Fault::from(503)
            } else {
                Fault::Held(held.clone())
            };
            Some(fault)
        });
        world.post("1", names(0..EVENTS)).await;
        gate.wait_for_held(1).await;
        assert_both_stored(&world, id).await;
        world
    };
    receiver.answer_all(Fault::Hang);
    for _ in 0..2 {
        let before = receiver.requests().len();
        world = world.crash().await;
        receiver
            .wait_for("it is sent again", |requests| requests.len() > before)
            .await;
    }
    receiver.accept_all();
    let before = receiver.requests().len();
    let _world = world.crash().await;
    let requests = receiver
        .wait_until("it is accepted", |requests| accepted_ids(requests).len() >= EVENTS)
        .await;
    assert_eq!(accepted_ids(&requests), names(0..EVENTS));
    assert!(is_whole(&requests[before]));
    let of_batches: BTreeSet<&str> = requests
        .iter()
        .filter(|request| ids(request).len() > 1)
        .map(|request| header(request, "webhook-id"))
        .collect();
    assert_eq!(of_batches.len(), 1, "it was never another batch");
}

#[tokio::test]
async fn a_bucket_holds_each_event_once() {
    let storage = Storage::start().await;
    let soon = |config: crate::EngineConfig| crate::EngineConfig {
        services: SinkServices {
            batch_age: std::time::Duration::from_millis(50),
            ..SinkServices::usual().unwrap()
        },
        ..config
    };
    let world = World::with_clock(Clock::machine().with_speed(20), soon).await;
    let target = storage
        .draft(ObjectLayout::Batches)
        .with([(Field::RequestTimeout, "120")]);
    let id = world.add_and_wait(&named(target)).await;
    storage.server.script_objects(|body| {
        let lines = unpacked(body).iter().filter(|byte| **byte == b'\n').count();
        Some(if lines > 1 {
            Refusal::SlowDown.into()
        } else {
            Fault::HangAfterStoring
        })
    });
    world.post("1", numbered(0..EVENTS)).await;
    // The event about the destination, and the one that is tried.
    wait_until("a single event is an object", async || storage.objects().len() == 2).await;
    assert_both_stored(&world, id).await;
    storage.server.serve_again();
    let world = world.crash_with(soon).await;
    wait_until("everything is acknowledged", async || {
        let cursor = cursor(&world, id).await;
        cursor.acknowledged == world.engine.log().last_seq() && cursor.batch.is_none()
    })
    .await;
    let objects = storage.objects().into_values().map(|object| unpacked(&object));
    let stored: String = objects.map(|object| String::from_utf8(object).unwrap()).collect();
    for number in 0..EVENTS {
        assert_eq!(stored.matches(&format!("\"e{number}\"")).count(), 1, "e{number}");
    }
}

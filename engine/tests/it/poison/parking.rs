//! Events that an administrator has parked while their streams were stuck at them.

use std::time::Duration;

use crate::{EngineConfig, admin::AdminError, delivery::ParkError, sink::SinkServices};
use domain::{
    destination::{DestinationDraft, ObjectLayout},
    health::StreamHealth,
    ids::{DestinationId, Seq},
};
use receivers::{Fault, Receiver};

use super::{
    batches::{contains, unpacked},
    http::{TYPE, accepted, assert_order, failing, post, posted, refused},
};
use crate::it::{
    s3::{Storage, named},
    world::{World, author, wait_until},
};

/// Receives events of one type alone, so that there is no evidence but theirs.
async fn add_alone(world: &World, receiver: &Receiver) -> DestinationId {
    let draft = DestinationDraft {
        event_types: vec![TYPE.to_owned()],
        ..DestinationDraft::http("SIEM", receiver.url())
    };
    world.add(&draft).await
}

/// Waits until the stream is stuck at an event, and parks it.
async fn park_what_is_stuck(world: &World, id: DestinationId) -> Seq {
    loop {
        let is_stuck = |health: &StreamHealth| stuck_at(health).is_some();
        let health = world.wait_for_health(id, "it is stuck at an event", is_stuck).await;
        let seq = stuck_at(&health).unwrap();
        match world.engine.park_event(&author(), id, seq).await {
            Ok(()) => return seq,
            // The next probe is under way.
            Err(error) if error == ParkError::InFlight.into() => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

const fn stuck_at(health: &StreamHealth) -> Option<Seq> {
    match health {
        StreamHealth::Retrying { stuck_seq, .. } => *stuck_seq,
        _ => None,
    }
}

/// How many of the instance's own events say that an event was parked.
async fn count_park_events(world: &World) -> usize {
    let events = world.engine.log().read_after(Seq::START, 1_000, 1 << 20).await.unwrap();
    let parked = events
        .iter()
        .filter(|event| event.event_type.as_str() == "failing_audit_event_parked");
    parked.count()
}

/// Whoever knows that it is the event need not wait for another one to show it. What is answered is stored.
#[tokio::test]
async fn an_administrator_parks_what_a_stream_is_stuck_at() {
    let receiver = Receiver::scripted(failing(vec![("poison", Fault::from(503))])).await;
    let world = World::new().await;
    let id = add_alone(&world, &receiver).await;
    post(&world, ["a-poison"]).await;
    let seq = park_what_is_stuck(&world, id).await;
    // Nothing but what was stored is known after this.
    let world = world.crash().await;
    let parked = world.engine.database().list_parked(id, None, 9).await.unwrap();
    assert_eq!(parked.iter().map(|parked| parked.seq).collect::<Vec<_>>(), [seq]);
    let reason = &parked[0].reason;
    assert!(
        reason.contains("503") && reason.ends_with("Parked by an administrator."),
        "{reason}"
    );
    assert_eq!(parked[0].response, "no thanks");
    wait_until("it is on record", async || count_park_events(&world).await == 1).await;
    let tries = posted(&receiver.requests()).len();
    post(&world, ["a-1", "b-2"]).await;
    receiver
        .wait_for("the others have arrived", |requests| accepted(requests).len() == 2)
        .await;
    assert_eq!(
        posted(&receiver.requests()).len(),
        tries + 2,
        "what is parked is not sent again"
    );
    let again = world.engine.park_event(&author(), id, seq).await;
    assert_eq!(again, Err(ParkError::NotStuck.into()));
}

/// 429 makes no event a suspect, so nothing but an administrator ends this. The event waits at the head of its stream until then.
#[tokio::test]
async fn what_is_rate_limited_for_ever_is_parked_by_hand() {
    let receiver = Receiver::scripted(failing(vec![("poison", Fault::from(429))])).await;
    let world = World::new().await;
    let id = add_alone(&world, &receiver).await;
    post(&world, ["a-1poison", "b-2", "b-3"]).await;
    let seq = park_what_is_stuck(&world, id).await;
    receiver
        .wait_for("the others have arrived", |requests| accepted(requests).len() == 2)
        .await;
    let parked = world.engine.database().list_parked(id, None, 9).await.unwrap();
    assert_eq!(parked.iter().map(|parked| parked.seq).collect::<Vec<_>>(), [seq]);
    assert!(parked[0].reason.contains("429"), "{}", parked[0].reason);
}

/// An entity whose events all fail: each that is parked leads on to the next, and what comes after them is delivered without a restart.
#[tokio::test]
async fn a_stream_goes_on_after_what_is_parked() {
    let receiver = Receiver::scripted(failing(vec![("poison", Fault::from(503))])).await;
    let world = World::new().await;
    let id = add_alone(&world, &receiver).await;
    post(&world, ["a-1poison", "a-2poison", "a-3poison"]).await;
    let mut parked = Vec::new();
    for _ in 0..3 {
        parked.push(park_what_is_stuck(&world, id).await);
    }
    parked.sort();
    let stored = world.engine.database().list_parked(id, None, 9).await.unwrap();
    assert_eq!(stored.iter().rev().map(|parked| parked.seq).collect::<Vec<_>>(), parked);
    assert_eq!(count_park_events(&world).await, 3);
    world
        .wait_for_health(id, "nothing is left", |health| {
            matches!(health, StreamHealth::NothingToSend)
        })
        .await;
    post(&world, (4..20).map(|number| format!("a-{number}"))).await;
    receiver
        .wait_for("all others have arrived", |requests| accepted(requests).len() == 16)
        .await;
    assert_order(&accepted(&receiver.requests()));
    assert_eq!(refused(&world, id).await, []);
    let cursor = async || world.engine.database().read_cursor(id).await.unwrap().unwrap();
    wait_until("everything is acknowledged", async || {
        cursor().await.acknowledged == world.engine.log().last_seq()
    })
    .await;
    assert!(cursor().await.acknowledged_above.is_empty());
}

/// Only what is stuck can be parked.
#[tokio::test]
async fn nothing_else_is_parked() {
    let receiver = Receiver::scripted(failing(vec![("poison", Fault::from(503))])).await;
    let world = World::new().await;
    let id = add_alone(&world, &receiver).await;
    post(&world, ["a-1"]).await;
    receiver
        .wait_for("it has arrived", |requests| accepted(requests).len() == 1)
        .await;
    let last = world.engine.log().last_seq();
    let healthy = world.engine.park_event(&author(), id, last).await;
    assert_eq!(healthy, Err(ParkError::NotStuck.into()));
    post(&world, ["a-poison"]).await;
    let is_stuck = |health: &StreamHealth| stuck_at(health).is_some();
    world.wait_for_health(id, "it is stuck at an event", is_stuck).await;
    for other in [last, Seq::new(1_000)] {
        let other = world.engine.park_event(&author(), id, other).await;
        assert_eq!(other, Err(ParkError::NotStuck.into()));
    }
    let unknown = world.engine.park_event(&author(), DestinationId::new(99), last).await;
    assert_eq!(unknown, Err(AdminError::NotFound));
    assert_eq!(world.engine.database().list_parked(id, None, 9).await.unwrap(), []);
    assert_eq!(count_park_events(&world).await, 0);
}

/// An event that is a batch of its own by then, and with it the batch. The others are stored, each once.
#[tokio::test]
async fn batches_go_on_without_what_is_parked() {
    let storage = Storage::start().await;
    storage.server.script_objects(|body| {
        let is_poison = contains(&unpacked(body), "poison");
        is_poison.then(|| 503.into())
    });
    let soon = |config: EngineConfig| EngineConfig {
        services: SinkServices {
            batch_age: Duration::from_millis(50),
            ..config.services
        },
        ..config
    };
    let world = World::with(soon).await;
    let draft = DestinationDraft {
        event_types: vec![TYPE.to_owned()],
        ..named(storage.draft(ObjectLayout::Batches))
    };
    let id = world.add(&draft).await;
    post(&world, ["a-1poison", "b-2poison"]).await;
    let mut parked = [
        park_what_is_stuck(&world, id).await,
        park_what_is_stuck(&world, id).await,
    ];
    parked.sort();
    let world = world.restart_with(soon).await;
    let stored = world.engine.database().list_parked(id, None, 9).await.unwrap();
    assert_eq!(stored.iter().rev().map(|parked| parked.seq).collect::<Vec<_>>(), parked);
    post(&world, (3..40).map(|number| format!("a-{number}"))).await;
    let cursor = async || world.engine.database().read_cursor(id).await.unwrap().unwrap();
    wait_until("everything is acknowledged", async || {
        cursor().await.acknowledged == world.engine.log().last_seq()
    })
    .await;
    assert_eq!(cursor().await.batch, None);
    let objects = storage.objects().into_values().map(|body| unpacked(&body));
    let objects: String = objects.map(|body| String::from_utf8(body).unwrap()).collect();
    for number in 3..40 {
        assert_eq!(objects.matches(&format!("\"a-{number}\"")).count(), 1, "a-{number}");
    }
    assert!(!objects.contains("poison"));
}

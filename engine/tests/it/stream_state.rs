//! Switching a stream off and on, limiting it to groups and projects, and asking for the same destination twice.

use std::time::Duration;

use crate::{Addition, admin::AdminError, store::IdempotencyKey};
use domain::{
    Field,
    destination::{DestinationDraft, HeaderDraft, StreamCommand, StreamState},
    health::StreamHealth,
    ids::DestinationId,
    view::{RetryOutcome, Visibility},
};
use receivers::{Fault, Receiver, Request};
use serde_json::json;

use crate::it::{
    delivery::{ids, numbered},
    world::{World, author, wait_until},
};

const PAUSED: StreamState = StreamState {
    active: true,
    paused: true,
};
const INACTIVE: StreamState = StreamState {
    active: false,
    paused: false,
};

fn has_all(requests: &[Request], wanted: std::ops::Range<usize>) -> bool {
    let ids = ids(requests);
    numbered(wanted).all(|id| ids.contains(&id))
}

fn said(requests: &[Request], message: &str) -> bool {
    requests.iter().any(|request| request.text().contains(message))
}

/// Whether an event tells, in GitLab's words, that a namespace filter was added or removed.
fn said_of(requests: &[Request], done: &str, path: &str) -> bool {
    let message = format!("{done} namespace filter for instance audit event streaming destination.");
    let namespace = format!("\"namespace\":\"{path}\"");
    let mut bodies = requests.iter().map(Request::text);
    bodies.any(|body| body.contains(&message) && body.contains(&namespace))
}

#[tokio::test]
async fn what_comes_in_during_a_pause_is_sent_after_it() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", numbered(0..5)).await;
    receiver
        .wait_until("the first", |requests| has_all(requests, 0..5))
        .await;

    world.set_stream_state(id, PAUSED).await;
    world.post("1", numbered(5..20)).await;
    // Its own event, and the fifteen.
    let is_waiting = |health: &StreamHealth| *health == StreamHealth::Paused { waiting: 16 };
    world.wait_for_health(id, "they wait", is_waiting).await;
    let world = world.restart().await;
    world.wait_for_health(id, "they wait on", is_waiting).await;
    assert!(
        receiver
            .requests()
            .iter()
            .all(|request| !request.text().contains("Paused"))
    );

    world.set_stream_state(id, StreamState::default()).await;
    let requests = receiver
        .wait_until("the others, and what tells of it", |requests| {
            has_all(requests, 5..20) && said(requests, "Resumed the stream")
        })
        .await;
    assert!(said(&requests, "Paused the stream"));
    let sent = ids(&requests);
    let mut once = sent.clone();
    once.sort();
    once.dedup();
    assert_eq!(sent.len(), once.len(), "nothing came twice");
}

#[tokio::test]
async fn a_retry_reports_what_came_of_it() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_all(404);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world
        .wait_for_health(id, "it backs off", |health| {
            matches!(health, StreamHealth::Retrying { .. })
        })
        .await;
    let trouble = "endpoint not found (404)".to_owned();
    let outcome = world.engine.retry_and_wait(id).await.unwrap();
    assert_eq!(outcome, RetryOutcome::Failed { trouble });
    receiver.accept_all();
    assert_eq!(world.engine.retry_and_wait(id).await.unwrap(), RetryOutcome::Accepted);
    let unknown = world.engine.retry_and_wait(DestinationId::new(99)).await;
    assert!(matches!(unknown, Err(AdminError::NotFound)));
}

#[tokio::test]
async fn an_inactive_destination_says_since_when_and_what_it_misses() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let before = world.engine.clock().now();
    let off = world
        .engine
        .command_stream(&author(), id, StreamCommand::Deactivate)
        .await;
    assert_eq!(off.unwrap().health, StreamHealth::Inactive);
    world.post("1", numbered(0..5)).await;
    let state = world.engine.find_destination(id).await.unwrap().unwrap();
    let inactive = state.facts.inactive.unwrap();
    // With the event about the deactivation.
    assert_eq!(inactive.not_sent, 6);
    assert!(inactive.since >= before && inactive.since <= world.engine.clock().now());
    let health = state.view(Visibility::Form).health;
    assert_eq!((health.since, health.not_sent), (Some(inactive.since), Some(6)));
    let on = world
        .engine
        .command_stream(&author(), id, StreamCommand::Activate)
        .await
        .unwrap();
    assert_eq!(on.facts.inactive, None);
    assert_eq!(on.view(Visibility::Form).health.not_sent, None);
}

#[tokio::test]
async fn what_comes_in_while_it_is_inactive_is_not_owed_but_what_was_owed_before_is() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let other = Receiver::start().await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.add_destination("Other", &other.url()).await;
    receiver.answer_all(503);
    world.post("1", numbered(0..5)).await;
    world
        .wait_for_health(id, "it backs off", |health| {
            matches!(health, StreamHealth::Retrying { .. })
        })
        .await;

    world.set_stream_state(id, INACTIVE).await;
    world
        .wait_for_health(id, "it is off", |health| *health == StreamHealth::Inactive)
        .await;
    receiver.accept_all();
    world.post("1", numbered(5..10)).await;
    other
        .wait_until("the other has them", |requests| has_all(requests, 0..10))
        .await;
    let world = world.restart().await;
    world
        .wait_for_health(id, "it stays off", |health| *health == StreamHealth::Inactive)
        .await;

    world.set_stream_state(id, StreamState::default()).await;
    world.post("1", numbered(10..15)).await;
    let requests = receiver
        .wait_until("what is owed", |requests| {
            let accepted: Vec<Request> = requests
                .iter()
                .filter(|request| request.was_accepted())
                .cloned()
                .collect();
            has_all(&accepted, 0..5) && has_all(&accepted, 10..15)
        })
        .await;
    let sent = ids(&requests);
    assert!(numbered(5..10).all(|id| !sent.contains(&id)), "{sent:?}");
    other
        .wait_until("the other is told", |requests| {
            said(requests, "Changed active from true to false") && said(requests, "Changed active from false to true")
        })
        .await;
    // When all of it is acknowledged, the cursor is one position again, and the span is forgotten.
    wait_until("the cursor is compact", async || {
        let cursor = world.engine.database().read_cursor(id).await.unwrap().unwrap();
        cursor.acknowledged == world.engine.log().last_seq() && cursor.acknowledged_above.is_empty()
    })
    .await;
}

#[tokio::test]
async fn an_inactive_destination_keeps_nothing_in_the_log() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_all(Fault::Hang);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let owed = async || world.engine.database().undelivered_after().await.unwrap();
    let before = owed().await;
    assert!(before.is_some());
    world.set_stream_state(id, PAUSED).await;
    assert_eq!(owed().await, before, "a paused one is still owed everything");
    world.set_stream_state(id, INACTIVE).await;
    assert_eq!(owed().await, None);
}

#[tokio::test]
async fn what_left_the_log_in_the_meantime_does_not_stop_the_stream() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_all(503);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", numbered(0..5)).await;
    world.set_stream_state(id, INACTIVE).await;
    let gone = world.engine.log().last_seq();
    let later = world.engine.clock().now().plus(Duration::from_secs(1));
    assert!(world.engine.log().prune(later, gone).await.unwrap().deleted > 0);

    receiver.accept_all();
    world.set_stream_state(id, StreamState::default()).await;
    world.post("1", numbered(5..10)).await;
    receiver
        .wait_until("what is still there", |requests| has_all(requests, 5..10))
        .await;
    wait_until("nothing is owed", async || {
        let cursor = world.engine.database().read_cursor(id).await.unwrap().unwrap();
        cursor.acknowledged == world.engine.log().last_seq()
    })
    .await;
}

#[tokio::test]
async fn a_log_that_ends_before_what_is_not_owed_is_too_old() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_all(503);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.set_stream_state(id, INACTIVE).await;
    world.post("1", numbered(0..5)).await;
    let end = world.engine.log().last_seq();
    world.set_stream_state(id, StreamState::default()).await;
    let furthest = world.engine.database().furthest_cursor().await.unwrap();
    assert!(furthest.is_some_and(|furthest| furthest >= end), "{furthest:?} {end}");
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_not_stored() {
    let world = World::new().await;
    let id = world.add_destination("SIEM", "http://127.0.0.1:9/").await;
    let before = world.stored(id).await;
    let end = world.engine.log().last_seq();
    world.edit(id, |_| {}).await;
    world.set_stream_state(id, StreamState::default()).await;
    assert_eq!(world.stored(id).await, before);
    assert_eq!(world.engine.log().last_seq(), end, "there is nothing to tell");
}

#[tokio::test]
async fn headers_can_be_put_in_another_order() {
    let world = World::new().await;
    let id = world.add_destination("SIEM", "http://127.0.0.1:9/").await;
    let header = |name: &str| HeaderDraft {
        name: name.into(),
        value: Some("v".into()),
        ..HeaderDraft::new()
    };
    world
        .edit(id, |edit| edit.headers = vec![header("X-A"), header("X-B")])
        .await;
    world.edit(id, |edit| edit.headers.reverse()).await;
    let stored = world.stored(id).await;
    let headers = &stored.target.headers;
    let names: Vec<&str> = headers.iter().map(|header| header.name.as_str()).collect();
    assert_eq!(names, ["X-B", "X-A"]);
}

#[tokio::test]
async fn the_answer_to_a_change_tells_how_the_stream_is_from_now_on() {
    let world = World::new().await;
    let id = world.add_destination("SIEM", "http://127.0.0.1:9/").await;
    let has_started = |health: &StreamHealth| *health != StreamHealth::Starting;
    world.wait_for_health(id, "it has started", has_started).await;
    let paused = world.set_stream_state(id, PAUSED).await.health;
    assert!(matches!(paused, StreamHealth::Paused { .. }), "{paused:?}");
    assert_eq!(
        world.set_stream_state(id, INACTIVE).await.health,
        StreamHealth::Inactive
    );
}

#[tokio::test]
async fn only_the_chosen_groups_and_projects_are_sent() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world
        .edit(id, |edit| edit.namespaces = "engineering, sales/crm".into())
        .await;
    let stored = world.stored(id).await;
    let event = |id: &str, entity_type: &str, path: &str| json!({"event_type": "test", "id": id, "entity_type": entity_type, "entity_id": 1, "entity_path": path});
    let events = json!([
        event("group", "Group", "engineering"),
        event("below", "Project", "engineering/web/app"),
        event("beside", "Project", "engineering-two/web"),
        event("project", "Project", "Sales/CRM"),
        event("above", "Group", "sales"),
        event("user", "User", "ada"),
        event("last", "Group", "engineering"),
    ]);
    let body = serde_json::to_vec(&events).unwrap();
    world.engine.ingest("tests", body.into()).await.unwrap();
    let requests = receiver
        .wait_until("the last, and what tells of the filter", |requests| {
            let ids = ids(requests);
            ["group", "below", "project", "user", "last"]
                .iter()
                .all(|id| ids.iter().any(|sent| sent == id))
                && ["engineering", "sales/crm"]
                    .iter()
                    .all(|path| said_of(requests, "Created", path))
        })
        .await;
    let sent = ids(&requests);
    for (id, is_sent) in [
        ("group", true),
        ("below", true),
        ("beside", false),
        ("project", true),
        ("above", false),
        ("user", true),
    ] {
        assert_eq!(sent.iter().any(|sent| sent == id), is_sent, "{id}");
    }

    world.edit(id, |edit| edit.namespaces = "sales/crm".into()).await;
    let kept = world.stored(id).await.namespaces;
    assert_eq!(kept.len(), 1);
    assert!(stored.namespaces.contains(&kept[0]), "a namespace keeps its id");
    receiver
        .wait_until("what tells of it", |requests| {
            said_of(requests, "Deleted", "engineering")
        })
        .await;
}

#[tokio::test]
async fn a_replaced_verification_token_goes_with_what_is_sent_next() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let signing = world
        .stored(id)
        .await
        .target
        .values
        .text(Field::SigningSecret)
        .to_owned();
    world
        .edit(id, |edit| edit.verification_token = Some("another-token-12345".into()))
        .await;
    world.post("1", ["next".to_owned()]).await;
    let requests = receiver
        .wait_until("the next, and what tells of the token", |requests| {
            ids(requests).iter().any(|id| id == "next") && said(requests, "Replaced the verification token")
        })
        .await;
    let next = requests
        .iter()
        .find(|request| request.text().contains("\"next\""))
        .unwrap();
    assert_eq!(next.headers["x-gitlab-event-streaming-token"], "another-token-12345");
    assert!(!said(&requests, "another-token"), "no event tells a secret");
    let world = world.restart().await;
    let values = world.stored(id).await.target.values;
    assert_eq!(values.text(Field::VerificationToken), "another-token-12345");
    assert_eq!(values.text(Field::SigningSecret), signing);
}

#[tokio::test]
async fn the_same_request_under_the_same_key_adds_one_destination() {
    let world = World::new().await;
    let key = |owner: &str, fingerprint: u8| IdempotencyKey {
        owner: owner.into(),
        key: "k1".into(),
        fingerprint: [fingerprint; 32],
    };
    let add = async |name: &str, key: &IdempotencyKey| {
        let new = DestinationDraft::http(name, format!("http://127.0.0.1:9/{name}"))
            .parse_new()
            .unwrap();
        world.engine.create_destination_once(&author(), new, key).await
    };
    let Ok(Addition::Added(first)) = add("one", &key("a", 1)).await else {
        panic!("not added")
    };
    let Ok(Addition::Repeated(Some(again))) = add("one", &key("a", 1)).await else {
        panic!("not repeated")
    };
    assert_eq!(first.destination, again.destination);
    assert!(matches!(add("one", &key("a", 2)).await, Err(AdminError::KeyReused)));
    assert!(matches!(add("two", &key("b", 1)).await, Ok(Addition::Added(_))));
    let (id, version) = (first.destination.id, first.destination.version);
    let changed = world
        .engine
        .delete_destination_version(&author(), id, version + 1)
        .await;
    assert!(matches!(changed, Err(AdminError::ChangedMeanwhile)), "{changed:?}");
    let deleted = world.engine.delete_destination_version(&author(), id, version).await;
    deleted.unwrap();
    assert!(matches!(add("one", &key("a", 1)).await, Ok(Addition::Repeated(None))));
    assert_eq!(world.engine.list_destinations().await.unwrap().len(), 1);
}

//! One event a request: HTTP endpoints.

use std::{
    collections::{BTreeSet, HashMap},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use crate::{EngineConfig, clock::Clock, sink::SinkServices, store::RefusedEvent};
use domain::{Timestamp, destination::DestinationDraft, health::StreamHealth, ids::DestinationId};
use receivers::{Answer, Fault, Receiver, Request};
use serde_json::{Value, json};

use super::batches::{deadline_of, fast};
use crate::it::world::{World, wait_until};

pub(super) const TYPE: &str = "user_blocked";

fn id_of(body: &str) -> String {
    serde_json::from_str::<Value>(body).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Posts events with these ids in one request, each about the entity that its id begins with: `b-7` about `b`.
pub(super) async fn post<I: Into<String>>(world: &World, ids: impl IntoIterator<Item = I>) {
    let event = |id: String| {
        let entity = id.split('-').next().unwrap().to_owned();
        json!({"id": id, "event_type": TYPE, "entity_type": "Project", "entity_id": entity})
    };
    let events: Vec<_> = ids.into_iter().map(|id| event(id.into())).collect();
    let body = serde_json::to_vec(&events).unwrap();
    world.engine.ingest("tests", body.into()).await.unwrap();
}

/// Accepts everything but events whose id ends with one of these words.
pub(super) fn failing(over: Vec<(&'static str, Fault)>) -> impl Fn(&Request) -> Option<Fault> {
    move |request| {
        let id = id_of(request.text());
        let poison = over.iter().find(|(suffix, _)| id.ends_with(suffix));
        poison.map(|(_, fault)| fault.clone())
    }
}

/// 503 with a `Retry-After` of so many seconds.
pub(super) fn later(seconds: u64) -> Fault {
    Answer::from(503).with_header("retry-after", seconds.to_string()).into()
}

pub(super) fn found() -> Fault {
    Answer::redirect(302, "/elsewhere").into()
}

/// The ids of the events of the tests.
pub(super) fn posted<'a>(requests: impl IntoIterator<Item = &'a Request>) -> Vec<String> {
    let bodies = requests.into_iter().map(Request::text);
    bodies
        .filter(|body| body.contains("\"event_type\":\"user_blocked\""))
        .map(id_of)
        .collect()
}

pub(super) fn accepted(requests: &[Request]) -> Vec<String> {
    posted(requests.iter().filter(|request| request.was_accepted()))
}

pub(super) async fn refused(world: &World, id: DestinationId) -> Vec<RefusedEvent> {
    world.engine.database().list_refused(id).await.unwrap()
}

/// Each entity's events came once, in the order of their numbers.
pub(super) fn assert_order(ids: &[String]) {
    let mut last = HashMap::new();
    for id in ids {
        let (entity, number) = id.split_once('-').unwrap();
        let number: u32 = number.parse().unwrap();
        let before = last.insert(entity, number);
        assert!(
            before.is_none_or(|before| before < number),
            "{id} came after {before:?}"
        );
    }
}

/// So many requests fail at most before another event is accepted: the event that fails is tried no more than this in a row.
const MOST_IN_A_ROW: usize = 3;

/// One event fails for ever, everything else arrives, and the event is set aside with its reason.
async fn stops_nothing(fault: Fault, reason: &str) {
    // A request that came over a connection that was used before is repeated over another one.
    let most = match fault {
        Fault::Reset | Fault::Close => 2 * MOST_IN_A_ROW,
        _ => MOST_IN_A_ROW,
    };
    // A request that takes longer than the short deadline of silence is repeated, although it was accepted.
    let may_repeat = fault == Fault::Hang;
    let deadline = deadline_of(&fault, Duration::from_secs(3));
    let receiver = Receiver::scripted(failing(vec![("poison", fault)])).await;
    let services = SinkServices {
        deadline,
        ..SinkServices::usual().unwrap()
    };
    let world = World::with(|config| EngineConfig { services, ..config }).await;
    let id = world
        .add_and_wait(&DestinationDraft::http("SIEM", receiver.url()))
        .await;
    let others = (0..300).map(|number| format!("{}-{number}", ["a", "b", "c", "d"][number % 4]));
    post(&world, std::iter::once("a-poison".to_owned()).chain(others)).await;
    receiver
        .wait_for("all others have arrived", |requests| {
            accepted(requests).iter().collect::<BTreeSet<_>>().len() == 300
        })
        .await;
    if !may_repeat {
        assert_order(&accepted(&receiver.requests()));
    }
    wait_until("it is set aside", async || refused(&world, id).await.len() == 1).await;
    let refused = refused(&world, id).await.remove(0);
    assert!(refused.reason.contains(reason), "{}", refused.reason);
    assert!(refused.due_at.is_some());
    let requests = receiver.requests();
    let first = requests.iter().position(|request| !request.was_accepted()).unwrap();
    let failed = requests[first..].iter().take_while(|request| !request.was_accepted());
    let in_a_row = failed.count();
    assert!(in_a_row <= most, "{in_a_row} failed in a row");
    world
        .wait_for_health(id, "the stream works", |health| {
            matches!(health, StreamHealth::Healthy { .. })
        })
        .await;
}

macro_rules! alone {
    ($($name:ident: $fate:expr, $reason:expr;)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                stops_nothing($fate, $reason).await;
            }
        )+
    };
}

alone! {
    a_302: found(), "302";
    a_401: Fault::from(401), "401";
    a_403: Fault::from(403), "403";
    a_404: Fault::from(404), "404";
    a_500: Fault::from(500), "500";
    a_503_that_asks_to_wait: later(3), "503";
    a_reset: Fault::Reset, "The connection ended before the answer";
    a_close: Fault::Close, "The connection ended before the answer";
    silence: Fault::Hang, "No complete response within 3 seconds";
}

/// Several at once, on several entities and on one, each failing in its own way.
#[tokio::test]
async fn many_at_once_end_too() {
    let fates = vec![
        ("1000", Fault::from(403)),
        ("1001", Fault::from(500)),
        ("1002", Fault::Reset),
        ("1003", Fault::Close),
        ("1004", Fault::from(404)),
        ("1005", later(1)),
    ];
    let receiver = Receiver::scripted(failing(fates)).await;
    let world = World::with_clock(fast(), |config| config).await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    // Three of one entity, one behind the other, and three of others.
    post(&world, ["a-1000", "a-1001", "a-1002", "b-1003", "c-1004", "d-1005"]).await;
    let others = (0..400).map(|number| format!("{}-{}", ["a", "b", "c", "d", "e", "f"][number % 6], number + 2_000));
    post(&world, others).await;
    receiver
        .wait_for("all others have arrived", |requests| accepted(requests).len() == 400)
        .await;
    assert_order(&accepted(&receiver.requests()));
    wait_until("all six are set aside", async || refused(&world, id).await.len() == 6).await;
}

/// With one entity alone there is nothing to tell who is at fault but later events of the same.
#[tokio::test]
async fn an_entity_of_its_own_goes_on_past_its_first_event() {
    let receiver = Receiver::scripted(failing(vec![("-0", Fault::from(403)), ("-1", Fault::Close)])).await;
    let world = World::new().await;
    let id = world
        .add(&DestinationDraft {
            event_types: vec![TYPE.to_owned()],
            ..DestinationDraft::http("SIEM", receiver.url())
        })
        .await;
    post(&world, (0..50).map(|number| format!("a-{number}"))).await;
    receiver
        .wait_for("all others have arrived", |requests| accepted(requests).len() == 48)
        .await;
    assert_order(&accepted(&receiver.requests()));
    wait_until("both are set aside", async || refused(&world, id).await.len() == 2).await;
}

/// Without another event nobody is blamed, however long it takes; the next event that comes in is tried soon.
#[tokio::test]
async fn alone_it_waits_and_the_next_event_is_tried_soon() {
    let receiver = Receiver::scripted(failing(vec![("poison", Fault::from(500))])).await;
    let world = World::new().await;
    let draft = DestinationDraft {
        event_types: vec![TYPE.to_owned()],
        ..DestinationDraft::http("SIEM", receiver.url())
    };
    let id = world.add(&draft).await;
    post(&world, ["a-poison"]).await;
    let next_probe = || async {
        let is_pausing = |health: &StreamHealth| match health {
            StreamHealth::Retrying { next_probe_at, .. } => *next_probe_at > world.engine.clock().now(),
            _ => false,
        };
        match world.wait_for_health(id, "it pauses", is_pausing).await {
            StreamHealth::Retrying { next_probe_at, .. } => next_probe_at,
            health => panic!("{health:?}"),
        }
    };
    // Until the pause is so long that it is not waited for. A try is asked for only when the one before is over, so that none is left.
    while next_probe().await < world.engine.clock().now().plus(Duration::from_secs(120)) {
        let before = receiver.requests().len();
        world.engine.retry_now(id);
        receiver
            .wait_for("it is tried again", |requests| requests.len() > before)
            .await;
    }
    assert_eq!(refused(&world, id).await, []);
    post(&world, ["b-1"]).await;
    receiver
        .wait_for("the other has arrived", |requests| accepted(requests) == ["b-1"])
        .await;
}

/// A destination that is down costs no event its place, whatever it answers and however often it is tried.
#[tokio::test]
async fn an_outage_blames_nobody() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    let id = world
        .add_and_wait(&DestinationDraft::http("SIEM", receiver.url()))
        .await;
    receiver.answer_all(403);
    post(
        &world,
        (0..60).map(|number| format!("{}-{number}", ["a", "b", "c"][number % 3])),
    )
    .await;
    for (down, count) in [(Fault::from(403), 10), (Fault::Close, 20), (later(0), 30)] {
        receiver.answer_all(down);
        wait_until("it was tried often", async || {
            world.engine.retry_now(id) && receiver.requests().len() >= count
        })
        .await;
    }
    // Later events of an entity are tried, too, but the destination recovers when a first one is.
    let is_up = AtomicBool::new(false);
    receiver.script(move |request| {
        let is_first = ["a-0", "b-1", "c-2"].contains(&id_of(request.text()).as_str());
        is_up.fetch_or(is_first, Ordering::SeqCst);
        (!is_up.load(Ordering::SeqCst)).then(|| Fault::from(403))
    });
    world.engine.retry_now(id);
    receiver
        .wait_for("all have arrived", |requests| accepted(requests).len() == 60)
        .await;
    assert_order(&accepted(&receiver.requests()));
    assert_eq!(refused(&world, id).await, []);
    assert_eq!(world.engine.database().list_parked(id, None, 9).await.unwrap(), []);
}

/// On its later tries it stops nothing either, and each counts only if something else is accepted afterwards.
#[tokio::test]
async fn it_is_parked_with_its_reason_after_five_tries() {
    let clock = Clock::set_at(Timestamp::parse("2026-01-01T00:00:00Z").unwrap());
    let receiver = Receiver::scripted(failing(vec![("poison", Fault::from(404))])).await;
    let world = World::with_clock(clock.clone(), |config| config).await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    post(&world, ["a-poison", "a-1", "b-2", "b-3", "b-4", "b-5"]).await;
    wait_until("it is set aside", async || {
        post(&world, [format!("c-{}", receiver.requests().len())]).await;
        refused(&world, id).await.len() == 1
    })
    .await;
    for tries in 2..=5 {
        let tried = |receiver: &Receiver| {
            receiver
                .requests()
                .iter()
                .filter(|request| !request.was_accepted())
                .count()
        };
        let before = tried(&receiver);
        clock.advance(Duration::from_secs(360));
        post(&world, [format!("d-{tries}")]).await;
        wait_until("it is tried again", async || tried(&receiver) > before).await;
        let is_counted = async || {
            post(&world, [format!("e-{}", receiver.requests().len())]).await;
            let parked = world.engine.database().list_parked(id, None, 9).await.unwrap();
            let refused = refused(&world, id).await;
            refused.iter().any(|refused| refused.tries == tries) || parked.iter().any(|parked| parked.tries == tries)
        };
        wait_until("the try counts", is_counted).await;
        assert!(!matches!(
            world.engine.find_destination(id).await.unwrap().unwrap().health,
            StreamHealth::Retrying { .. }
        ));
    }
    let parked = world
        .engine
        .database()
        .list_parked(id, None, 9)
        .await
        .unwrap()
        .remove(0);
    assert!(parked.reason.contains("404"), "{}", parked.reason);
    assert_eq!(parked.response, "no thanks");
}

//! What every sink keeps, whatever it sends to: one suite, and for each kind a receiver of its own.

mod bucket;
mod cloud_logging;
mod endpoint;
mod limited;
mod proxied;

use std::{path::Path, time::Duration};

use domain::{
    destination::{DestinationDraft, FilterKind},
    health::StreamHealth,
    ids::{DestinationId, Seq},
    policy::{Trouble, Unreached},
};
use receivers::Gate;

use self::{
    bucket::{Batches, Objects},
    cloud_logging::CloudLogging,
    endpoint::{Arrays, ArraysInZstd, Endpoint, EndpointOfBatches, Lines, LinesInGzip},
    proxied::Proxied,
};
use crate::{
    EngineConfig,
    clock::Clock,
    it::world::{World, author, wait_until},
    log::PruneRequest,
    sink::SinkServices,
    store::{Cursor, CursorUpdate, RefusedEvent, Stored},
};

/// What a receiver does until it is told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ill {
    /// It can't just now.
    Unavailable,
    /// It knows nobody of that name.
    Forbidding,
    /// It takes a request and never answers.
    Silent,
}

/// The receiver of one kind of destination.
trait Counterpart: Sized {
    async fn start() -> Self;

    /// A destination that sends here.
    fn draft(&self) -> DestinationDraft;

    /// What the operator would set for it.
    fn services(&self) -> SinkServices;

    /// What must be found nowhere.
    fn secrets(&self) -> Vec<String>;

    fn fall_ill(&self, ill: Ill);

    /// Serves requests from now on only when the gate lets them pass.
    fn hold(&self, gate: &Gate);

    fn recover(&self);

    /// Refuses this event, which is posted together with one other, until it recovers.
    fn refuse(&self, id: &str);

    /// Calls one request too large. False if a request never has more than one event.
    fn find_one_request_too_large(&self) -> bool;

    /// How many requests have come.
    fn requests(&self) -> usize;

    /// How often each event with a body that is exactly one of these was kept, in the order in which they came.
    fn kept(&self, bodies: &[String]) -> Vec<String>;

    /// Panics unless everything that has come took the way that the destination says.
    async fn check_way(&self) {}
}

async fn world_of(counterpart: &impl Counterpart) -> (World, DestinationId) {
    let services = counterpart.services();
    let world = World::with(|config| EngineConfig { services, ..config }).await;
    let id = world.add_and_wait(&counterpart.draft()).await;
    (world, id)
}

/// The same, with a clock that stands still: nothing that was refused is due by itself.
async fn still_world_of(counterpart: &impl Counterpart) -> (World, DestinationId) {
    let (services, clock) = (counterpart.services(), Clock::set_at(Clock::machine().now()));
    let world = World::with_clock(clock, |config| EngineConfig { services, ..config }).await;
    let id = world.add_and_wait(&counterpart.draft()).await;
    (world, id)
}

async fn restarted(world: World, counterpart: &impl Counterpart) -> World {
    let services = counterpart.services();
    world
        .restart_within(Duration::from_millis(100), |config| EngineConfig { services, ..config })
        .await
}

/// Ids of events, each named after its entity and its number there.
fn ids(entities: usize, each: usize) -> Vec<String> {
    let numbers = 0..entities * each;
    numbers
        .map(|number| format!("e{}-{}", number % entities, number / entities))
        .collect()
}

/// Posts events with these ids, in one request; returns their bodies as they are to arrive.
async fn post(world: &World, ids: &[String]) -> Vec<String> {
    post_of_type(world, "project_updated", ids).await
}

async fn post_of_type(world: &World, event_type: &str, ids: &[String]) -> Vec<String> {
    let events: Vec<_> = ids
        .iter()
        .map(|id| {
            let entity = id.split('-').next().unwrap();
            serde_json::json!({
                "id": id,
                "event_type": event_type,
                "entity_type": "Project",
                "entity_id": entity,
                "details": {"custom_message": "ü \u{2028} \"quoted\" 1.50", "number": 12345678901234567890_u64},
            })
        })
        .collect();
    let body = serde_json::to_vec(&events).unwrap();
    world.engine.ingest("tests", body.into()).await.unwrap();
    bodies(world, ids).await
}

async fn bodies(world: &World, ids: &[String]) -> Vec<String> {
    let events = world
        .engine
        .log()
        .read_after(Seq::START, 10_000, 1 << 30)
        .await
        .unwrap();
    let posted = events
        .iter()
        .filter(|event| ids.iter().any(|id| event.id.as_str() == id));
    posted
        .map(|event| String::from_utf8(event.body.to_vec()).unwrap())
        .collect()
}

async fn all_kept(counterpart: &impl Counterpart, bodies: &[String]) -> Vec<String> {
    wait_until("every event was kept", async || {
        let kept = counterpart.kept(bodies);
        bodies.iter().all(|body| kept.contains(body))
    })
    .await;
    counterpart.check_way().await;
    counterpart.kept(bodies)
}

/// Each entity's events came in the order in which they were posted.
fn assert_in_order(kept: &[String], posted: &[String]) {
    let entity = |body: &String| {
        let (_, rest) = body.split_once("\"entity_id\":").unwrap();
        rest.split(',').next().unwrap().to_owned()
    };
    for body in posted {
        let of_entity = |list: &[String]| -> Vec<String> {
            let same = list.iter().filter(|other| entity(other) == entity(body));
            same.cloned().collect()
        };
        let mut once = of_entity(kept);
        once.dedup();
        assert_eq!(once, of_entity(posted));
    }
}

async fn delivers<C: Counterpart>() {
    let counterpart = C::start().await;
    let (world, _) = world_of(&counterpart).await;
    let posted = post(&world, &ids(7, 40)).await;
    let kept = all_kept(&counterpart, &posted).await;
    assert_eq!(kept.len(), 280, "each once, byte for byte");
    assert_in_order(&kept, &posted);
}

async fn leaves_out_what_is_denied<C: Counterpart>() {
    let counterpart = C::start().await;
    let services = counterpart.services();
    let world = World::with(|config| EngineConfig { services, ..config }).await;
    // Known from now on.
    post_of_type(&world, "noise", &["e0-noise".to_owned()]).await;
    let draft = DestinationDraft {
        event_types: vec!["noise".to_owned()],
        filter_kind: FilterKind::Deny,
        ..counterpart.draft()
    };
    world.add(&draft).await;
    let denied = post_of_type(&world, "noise", &["e1-0".to_owned(), "e2-0".to_owned()]).await;
    let posted = post(&world, &["e1-1".to_owned(), "e2-1".to_owned()]).await;
    assert_eq!(all_kept(&counterpart, &posted).await.len(), 2);
    assert_eq!(counterpart.kept(&denied), [""; 0]);
}

async fn is_held_and_goes_on<C: Counterpart>(ill: Ill, expected: fn(Trouble) -> bool) {
    let counterpart = C::start().await;
    let (world, id) = world_of(&counterpart).await;
    counterpart.fall_ill(ill);
    let posted = post(&world, &ids(3, 5)).await;
    let health = world
        .wait_for_health(id, "the stream backs off", |health| {
            matches!(health, StreamHealth::Retrying { .. })
        })
        .await;
    assert!(
        matches!(health, StreamHealth::Retrying { trouble, .. } if expected(trouble)),
        "{health:?}"
    );
    assert!(counterpart.kept(&posted).is_empty());
    counterpart.recover();
    let kept = all_kept(&counterpart, &posted).await;
    assert_in_order(&kept, &posted);
}

async fn puts_a_refused_event_aside<C: Counterpart>() {
    let counterpart = C::start().await;
    let (world, id) = still_world_of(&counterpart).await;
    let (bad, seq) = parked_event(&world, id, &counterpart).await;
    counterpart.recover();
    assert!(world.engine.retry_parked(&author(), id, seq).await.unwrap());
    all_kept(&counterpart, &[bad]).await;
    let left = async || world.engine.database().list_refused(id).await.unwrap();
    wait_until("nothing is left over", async || left().await.is_empty()).await;
}

async fn delivers_a_parked_event_that_has_left_the_log<C: Counterpart>() {
    let counterpart = C::start().await;
    let (world, id) = still_world_of(&counterpart).await;
    let (bad, seq) = parked_event(&world, id, &counterpart).await;
    let log = world.engine.log();
    let now = world.engine.clock().now();
    // As the upkeep does it when everything has passed its age.
    let order = PruneRequest {
        received_before: now.plus(Duration::from_secs(86_400)),
        up_to: log.last_seq(),
        refused: world
            .engine
            .database()
            .refused_within(Seq::START, log.last_seq())
            .await
            .unwrap(),
        now,
    };
    assert!(log.prune_in_order(order).await.unwrap().deleted >= 3);
    assert!(log.position_before_all().await.unwrap() >= seq);
    counterpart.recover();
    assert_eq!(world.engine.retry_all_parked(&author(), id).await.unwrap(), 1);
    all_kept(&counterpart, &[bad]).await;
    wait_until("it is released", async || {
        log.stored().await.unwrap().kept_events == 0 && log.show(seq).await.unwrap().is_none()
    })
    .await;
}

/// Parks an event that the counterpart refuses. Returns its body and its position.
async fn parked_event(world: &World, id: DestinationId, counterpart: &impl Counterpart) -> (String, Seq) {
    let first = post(world, &ids(1, 1)).await;
    all_kept(counterpart, &first).await;
    counterpart.refuse("x-bad");
    let (bad, good) = ("x-bad".to_owned(), "x-good".to_owned());
    post(world, &[bad.clone(), good.clone()]).await;
    all_kept(counterpart, &bodies(world, &[good]).await).await;
    let refused = async || world.engine.database().list_refused(id).await.unwrap();
    wait_until("the refused event is noted", async || !refused().await.is_empty()).await;
    let [refused] = refused().await.try_into().unwrap();
    assert!(!refused.reason.is_empty());
    // Five tries take ten minutes, so the row is written as it would stand then.
    park(world, id, refused).await;
    let parked = world.engine.database().list_parked(id, None, u32::MAX).await.unwrap();
    assert_eq!(parked.len(), 1);
    let [body] = bodies(world, &[bad]).await.try_into().unwrap();
    (body, parked[0].seq)
}

async fn park(world: &World, destination: DestinationId, refused: RefusedEvent) {
    let cursor: Cursor = world.engine.database().read_cursor(destination).await.unwrap().unwrap();
    let update = CursorUpdate {
        destination,
        cursor,
        refused: vec![RefusedEvent {
            tries: 5,
            due_at: None,
            is_first: true,
            ..refused
        }],
        accepted: Vec::new(),
        failed_attempts: Vec::new(),
        minutes: Vec::new(),
        instance_events: Vec::new(),
    };
    let stored = world.engine.database().commit_cursor(&update).await.unwrap();
    assert_eq!(stored, Stored::All);
}

async fn splits_what_is_too_large<C: Counterpart>() {
    let counterpart = C::start().await;
    let (world, id) = world_of(&counterpart).await;
    all_kept(&counterpart, &post(&world, &ids(1, 1)).await).await;
    assert!(counterpart.find_one_request_too_large());
    let ids: Vec<String> = (0..64).map(|number| format!("s{}-{number}", number % 5)).collect();
    let posted = post(&world, &ids).await;
    let kept = all_kept(&counterpart, &posted).await;
    assert_eq!(kept.len(), 64);
    assert!(world.engine.database().list_refused(id).await.unwrap().is_empty());
}

async fn stops_in_the_middle<C: Counterpart>() {
    let counterpart = C::start().await;
    let (world, _) = world_of(&counterpart).await;
    all_kept(&counterpart, &post(&world, &ids(1, 1)).await).await;
    counterpart.fall_ill(Ill::Silent);
    let before = counterpart.requests();
    let posted = post(&world, &["m-0".to_owned(), "m-1".to_owned()]).await;
    wait_until("a request is under way", async || counterpart.requests() > before).await;
    let world = restarted(world, &counterpart).await;
    counterpart.recover();
    let kept = all_kept(&counterpart, &posted).await;
    assert_in_order(&kept, &posted);
    drop(world);
}

async fn honours_its_deadline<C: Counterpart>() {
    let counterpart = C::start().await;
    counterpart.fall_ill(Ill::Silent);
    let services = SinkServices {
        deadline: Some(Duration::from_secs(3)),
        ..counterpart.services()
    };
    let world = World::with(|config| EngineConfig { services, ..config }).await;
    let id = world.add(&counterpart.draft()).await;
    world
        .wait_for_health(id, "it has waited long enough", |health| {
            matches!(
                health,
                StreamHealth::Retrying {
                    trouble: Trouble::Unreached(Unreached::Timeout),
                    ..
                }
            )
        })
        .await;
    let attempts = async || world.engine.database().list_attempts(id, 10).await.unwrap();
    wait_until("the attempt is noted", async || !attempts().await.is_empty()).await;
    let attempt = attempts().await.remove(0);
    assert!(attempt.duration_ms >= 3_000, "{}", attempt.duration_ms);
    assert_eq!(attempt.reason, "No complete response within 3 seconds.");
    counterpart.recover();
    all_kept(&counterpart, &post(&world, &ids(1, 1)).await).await;
}

async fn keeps_its_secret<C: Counterpart>() {
    let counterpart = C::start().await;
    let (world, id) = world_of(&counterpart).await;
    counterpart.fall_ill(Ill::Forbidding);
    let posted = post(&world, &ids(1, 2)).await;
    let failed = async || world.engine.database().list_attempts(id, 10).await.unwrap();
    wait_until("an attempt has failed", async || !failed().await.is_empty()).await;
    counterpart.recover();
    all_kept(&counterpart, &posted).await;
    let attempts = format!("{:?}", failed().await);
    let stored = format!("{:?}", world.stored(id).await);
    let events = world.engine.log().read_after(Seq::START, 1_000, 1 << 30).await.unwrap();
    let folder = world.shut_down().await;
    for secret in counterpart.secrets() {
        // A key of several lines is looked for by one of them.
        let line = secret.lines().max_by_key(|line| line.len()).unwrap();
        assert!(!attempts.contains(line) && !stored.contains(line));
        assert!(events.iter().all(|event| !contains(&event.body, line)));
        assert!(!is_in_a_file(folder.path(), line));
    }
}

fn is_in_a_file(folder: &Path, text: &str) -> bool {
    let mut files = std::fs::read_dir(folder).unwrap();
    files.any(|file| contains(&std::fs::read(file.unwrap().path()).unwrap(), text))
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

macro_rules! contract {
    ($kind:ident, $counterpart:ty) => {
        mod $kind {
            use super::*;

            #[tokio::test]
            async fn every_event_arrives_as_it_is() {
                delivers::<$counterpart>().await;
            }

            #[tokio::test]
            async fn a_denied_event_does_not_arrive() {
                leaves_out_what_is_denied::<$counterpart>().await;
            }

            #[tokio::test]
            async fn a_failure_is_tried_again() {
                is_held_and_goes_on::<$counterpart>(Ill::Unavailable, |trouble| {
                    matches!(trouble, Trouble::Unavailable(503))
                })
                .await;
            }

            #[tokio::test]
            async fn without_permission_everything_waits() {
                is_held_and_goes_on::<$counterpart>(Ill::Forbidding, |trouble| {
                    matches!(trouble, Trouble::AuthenticationFailing(403))
                })
                .await;
            }

            #[tokio::test]
            async fn a_refused_event_stops_no_other() {
                puts_a_refused_event_aside::<$counterpart>().await;
            }

            #[tokio::test]
            async fn a_parked_event_is_delivered_after_it_has_left_the_log() {
                delivers_a_parked_event_that_has_left_the_log::<$counterpart>().await;
            }

            #[tokio::test]
            async fn a_stop_in_the_middle_loses_nothing() {
                stops_in_the_middle::<$counterpart>().await;
            }

            #[tokio::test]
            async fn nobody_is_waited_for_for_ever() {
                honours_its_deadline::<$counterpart>().await;
            }

            #[tokio::test]
            async fn a_secret_stays_one() {
                keeps_its_secret::<$counterpart>().await;
            }
        }
    };
}

contract!(http, Endpoint);
contract!(google_cloud_logging, CloudLogging);
contract!(http_batches, EndpointOfBatches<Lines>);
contract!(http_batches_of_arrays, EndpointOfBatches<Arrays>);
contract!(http_batches_in_gzip, EndpointOfBatches<LinesInGzip>);
contract!(http_batches_in_zstd, EndpointOfBatches<ArraysInZstd>);
contract!(s3_objects, Objects);
contract!(s3_batches, Batches);
contract!(proxied_http, Proxied<Endpoint>);
contract!(proxied_http_batches, Proxied<EndpointOfBatches<LinesInGzip>>);
contract!(proxied_google_cloud_logging, Proxied<CloudLogging>);
contract!(proxied_s3_objects, Proxied<Objects>);
contract!(proxied_s3_batches, Proxied<Batches>);

#[tokio::test]
async fn a_request_that_is_too_large_for_cloud_logging_is_split() {
    splits_what_is_too_large::<CloudLogging>().await;
}

#[tokio::test]
async fn a_batch_that_is_too_large_for_an_endpoint_is_split() {
    splits_what_is_too_large::<EndpointOfBatches<Lines>>().await;
    splits_what_is_too_large::<EndpointOfBatches<ArraysInZstd>>().await;
}

#[tokio::test]
async fn an_object_that_is_too_large_is_split() {
    splits_what_is_too_large::<Batches>().await;
}

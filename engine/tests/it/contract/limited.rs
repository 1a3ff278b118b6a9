//! What every sink keeps while the settings of its destination limit the requests, and what a replay to it keeps.

use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

use domain::{
    Field,
    destination::StreamCommand,
    health::StreamHealth,
    ids::{DestinationId, Seq},
    policy::{Trouble, Unreached},
};
use receivers::Gate;

use super::{
    Counterpart, Ill, all_kept, bodies,
    bucket::{Batches, Objects},
    cloud_logging::CloudLogging,
    endpoint::{Arrays, ArraysInZstd, Endpoint, EndpointOfBatches, Lines, LinesInGzip},
    ids, post,
    proxied::Proxied,
};
use crate::{
    EngineConfig,
    it::{
        limits::change,
        replay::{old_ids, post_old, start, wait_until_finished},
        world::{World, author, wait_until},
    },
};

/// With these values of the destination. Unless they say otherwise, a request can be held for as long as a test takes.
async fn world_with(counterpart: &impl Counterpart, values: &[(Field, &str)]) -> (World, DestinationId) {
    let services = counterpart.services();
    let world = World::with(|config| EngineConfig { services, ..config }).await;
    let mut draft = counterpart.draft();
    for (field, text) in [(Field::RequestTimeout, "120")].iter().chain(values) {
        assert!(draft.target.set_text(*field, (*text).to_owned()));
    }
    let id = world.add_and_wait(&draft).await;
    (world, id)
}

/// Posts events one by one, each about an entity of its own.
struct Posting<'a> {
    world: &'a World,
    ids: RefCell<Vec<String>>,
}

impl<'a> Posting<'a> {
    fn to(world: &'a World) -> Self {
        Self {
            world,
            ids: RefCell::default(),
        }
    }

    async fn next(&self) {
        let id = format!("l{}-0", self.ids.borrow().len());
        self.ids.borrow_mut().push(id.clone());
        post(self.world, &[id]).await;
    }

    async fn bodies(&self) -> Vec<String> {
        let ids = self.ids.borrow().clone();
        bodies(self.world, &ids).await
    }
}

async fn delivered_once(counterpart: &impl Counterpart, bodies: &[String]) {
    let mut kept = all_kept(counterpart, bodies).await;
    kept.sort();
    let mut expected = bodies.to_vec();
    expected.sort();
    assert_eq!(kept, expected, "each once");
}

async fn times_out<C: Counterpart>() {
    let counterpart = C::start().await;
    let (world, id) = world_with(&counterpart, &[(Field::RequestTimeout, "3")]).await;
    counterpart.fall_ill(Ill::Silent);
    let posted = post(&world, &ids(2, 2)).await;
    let timed_out = |health: &StreamHealth| {
        let trouble = match health {
            StreamHealth::Retrying { trouble, .. } => Some(*trouble),
            _ => None,
        };
        trouble == Some(Trouble::Unreached(Unreached::Timeout))
    };
    world.wait_for_health(id, "it has waited long enough", timed_out).await;
    let attempts = async || world.engine.database().list_attempts(id, 10).await.unwrap();
    wait_until("the attempt is noted", async || !attempts().await.is_empty()).await;
    let attempt = attempts().await.pop().unwrap();
    assert!(attempt.duration_ms >= 3_000, "{}", attempt.duration_ms);
    assert_eq!(attempt.reason, "No complete response within 3 seconds.");
    counterpart.recover();
    world.engine.retry_now(id);
    all_kept(&counterpart, &posted).await;
}

async fn is_limited_in_concurrency<C: Counterpart>(most: usize) {
    const MORE: usize = 20;
    const MOST_WAITING: u64 = 50;
    let counterpart = C::start().await;
    let (world, id) = world_with(&counterpart, &[(Field::MaxConcurrency, "2")]).await;
    let gate = Gate::new();
    counterpart.hold(&gate);
    let (posting, more) = (Posting::to(&world), Cell::new(0));
    wait_until("as many are in flight as may be, for a while", async || {
        // What waits has to be delivered in the end.
        if world.engine.backlog_of(&world.stored(id).await) < Some(MOST_WAITING) {
            posting.next().await;
        }
        more.set(more.get() + usize::from(gate.held() >= most));
        gate.pass(usize::from(gate.held() > 0));
        more.get() >= MORE
    })
    .await;
    gate.open();
    delivered_once(&counterpart, &posting.bodies().await).await;
    assert_eq!(gate.most_held(), most, "as many as are allowed, and no more");
}

async fn is_limited_in_rate<C: Counterpart>() {
    const RATE: u32 = 10;
    let counterpart = C::start().await;
    let (world, _) = world_with(&counterpart, &[(Field::MaxRate, "10")]).await;
    let (before, began) = (counterpart.requests(), Instant::now());
    for round in 0..12 {
        let three: Vec<String> = (0..3).map(|number| format!("r{number}-{round}")).collect();
        let posted = post(&world, &three).await;
        all_kept(&counterpart, &posted).await;
    }
    let took = began.elapsed();
    let sent = u32::try_from(counterpart.requests() - before).unwrap();
    assert!(sent >= 12, "{sent}");
    // The first is sent at once, and one may have been due before.
    assert!(took >= Duration::from_secs(1) * (sent - 2) / RATE, "{sent} in {took:?}");
}

async fn is_limited_by_rate(world: &World, id: DestinationId) -> bool {
    let stream = world.engine.find_destination(id).await.unwrap().unwrap();
    let concurrency = stream.facts.concurrency;
    concurrency.is_some_and(|concurrency| concurrency.limited_by_rate)
}

/// Stops the stream while it waits for its rate, and lets it go on.
async fn stops_and_goes_on<C: Counterpart>(stop: StreamCommand, go_on: StreamCommand) {
    let counterpart = C::start().await;
    let (world, id) = world_with(&counterpart, &[(Field::MaxRate, "1")]).await;
    let posting = Posting::to(&world);
    wait_until("it waits for its rate", async || {
        posting.next().await;
        is_limited_by_rate(&world, id).await
    })
    .await;
    world.engine.command_stream(&author(), id, stop).await.unwrap();
    let has_stopped = async || {
        let stream = world.engine.find_destination(id).await.unwrap().unwrap();
        stream.facts.concurrency.is_none()
    };
    wait_until("it stops", has_stopped).await;
    let before = counterpart.requests();
    let waiting = posting.bodies().await;
    let meanwhile = post(&world, &["m-0".to_owned(), "m-1".to_owned()]).await;
    assert_eq!(
        counterpart.requests(),
        before,
        "a stream that has stopped sends nothing"
    );
    world.engine.command_stream(&author(), id, go_on).await.unwrap();
    wait_until("it goes on", async || counterpart.requests() > before).await;
    // The rest need not take long.
    change(&world, id, &[(Field::MaxRate, "")]).await;
    delivered_once(&counterpart, &waiting).await;
    let last = post(&world, &["m-2".to_owned()]).await;
    all_kept(&counterpart, &last).await;
    let expected = if stop == StreamCommand::Pause {
        meanwhile.clone()
    } else {
        Vec::new()
    };
    assert_eq!(counterpart.kept(&meanwhile), expected);
}

async fn replays<C: Counterpart>() {
    let counterpart = C::start().await;
    let services = counterpart.services();
    let world = World::with(|config| EngineConfig { services, ..config }).await;
    // Before there is a stream: whatever arrives of these is of the replay.
    post_old(&world, 0..60).await;
    let id = world.add_and_wait(&counterpart.draft()).await;
    let before = counterpart.requests();
    let replay = start(&world, id, &[]).await.replay.id;
    let progress = wait_until_finished(&world, id, replay).await;
    assert_eq!((progress.sent, progress.refused), (60, 0));
    assert!(counterpart.requests() > before);
    let events = world.engine.log().read_after(Seq::START, 1_000, 1 << 30).await.unwrap();
    let old = old_ids(0..60, "all");
    let replayed = events
        .iter()
        .filter(|event| old.iter().any(|id| event.id.as_str() == id));
    let bodies: Vec<String> = replayed
        .map(|event| String::from_utf8(event.body.to_vec()).unwrap())
        .collect();
    delivered_once(&counterpart, &bodies).await;
}

macro_rules! limited {
    ($kind:ident, $counterpart:ty, $most:literal) => {
        mod $kind {
            use super::*;

            #[tokio::test]
            async fn a_request_takes_no_longer_than_the_destination_allows() {
                times_out::<$counterpart>().await;
            }

            #[tokio::test]
            async fn no_more_requests_are_in_flight_than_the_destination_allows() {
                is_limited_in_concurrency::<$counterpart>($most).await;
            }

            #[tokio::test]
            async fn no_more_requests_are_sent_per_second_than_the_destination_allows() {
                is_limited_in_rate::<$counterpart>().await;
            }

            #[tokio::test]
            async fn a_stream_is_paused_while_it_waits_for_its_rate() {
                stops_and_goes_on::<$counterpart>(StreamCommand::Pause, StreamCommand::Resume).await;
            }

            #[tokio::test]
            async fn a_stream_is_deactivated_while_it_waits_for_its_rate() {
                stops_and_goes_on::<$counterpart>(StreamCommand::Deactivate, StreamCommand::Activate).await;
            }

            #[tokio::test]
            async fn a_replay_sends_each_event_once() {
                replays::<$counterpart>().await;
            }
        }
    };
}

// Batches are sent one after the other.
limited!(http, Endpoint, 2);
limited!(google_cloud_logging, CloudLogging, 2);
limited!(http_batches, EndpointOfBatches<Lines>, 1);
limited!(http_batches_of_arrays, EndpointOfBatches<Arrays>, 1);
limited!(http_batches_in_gzip, EndpointOfBatches<LinesInGzip>, 1);
limited!(http_batches_in_zstd, EndpointOfBatches<ArraysInZstd>, 1);
limited!(s3_objects, Objects, 2);
limited!(s3_batches, Batches, 1);
limited!(proxied_http, Proxied<Endpoint>, 2);
limited!(proxied_http_batches, Proxied<EndpointOfBatches<LinesInGzip>>, 1);
limited!(proxied_google_cloud_logging, Proxied<CloudLogging>, 2);
limited!(proxied_s3_objects, Proxied<Objects>, 2);
limited!(proxied_s3_batches, Proxied<Batches>, 1);

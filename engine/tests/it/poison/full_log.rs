//! Events at the head of a stream that fail for ever, and behind them more than the log has room for: everything is
//! acknowledged, everything else is delivered, and the log keeps nothing of what comes behind them.

use std::{
    cell::Cell,
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{EngineConfig, clock::Clock, sink::SinkServices};
use domain::{
    destination::{DestinationDraft, ObjectLayout},
    ids::{DestinationId, Seq},
};
use receivers::{Fault, Receiver};
use serde_json::json;

use super::{
    batches::{contains, unpacked},
    http::found,
};
use crate::it::{
    google,
    s3::{Storage, named},
    world::{World, author, wait_until},
};

/// Events of one request, so large that few pages of the log hold more than one.
const LOG_SIZE: u64 = 4 << 20;
const EVENTS: usize = 10;
const TEXT_BYTES: usize = 12 << 10;

/// How many times as much as the log has room for is posted.
const TIMES: u64 = 2;

const ENDED: &str = "The connection ended before the answer";

/// How long each test waits for a request that gets no answer.
const DEADLINE: Duration = Duration::from_secs(1);

fn services(services: SinkServices, poison: &[(&str, &str)]) -> SinkServices {
    let hangs = poison.iter().any(|(_, reason)| reason.contains("No complete response"));
    SinkServices {
        batch_age: Duration::from_millis(50),
        deadline: hangs.then_some(DEADLINE),
        ..services
    }
}

struct Case<'case> {
    world: World,
    clock: Clock,
    id: DestinationId,
    /// Ids of the events that fail, each with a part of its reason.
    poison: Vec<(&'case str, &'case str)>,
    posted: Cell<usize>,
    looked: Cell<usize>,
}

impl<'case> Case<'case> {
    async fn new(sent_by: SinkServices, draft: &DestinationDraft, poison: Vec<(&'case str, &'case str)>) -> Self {
        let clock = Clock::set_at(Clock::machine().now()).with_speed(10);
        let services = services(sent_by, &poison);
        let world = World::with_clock(clock.clone(), |config| EngineConfig { services, ..config }).await;
        world.engine.log().set_size_limit(LOG_SIZE);
        let id = world.add(draft).await;
        Self {
            world,
            clock,
            id,
            poison,
            posted: Cell::new(0),
            looked: Cell::new(0),
        }
    }

    /// Each is about an entity of its own. Fails if they are not acknowledged.
    async fn post(&self, ids: impl IntoIterator<Item = String>, text_bytes: usize) {
        let text = "x".repeat(text_bytes);
        let event = |id: String| json!({"id": id, "event_type": "test", "entity_type": "Project", "entity_id": id, "details": {"text": text}});
        let events: Vec<_> = ids.into_iter().map(event).collect();
        let body = serde_json::to_vec(&events).unwrap();
        self.world.engine.ingest("tests", body.into()).await.unwrap();
    }

    async fn post_fine(&self, count: usize, text_bytes: usize) {
        let first = self.posted.get();
        self.posted.set(first + count);
        self.post(
            (first..first + count).map(|number| format!("fine{number};")),
            text_bytes,
        )
        .await;
    }

    /// While something is waited for, a small event comes in every now and then: without one, nothing shows that the destination
    /// works. And the upkeep runs, which any request of an administrator wakes. True now and then.
    async fn live(&self) -> bool {
        self.looked.set(self.looked.get() + 1);
        if self.looked.get().is_multiple_of(20) {
            self.post_fine(1, 0).await;
        }
        let is_time = self.looked.get().is_multiple_of(10);
        if is_time {
            let is_parked = self.world.engine.discard_parked(&author(), self.id, Seq::START).await;
            assert!(!is_parked.unwrap());
        }
        is_time
    }

    async fn used_bytes(&self) -> u64 {
        self.world.engine.log().stored().await.unwrap().used_bytes
    }

    /// `arrived` gives the ids of what has been delivered.
    async fn run(self, arrived: impl Fn() -> BTreeSet<String>, cure: impl FnOnce()) {
        self.post(self.poison.iter().map(|(id, _)| (*id).to_owned()), TEXT_BYTES)
            .await;
        let (log, database) = (self.world.engine.log(), self.world.engine.database());
        let last_poison = log.last_seq();
        let events = usize::try_from(LOG_SIZE * TIMES).unwrap() / TEXT_BYTES;
        while self.posted.get() < events {
            self.post_fine(EVENTS, TEXT_BYTES).await;
            wait_until("there is room for the next", async || {
                self.live().await;
                self.used_bytes().await < LOG_SIZE / 100 * 91
            })
            .await;
        }
        wait_until("they are parked", async || {
            if self.live().await {
                self.clock.advance(Duration::from_secs(10));
            }
            database.list_parked(self.id, None, 99).await.unwrap().len() == self.poison.len()
        })
        .await;
        wait_until("everything is acknowledged", async || {
            database.read_cursor(self.id).await.unwrap().unwrap().acknowledged == log.last_seq()
        })
        .await;
        let posted = self.posted.get();
        // With a short deadline, one that took long may be tried again.
        wait_until("everything else is delivered", async || {
            if self.live().await {
                self.clock.advance(Duration::from_secs(10));
            }
            let delivered = arrived();
            (0..posted).all(|number| delivered.contains(&format!("fine{number};")))
        })
        .await;
        assert!(
            log.position_before_all().await.unwrap() > last_poison,
            "the log is pruned"
        );
        assert_eq!(
            log.stored().await.unwrap().kept_events,
            u64::try_from(self.poison.len()).unwrap()
        );
        let delivered = arrived();
        let parked = database.list_parked(self.id, None, 99).await.unwrap();
        for (parked, (id, reason)) in parked.iter().rev().zip(&self.poison) {
            assert!(parked.reason.contains(reason) && parked.tries == 5, "{id}: {parked:?}");
            assert!(!delivered.contains(*id));
        }
        cure();
        let count = self.world.engine.retry_all_parked(&author(), self.id).await.unwrap();
        assert_eq!(count, u64::try_from(self.poison.len()).unwrap());
        wait_until("they are delivered after all", async || {
            let refused = database.count_refused(self.id).await.unwrap();
            refused.all() == 0
        })
        .await;
        let delivered = arrived();
        assert!(self.poison.iter().all(|(id, _)| delivered.contains(*id)));
    }
}

/// The ids of these tests that stand in the text, with a body that is whole.
fn ids_in(text: &str) -> impl Iterator<Item = String> {
    let ids = text.split("\"id\":\"").skip(1);
    ids.filter_map(|rest| rest.split_once('"').map(|(id, _)| id.to_owned()))
}

async fn an_endpoint(poison: Vec<(&'static str, Fault, &'static str)>) {
    let is_cured = Arc::new(AtomicBool::new(false));
    let (cured, faults) = (Arc::clone(&is_cured), poison.clone());
    let receiver = Receiver::scripted(move |request| {
        let fault = meets_with(&request.body, &faults);
        fault.filter(|_| !cured.load(Ordering::SeqCst))
    })
    .await;
    let draft = DestinationDraft::http("SIEM", receiver.url());
    let case = Case::new(SinkServices::usual().unwrap(), &draft, reasons(&poison)).await;
    let arrived = || {
        let requests = receiver.requests();
        let accepted = requests.iter().filter(|request| request.was_accepted());
        accepted.flat_map(|request| ids_in(request.text())).collect()
    };
    case.run(arrived, || is_cured.store(true, Ordering::SeqCst)).await;
}

macro_rules! at_the_head {
    ($($name:ident: $fate:expr, $reason:expr;)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                an_endpoint(vec![("poison;", $fate, $reason)]).await;
            }
        )+
    };
}

at_the_head! {
    a_302: found(), "302";
    a_403: Fault::from(403), "403";
    a_404: Fault::from(404), "404";
    a_500: Fault::from(500), "500";
    a_reset: Fault::Reset, ENDED;
    a_close: Fault::Close, ENDED;
    silence: Fault::Hang, "No complete response";
}

#[tokio::test]
async fn an_endpoint_that_fails_in_every_way() {
    an_endpoint(vec![
        ("poison0;", Fault::Hang, "No complete response"),
        ("poison1;", found(), "302"),
        ("poison2;", Fault::from(403), "403"),
        ("poison3;", Fault::from(404), "404"),
        ("poison4;", Fault::from(500), "500"),
        ("poison5;", Fault::Reset, ENDED),
        ("poison6;", Fault::Close, ENDED),
    ])
    .await;
}

/// What a request meets with that holds one of these events; of several, the first.
fn meets_with(body: &[u8], poison: &[(&str, Fault, &str)]) -> Option<Fault> {
    let mut held = poison.iter().filter(|(id, _, _)| contains(body, &format!("\"{id}\"")));
    held.next().map(|(_, fault, _)| fault.clone())
}

fn reasons(poison: &[(&'static str, Fault, &'static str)]) -> Vec<(&'static str, &'static str)> {
    poison.iter().map(|(id, _, reason)| (*id, *reason)).collect()
}

#[tokio::test]
async fn cloud_logging_that_fails_in_every_way() {
    let google = receivers::google::GoogleServer::start().await.unwrap();
    let poison = [
        ("poison0;", Fault::Hang, "No complete response"),
        ("poison1;", Fault::from(302), "302"),
        ("poison2;", Fault::from(403), "403"),
        ("poison3;", Fault::from(404), "404"),
        ("poison4;", Fault::from(500), "500"),
        ("poison5;", Fault::Reset, ENDED),
        ("poison6;", Fault::Close, ENDED),
    ];
    let reasons = reasons(&poison);
    google.script_writes(move |body| meets_with(body, &poison));
    let case = Case::new(google::services(&google), &google::draft(&google), reasons).await;
    let arrived = || {
        let entries = google.entries(&google.service_account().project_id);
        let ids = entries.iter().filter_map(|entry| entry["jsonPayload"]["id"].as_str());
        ids.map(str::to_owned).collect()
    };
    case.run(arrived, || google.script_writes(|_| None)).await;
}

async fn a_bucket(layout: ObjectLayout) {
    let storage = Storage::start().await;
    // Each takes its time: batches are sent one after the other.
    let poison = [
        ("poison0;", Fault::Hang, "No complete response"),
        ("poison1;", Fault::from(302), "redirects requests"),
        ("poison2;", Fault::from(403), "403"),
        ("poison3;", Fault::Reset, ENDED),
    ];
    let reasons = reasons(&poison);
    storage
        .server
        .script_objects(move |body| meets_with(&unpacked(body), &poison));
    let draft = named(storage.draft(layout));
    let case = Case::new(SinkServices::usual().unwrap(), &draft, reasons).await;
    let arrived = || {
        let objects = storage.objects().into_values();
        let texts = objects.map(|body| String::from_utf8(unpacked(&body)).unwrap());
        texts.flat_map(|text| ids_in(&text).collect::<Vec<_>>()).collect()
    };
    case.run(arrived, || storage.server.script_objects(|_| None)).await;
}

#[tokio::test]
async fn a_bucket_of_objects_that_fails_in_every_way() {
    a_bucket(ObjectLayout::Events).await;
}

#[tokio::test]
async fn a_bucket_of_batches_that_fails_in_every_way() {
    a_bucket(ObjectLayout::Batches).await;
}

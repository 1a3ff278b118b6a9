//! Many events a request: Cloud Logging and S3; and S3 with an object for each event.

use std::{collections::BTreeSet, io::Read, time::Duration};

use crate::{EngineConfig, clock::Clock, sink::SinkServices, store::RefusedEvent};
use bytes::Bytes;
use domain::{destination::ObjectLayout, ids::DestinationId};
use receivers::Fault;

use super::http::later;
use crate::it::{
    google::{draft, world_around_at},
    s3::{Storage, named},
    world::{World, wait_until},
};

/// For what is not answered.
const DEADLINE: Duration = Duration::from_millis(800);

/// A short deadline where requests get no answer. Others are not to fail because of it.
pub(super) fn deadline_of(fault: &Fault, deadline: Duration) -> Option<Duration> {
    (*fault == Fault::Hang).then_some(deadline)
}

/// Pauses take a tenth of their time.
pub(super) fn fast() -> Clock {
    Clock::machine().with_speed(10)
}

/// One poison event in front, one in the middle, one at the end, and an entity for every few.
async fn post(world: &World) -> (Vec<String>, Vec<String>) {
    let id = |number: usize| match number {
        0 | 250 | 299 => format!("poison{number};"),
        _ => format!("fine{number};"),
    };
    let ids: Vec<String> = (0..300).map(id).collect();
    let events: Vec<_> = (0..)
        .zip(&ids)
        .map(|(number, id)| {
            serde_json::json!({"id": id, "event_type": "test", "entity_type": "Project", "entity_id": number % 20})
        })
        .collect();
    world
        .engine
        .ingest("tests", serde_json::to_vec(&events).unwrap().into())
        .await
        .unwrap();
    ids.into_iter().partition(|id| id.starts_with("poison"))
}

/// Waits until the stream has nothing left to do but to try the three again. Meanwhile other events come in now and then: without
/// them nothing shows that the destination works.
async fn set_aside(world: &World, id: DestinationId, reason: &str) {
    let database = world.engine.database();
    let refused = async || -> Vec<RefusedEvent> { database.list_refused(id).await.unwrap() };
    let number = std::cell::Cell::new(0);
    wait_until("all three are set aside and the stream is at its end", async || {
        number.set(number.get() + 1);
        if number.get() % 20 == 0 && refused().await.len() < 3 {
            world.post("live", [format!("live{}", number.get())]).await;
        }
        let cursor = database.read_cursor(id).await.unwrap().unwrap();
        cursor.acknowledged == world.engine.log().last_seq() && refused().await.len() == 3
    })
    .await;
    for refused in refused().await {
        let is_told = !refused.reason.is_empty() && refused.reason.contains(reason);
        assert!(is_told, "{}", refused.reason);
        assert!(refused.due_at.is_some());
    }
}

async fn cloud_logging_goes_on(fault: Fault, reason: &str) {
    let google = receivers::google::GoogleServer::start().await.unwrap();
    let deadline = deadline_of(&fault, DEADLINE);
    google.script_writes(move |body| contains(body, "\"poison").then(|| fault.clone()));
    let world = world_around_at(fast(), &google, |services| SinkServices { deadline, ..services }).await;
    let id = world.add(&draft(&google)).await;
    let (_, fine) = post(&world).await;
    set_aside(&world, id, reason).await;
    let entries = google.entries(&google.service_account().project_id);
    let written: BTreeSet<_> = entries
        .iter()
        .filter_map(|entry| entry["jsonPayload"]["id"].as_str())
        .collect();
    assert!(fine.iter().all(|id| written.contains(id.as_str())));
    // With a short deadline, a slow machine is reason enough to send something again.
    google.look(|received| {
        assert!(
            deadline.is_some() || received.repeats() == 0,
            "nothing is written twice"
        )
    });
}

async fn s3_goes_on(layout: ObjectLayout, fault: Fault, reason: &str) {
    let (storage, deadline) = (Storage::start().await, deadline_of(&fault, DEADLINE));
    storage
        .server
        .script_objects(move |body| contains(&unpacked(body), "\"poison").then(|| fault.clone()));
    let services = SinkServices {
        batch_age: Duration::from_millis(50),
        deadline,
        ..SinkServices::usual().unwrap()
    };
    let world = World::with_clock(fast(), |config| EngineConfig { services, ..config }).await;
    let id = world.add(&named(storage.draft(layout))).await;
    let (_, fine) = post(&world).await;
    set_aside(&world, id, reason).await;
    let objects = storage.objects().into_values().map(|body| unpacked(&body));
    let stored: String = objects.map(|body| String::from_utf8(body).unwrap()).collect();
    for id in &fine {
        let times = stored.matches(&format!("\"{id}\"")).count();
        assert!(
            times == 1 || (times > 1 && deadline.is_some()),
            "{id} is stored {times} times"
        );
    }
}

async fn s3_objects_go_on(fault: Fault, reason: &str) {
    s3_goes_on(ObjectLayout::Events, fault, reason).await;
}

async fn s3_batches_go_on(fault: Fault, reason: &str) {
    s3_goes_on(ObjectLayout::Batches, fault, reason).await;
}

pub(super) fn contains(body: &[u8], text: &str) -> bool {
    body.windows(text.len()).any(|window| window == text.as_bytes())
}

pub(crate) fn unpacked(body: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::new();
    match flate2::read::GzDecoder::new(body).read_to_end(&mut unpacked) {
        Ok(_) => unpacked,
        Err(_) => Bytes::copy_from_slice(body).to_vec(),
    }
}

macro_rules! each_answer {
    ($kind:ident: $goes_on:expr) => {
        mod $kind {
            use super::*;

            #[tokio::test]
            async fn a_403() {
                $goes_on(Fault::from(403), "").await;
            }

            #[tokio::test]
            async fn a_404() {
                $goes_on(Fault::from(404), "").await;
            }

            #[tokio::test]
            async fn a_302() {
                $goes_on(Fault::from(302), "").await;
            }

            #[tokio::test]
            async fn a_500() {
                $goes_on(Fault::from(500), "").await;
            }

            #[tokio::test]
            async fn a_503_that_asks_to_wait() {
                $goes_on(later(1), "").await;
            }

            #[tokio::test]
            async fn a_reset() {
                $goes_on(Fault::Reset, "The connection ended before the answer").await;
            }

            #[tokio::test]
            async fn a_close() {
                $goes_on(Fault::Close, "The connection ended before the answer").await;
            }

            #[tokio::test]
            async fn silence() {
                $goes_on(Fault::Hang, "No complete response").await;
            }
        }
    };
}

each_answer!(cloud_logging: cloud_logging_goes_on);
each_answer!(s3_objects: s3_objects_go_on);
each_answer!(s3_batches: s3_batches_go_on);

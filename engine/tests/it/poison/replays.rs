//! Replays: what fails for ever is parked, once something else was accepted, and the rest is sent.

use std::time::Duration;

use crate::{EngineConfig, sink::SinkServices};
use domain::{destination::ObjectLayout, ids::DestinationId, replay::ReplayState};
use receivers::{Answer, Fault, Receiver};

use super::{
    batches::{contains, deadline_of, fast, unpacked},
    http::{found, later},
};
use crate::it::{
    google::{draft, world_around_at},
    replay::{post_old, standing, start},
    s3::{Storage, named},
    world::{World, wait_until},
};

/// Two in the middle, one after the other, and the last one: behind it, only the stream can show that the destination works.
const POISON: [&str; 3] = ["old17;", "old18;", "old59;"];

fn is_poison(body: &[u8]) -> bool {
    POISON.iter().any(|id| contains(body, &format!("\"{id}\"")))
}

async fn ends(world: &World, id: DestinationId, reason: &str) {
    let replay = start(world, id, &[]).await.replay.id;
    let number = std::cell::Cell::new(0);
    wait_until("the replay is finished", async || {
        number.set(number.get() + 1);
        if number.get() % 20 == 0 {
            world.post("live", [format!("live{}", number.get())]).await;
        }
        standing(world, id, replay).await.replay.state == ReplayState::Finished
    })
    .await;
    let progress = standing(world, id, replay).await.replay.position.progress;
    assert_eq!((progress.sent, progress.refused), (57, 3));
    let parked = world.engine.database().list_parked(id, None, 9).await.unwrap();
    assert_eq!(parked.len(), 3);
    for parked in parked {
        assert!(
            parked.reason.starts_with("In replay") && parked.reason.contains(reason),
            "{}",
            parked.reason
        );
    }
}

async fn an_endpoint(fault: Fault, reason: &str) {
    let services = services(SinkServices::usual().unwrap(), &fault);
    let receiver = Receiver::scripted(move |request| is_poison(&request.body).then(|| fault.clone())).await;
    let world = World::with_clock(fast(), |config| EngineConfig { services, ..config }).await;
    post_old(&world, 0..60).await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    ends(&world, id, reason).await;
}

#[tokio::test]
async fn an_endpoint_that_answers_302() {
    an_endpoint(found(), "302").await;
}

#[tokio::test]
async fn an_endpoint_that_answers_404() {
    an_endpoint(Fault::from(404), "404").await;
}

#[tokio::test]
async fn an_endpoint_that_is_silent() {
    an_endpoint(Fault::Hang, "No complete response").await;
}

#[tokio::test]
async fn an_endpoint_that_answers_403() {
    an_endpoint(Fault::from(403), "403").await;
}

#[tokio::test]
async fn an_endpoint_that_asks_to_wait() {
    an_endpoint(later(1), "503").await;
}

#[tokio::test]
async fn an_endpoint_that_resets_the_connection() {
    an_endpoint(Fault::Reset, "The connection ended before the answer").await;
}

fn services(services: SinkServices, fault: &Fault) -> SinkServices {
    SinkServices {
        batch_age: Duration::from_millis(50),
        deadline: deadline_of(fault, Duration::from_secs(1)),
        ..services
    }
}

async fn cloud_logging(fault: Fault, reason: &str) {
    let google = receivers::google::GoogleServer::start().await.unwrap();
    let script = fault.clone();
    google.script_writes(move |body| is_poison(body).then(|| script.clone()));
    let world = world_around_at(fast(), &google, |usual| services(usual, &fault)).await;
    post_old(&world, 0..60).await;
    let id = world.add(&draft(&google)).await;
    ends(&world, id, reason).await;
}

#[tokio::test]
async fn cloud_logging_that_answers_500() {
    cloud_logging(Answer::new(500, "text/plain", String::new()).into(), "500").await;
}

#[tokio::test]
async fn cloud_logging_that_is_silent() {
    cloud_logging(Fault::Hang, "No complete response").await;
}

async fn a_bucket(layout: ObjectLayout, fault: Fault, reason: &str) {
    let storage = Storage::start().await;
    let services = services(SinkServices::usual().unwrap(), &fault);
    storage
        .server
        .script_objects(move |body| is_poison(&unpacked(body)).then(|| fault.clone()));
    let world = World::with_clock(fast(), |config| EngineConfig { services, ..config }).await;
    post_old(&world, 0..60).await;
    let id = world.add(&named(storage.draft(layout))).await;
    ends(&world, id, reason).await;
}

#[tokio::test]
async fn a_bucket_of_objects_that_closes_the_connection() {
    a_bucket(
        ObjectLayout::Events,
        Fault::Close,
        "The connection ended before the answer",
    )
    .await;
}

#[tokio::test]
async fn a_bucket_of_objects_that_resets_the_connection() {
    a_bucket(
        ObjectLayout::Events,
        Fault::Reset,
        "The connection ended before the answer",
    )
    .await;
}

#[tokio::test]
async fn a_bucket_of_batches_that_answers_403() {
    a_bucket(
        ObjectLayout::Batches,
        Answer::new(403, "text/plain", String::new()).into(),
        "403",
    )
    .await;
}

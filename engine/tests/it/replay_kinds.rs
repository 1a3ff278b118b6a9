//! Replays to S3 and to Google Cloud Logging: what marks them there, and that a crash writes nothing twice.

use std::{collections::BTreeMap, io::Read, time::Duration};

use crate::ReplayStanding;
use domain::{
    destination::ObjectLayout,
    ids::{DestinationId, ReplayId},
    replay::{ReplayProgress, ReplayState},
};
use receivers::{
    Fault,
    google::{Code, GoogleServer},
    s3::{Refusal, S3Server, SeenRequest},
};
use serde_json::{Value, json};

use crate::it::{
    google,
    replay::{post_old, standing, start, wait_until_finished},
    s3::{Storage, named, with_runs_of, world_with_runs_of},
    world::{World, wait_until},
};

/// Longer than anything here takes; reached only by a failing test.
const PATIENCE: Duration = Duration::from_secs(180);

/// The stream closes no batch of its own before a test is over.
const LONG: Duration = Duration::from_secs(600);

const MARK: &str = "x-amz-meta-audit-streams-replay";

fn lines(object: &[u8]) -> Vec<String> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(object).read_to_string(&mut text).unwrap();
    let id = |line: &str| {
        serde_json::from_str::<Value>(line).unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    text.lines().map(id).collect()
}

/// Ids in the batches of a replay, in the order of their keys' first positions.
fn replayed(storage: &Storage, replay: ReplayId) -> Vec<String> {
    let prefix = format!("replays/{replay}/");
    let first = |key: &str| key.split_once('-')?.0.parse::<i64>().ok();
    let objects = storage.objects().into_iter();
    let batches: BTreeMap<i64, Vec<u8>> = objects
        .filter_map(|(key, object)| Some((first(key.strip_prefix(&prefix)?)?, object)))
        .collect();
    batches.values().flat_map(|object| lines(object)).collect()
}

fn old(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("old{number};")).collect()
}

fn is_replayed(request: &SeenRequest) -> bool {
    request.put.as_ref().is_some_and(|put| put.key.starts_with("replays/"))
}

fn all_sent(count: u64) -> ReplayProgress {
    ReplayProgress {
        total: count,
        sent: count,
        refused: 0,
    }
}

async fn started(world: &World, id: DestinationId) -> ReplayId {
    let ReplayStanding { replay, .. } = start(world, id, &[]).await;
    assert_eq!(replay.state, ReplayState::Running);
    replay.id
}

#[tokio::test]
async fn batches_of_a_replay_have_keys_and_marks_of_their_own() {
    let (world, storage) = (world_with_runs_of(LONG).await, Storage::start().await);
    let id = world.add(&named(storage.draft(ObjectLayout::Batches))).await;
    post_old(&world, 0..12_000).await;
    let replay = started(&world, id).await;
    assert_eq!(wait_until_finished(&world, id, replay).await, all_sent(12_000));
    assert_eq!(replayed(&storage, replay), old(0..12_000));
    let requests = storage.server.requests();
    let marks: Vec<_> = requests
        .iter()
        .filter(|request| is_replayed(request))
        .map(|request| request.header(MARK))
        .collect();
    assert!(
        marks.len() >= 2 && marks.iter().all(|mark| *mark == Some("1")),
        "{marks:?}"
    );
    let unmarked = requests.iter().filter(|request| !is_replayed(request));
    assert!(unmarked.into_iter().all(|request| request.header(MARK).is_none()));
    assert!(storage.server.puts_by_key().values().all(|puts| puts.times == 1));
}

/// Waits for so many puts of replayed batches that were stored and not answered.
async fn wait_for_stored(server: &S3Server, count: usize) {
    let is_stored = |request: &&SeenRequest| is_replayed(request) && request.served.is_some();
    let stored = server.wait_until(PATIENCE, |requests| requests.iter().filter(is_stored).count() >= count);
    assert!(stored.await, "no batch was put");
}

#[tokio::test]
async fn a_batch_whose_answer_never_came_is_the_same_after_a_restart() {
    let (world, storage) = (world_with_runs_of(LONG).await, Storage::start().await);
    let id = world.add(&named(storage.draft(ObjectLayout::Batches))).await;
    post_old(&world, 0..11_000).await;
    storage.server.answer_all(Fault::HangAfterStoring);
    let replay = started(&world, id).await;
    wait_for_stored(&storage.server, 1).await;
    let world = world
        .restart_within(Duration::ZERO, |config| with_runs_of(LONG, config))
        .await;
    wait_for_stored(&storage.server, 2).await;
    let stored = standing(&world, id, replay).await.replay.position;
    assert_eq!((stored.progress.sent, stored.batch.is_some()), (0, true));
    storage.server.serve_again();
    let world = world
        .restart_within(Duration::ZERO, |config| with_runs_of(LONG, config))
        .await;
    assert_eq!(wait_until_finished(&world, id, replay).await, all_sent(11_000));
    assert_eq!(replayed(&storage, replay), old(0..11_000), "each once");
    let puts = storage.server.puts_by_key();
    assert!(
        puts.values().all(|puts| puts.bodies.len() == 1),
        "no key has held two things"
    );
    assert!(puts.values().any(|puts| puts.times >= 3));
}

#[tokio::test]
async fn a_batch_that_is_too_large_is_replayed_in_parts() {
    let (world, storage) = (world_with_runs_of(LONG).await, Storage::start().await);
    let id = world.add(&named(storage.draft(ObjectLayout::Batches))).await;
    post_old(&world, 0..64).await;
    storage.server.answer_next(2, Refusal::EntityTooLarge);
    let replay = started(&world, id).await;
    assert_eq!(wait_until_finished(&world, id, replay).await, all_sent(64));
    assert_eq!(replayed(&storage, replay), old(0..64));
    let keys = storage.objects().into_keys().filter(|key| key.starts_with("replays/"));
    assert!(keys.count() > 1);
}

#[tokio::test]
async fn an_event_that_is_an_object_replaces_itself() {
    let (world, storage) = (World::new().await, Storage::start().await);
    let id = world.add(&named(storage.draft(ObjectLayout::Events))).await;
    post_old(&world, 0..60).await;
    // The adding of the destination is an event as well.
    let arrived = storage
        .server
        .wait_until(PATIENCE, |_| storage.objects().len() == 61)
        .await;
    assert!(arrived, "the stream has sent them");
    let before = storage.objects();
    let replay = started(&world, id).await;
    assert_eq!(wait_until_finished(&world, id, replay).await, all_sent(60));
    let after = storage.objects();
    assert!(before.iter().all(|(key, object)| after.get(key) == Some(object)));
    let requests = storage.server.requests();
    assert_eq!(
        requests
            .iter()
            .filter(|request| request.header(MARK) == Some("1"))
            .count(),
        60
    );
    let twice = storage
        .server
        .puts_by_key()
        .into_values()
        .filter(|puts| puts.times == 2);
    assert_eq!(twice.count(), 60);
}

#[tokio::test]
async fn entries_of_a_replay_have_a_label() {
    let google = GoogleServer::start().await.unwrap();
    let world = google::world_around(&google).await;
    post_old(&world, 0..1_500).await;
    // Its stream begins after them.
    let id = world.add(&google::draft(&google)).await;
    google.refuse_insert_ids(["tests:old7%3B"], Code::InvalidArgument, "not this one");
    let replay = started(&world, id).await;
    let progress = wait_until_finished(&world, id, replay).await;
    assert_eq!((progress.total, progress.sent, progress.refused), (1_500, 1_499, 1));
    let parked = world.engine.database().list_parked(id, None, 100).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert!(parked[0].reason.starts_with("In replay 1: "), "{}", parked[0].reason);
    world.post("1", ["live".to_owned()]).await;
    let entries = || google.entries(&google.service_account().project_id);
    wait_until("the live one is written", async || {
        entries().iter().any(|entry| entry["insertId"] == "tests:live")
    })
    .await;
    let (marked, others): (Vec<Value>, Vec<Value>) = entries()
        .into_iter()
        .partition(|entry| entry["insertId"].as_str().unwrap().starts_with("tests:old"));
    let mut wanted = old(0..1_500);
    wanted.retain(|id| id != "old7;");
    wanted.sort_unstable();
    let mut ids: Vec<&str> = marked
        .iter()
        .map(|entry| entry["jsonPayload"]["id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, wanted);
    let labels = json!({"audit_streams_source": "tests", "audit_streams_replay": "1"});
    assert!(marked.iter().all(|entry| entry["labels"] == labels));
    assert!(
        others
            .iter()
            .all(|entry| entry["labels"]["audit_streams_replay"].is_null())
    );
}

//! Streams into a real S3 server, which verifies every signature and keeps objects on disk.

use std::{collections::BTreeMap, io::Read, path::Path, time::Duration};

use crate::{EngineConfig, FixedSettings, log::LoggedEvent, sink::SinkServices};
use domain::{
    Field,
    destination::{DestinationDraft, DestinationKind, DestinationSettings, ObjectLayout, StreamState, TargetDraft},
    health::StreamHealth,
    ids::{DestinationId, Seq},
    instance_event::INSTANCE_SOURCE,
    policy::Trouble,
};
use receivers::{
    Fault,
    s3::{Refusal, S3Server},
};
use serde_json::json;

use crate::it::{
    delivery::numbered,
    world::{World, author, wait_until},
};

const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const BUCKET: &str = "audit-events";

/// Longer than anything here takes; reached only by a failing test.
const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) struct Storage {
    pub(crate) server: S3Server,
    folder: tempfile::TempDir,
}

impl Storage {
    /// With the bucket.
    pub(crate) async fn start() -> Self {
        let storage = Self::without_bucket().await;
        storage.server.make_bucket(BUCKET).unwrap();
        storage
    }

    async fn without_bucket() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = S3Server::start(folder.path(), ACCESS_KEY_ID, SECRET).await.unwrap();
        Self { server, folder }
    }

    pub(crate) fn draft(&self, layout: ObjectLayout) -> TargetDraft {
        TargetDraft::new(DestinationKind::AmazonS3).with([
            (Field::AccessKeyId, ACCESS_KEY_ID),
            (Field::SecretAccessKey, SECRET),
            (Field::Region, "eu-central-1"),
            (Field::Bucket, BUCKET),
            (Field::EndpointUrl, &self.server.url()),
            (Field::ObjectLayout, layout.as_str()),
        ])
    }

    pub(crate) fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.server.objects(BUCKET).unwrap()
    }

    /// Every line of every batch, by the first position in the batch's key.
    fn lines(&self) -> Vec<String> {
        let mut batches: Vec<_> = self.objects().into_iter().map(Batch::parse).collect();
        batches.sort_by_key(|batch| batch.first);
        for pair in batches.windows(2) {
            assert!(pair[0].last < pair[1].first, "batches overlap");
        }
        batches.into_iter().flat_map(|batch| batch.lines).collect()
    }

    async fn wait_for_objects(&self, what: &str, is_enough: impl Fn(&Self) -> bool) {
        let waited = self.server.wait_until(PATIENCE, |_| is_enough(self)).await;
        assert!(waited, "waited in vain until {what}: {:?}", self.objects().keys());
    }
}

struct Batch {
    first: i64,
    last: i64,
    lines: Vec<String>,
}

impl Batch {
    fn parse((key, body): (String, Vec<u8>)) -> Self {
        let (_, name) = key.rsplit_once('/').unwrap();
        let (first, last) = name.strip_suffix(".jsonl.gz").unwrap().split_once('-').unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(body.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        assert!(text.ends_with('\n'));
        Self {
            first: first.parse().unwrap(),
            last: last.parse().unwrap(),
            lines: text.lines().map(str::to_owned).collect(),
        }
    }
}

pub(crate) async fn world_with_runs_of(age: Duration) -> World {
    World::with(|config| with_runs_of(age, config)).await
}

pub(crate) fn with_runs_of(age: Duration, config: EngineConfig) -> EngineConfig {
    EngineConfig {
        services: SinkServices {
            batch_age: age,
            ..SinkServices::usual().unwrap()
        },
        ..config
    }
}

pub(crate) fn named(target: TargetDraft) -> DestinationDraft {
    DestinationDraft::new("Bucket", target)
}

pub(crate) async fn change(world: &World, id: DestinationId, target: TargetDraft) {
    let stream_state = world.stored(id).await.stream_state;
    switch(world, id, target, stream_state).await;
}

async fn switch(world: &World, id: DestinationId, target: TargetDraft, stream_state: StreamState) {
    let stored = world.stored(id).await;
    let change = DestinationSettings {
        stream_state: Some(stream_state),
        ..named(target).parse_change().unwrap()
    };
    world
        .engine
        .update_destination(&author(), id, stored.version, change)
        .await
        .unwrap();
}

/// What the log holds, from the adding of the destination on.
async fn logged(world: &World) -> Vec<std::sync::Arc<LoggedEvent>> {
    world
        .engine
        .log()
        .read_after(Seq::START, 10_000, 64 << 20)
        .await
        .unwrap()
}

async fn bodies(world: &World) -> Vec<String> {
    let events = logged(world).await;
    events
        .iter()
        .map(|event| String::from_utf8(event.body.to_vec()).unwrap())
        .collect()
}

async fn wait_until_backing_off(world: &World, id: DestinationId, expected: Trouble) {
    let what = format!("it backs off: {expected}");
    world
        .wait_for_health(
            id,
            &what,
            |health| matches!(health, StreamHealth::Retrying { trouble, .. } if *trouble == expected),
        )
        .await;
}

async fn wait_until_healthy(world: &World, id: DestinationId) {
    world
        .wait_for_health(id, "it is healthy", |health| {
            matches!(health, StreamHealth::Healthy { .. })
        })
        .await;
}

/// The words of the newest failed attempt, and what was kept of the answer, once it is stored.
async fn words(world: &World, id: DestinationId) -> (String, String) {
    crate::it::world::wait_until("the attempt is stored", async || {
        !world.engine.database().list_attempts(id, 1).await.unwrap().is_empty()
    })
    .await;
    let attempts = world.engine.database().list_attempts(id, 1).await.unwrap();
    (attempts[0].reason.clone(), attempts[0].response.clone())
}

fn assert_nowhere_in(folder: &Path, secret: &str) {
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{} holds the secret", path.display());
    }
}

#[tokio::test]
async fn each_event_is_an_object_under_gitlabs_key() {
    let (world, storage) = (World::new().await, Storage::start().await);
    let id = world
        .add(&named(
            storage
                .draft(ObjectLayout::Events)
                .with([(Field::KeyPrefix, "it's-(ours)/prod")]),
        ))
        .await;
    let events = json!([
        {"id": 887, "event_type": "update_approval_rules", "entity_type": "Group", "entity_id": 3,
         "created_at": "2023-09-11T14:25:09.820Z"},
        {"id": "a/b_c%", "event_type": "user created", "entity_type": "Security::PolicyProject", "entity_id": 3,
         "created_at": "2024-02-29T23:59:59.999Z", "details": {"custom_message": "Zoë: 100 % <sure>\u{1F980}"}},
    ]);
    let body = serde_json::to_vec(&events).unwrap().into();
    world.engine.ingest("tests", body).await.unwrap();
    world.post("1", numbered(0..30)).await;
    storage
        .wait_for_objects("all have arrived", |storage| storage.objects().len() == 33)
        .await;
    wait_until_healthy(&world, id).await;

    let objects = storage.objects();
    let events = logged(&world).await;
    let body_of = |event_id: &str| {
        let event = events.iter().find(|event| event.id.as_str() == event_id).unwrap();
        event.body.to_vec()
    };
    assert_eq!(
        objects["it's-(ours)/prod/group/2023/09/update_approval_rules_tests_887_1694442309820.json"],
        body_of("887")
    );
    assert_eq!(
        objects["it's-(ours)/prod/security_policyproject/2024/02/user%20created_tests_a%2Fb%5Fc%25_1709251199999.json"],
        body_of("a/b_c%")
    );
    let mut sent: Vec<_> = objects.into_values().collect();
    let mut written: Vec<_> = events.iter().map(|event| event.body.to_vec()).collect();
    sent.sort();
    written.sort();
    assert_eq!(sent, written, "byte for byte, none missing and none twice");
    assert!(storage.server.puts_by_key().values().all(|puts| puts.times == 1));
    let own = events.iter().find(|event| &*event.source == INSTANCE_SOURCE).unwrap();
    assert!(
        storage
            .objects()
            .keys()
            .any(|key| key.contains(own.event_type.as_str()))
    );
}

#[tokio::test]
async fn two_sources_with_the_same_id_do_not_overwrite_each_other() {
    let (world, storage) = (World::new().await, Storage::start().await);
    world.add(&named(storage.draft(ObjectLayout::Events))).await;
    let posted = crate::it::world::post_as_two_sources(&world).await;
    storage
        .wait_for_objects("both have arrived", |storage| storage.objects().len() == 3)
        .await;
    let objects: Vec<_> = storage.objects().into_values().collect();
    for body in posted {
        assert!(objects.contains(&body.into_bytes()), "{objects:?}");
    }
}

#[tokio::test]
async fn batches_hold_the_log_in_its_order_without_holes() {
    let (world, storage) = (
        world_with_runs_of(Duration::from_millis(50)).await,
        Storage::start().await,
    );
    let id = world.add(&named(storage.draft(ObjectLayout::Batches))).await;
    for round in 0..5 {
        world.post("1", numbered(round * 100..(round + 1) * 100)).await;
        storage
            .wait_for_objects("the round has arrived", |storage| {
                storage.lines().len() > (round + 1) * 100
            })
            .await;
    }
    wait_until_healthy(&world, id).await;
    assert_eq!(storage.lines(), bodies(&world).await);
    for (key, puts) in storage.server.puts_by_key() {
        assert_eq!((puts.times, puts.bodies.len()), (1, 1), "{key}");
    }
    let requests = storage.server.requests();
    let agents = requests.iter().filter_map(|request| request.header("user-agent"));
    assert!(agents.clone().count() > 0);
    assert!(agents.into_iter().all(|agent| agent.starts_with("audit-streams/")));
    let types: Vec<_> = requests.iter().map(|request| request.header("content-type")).collect();
    assert!(
        types
            .iter()
            .all(|content_type| *content_type == Some("application/gzip")),
        "{types:?}"
    );
    assert!(
        requests
            .iter()
            .all(|request| request.header("x-amz-checksum-crc32").is_some())
    );
}

#[tokio::test]
async fn a_stream_whose_batch_waits_for_its_time_is_healthy() {
    let (world, storage) = (
        world_with_runs_of(Duration::from_secs(3_600)).await,
        Storage::start().await,
    );
    let id = world.add(&named(storage.draft(ObjectLayout::Batches))).await;
    world.post("1", numbered(0..900)).await;
    wait_until_healthy(&world, id).await;
    let destination = world.stored(id).await;
    assert!(world.engine.backlog_of(&destination).unwrap() >= 900);
    assert!(storage.objects().is_empty());
}

#[tokio::test]
async fn a_batch_whose_answer_was_lost_is_put_again_as_it_was() {
    let (world, storage) = (
        world_with_runs_of(Duration::from_millis(1)).await,
        Storage::start().await,
    );
    storage.server.answer_next(2, Fault::CloseAfterStoring);
    let id = world.add(&named(storage.draft(ObjectLayout::Batches))).await;
    world.post("1", numbered(0..50)).await;
    storage
        .wait_for_objects("all have arrived", |storage| storage.lines().len() == 51)
        .await;
    wait_until("each is acknowledged", async || {
        let cursor = world.engine.database().read_cursor(id).await.unwrap().unwrap();
        cursor.acknowledged >= world.engine.log().last_seq()
    })
    .await;
    assert_eq!(storage.lines(), bodies(&world).await);
    let puts = storage.server.puts_by_key();
    assert!(puts.values().any(|puts| puts.times > 1));
    assert!(puts.values().all(|puts| puts.bodies.len() == 1), "{puts:?}");
    // Each object was stored once: in a bucket with versions there is one version.
    let mut stored = BTreeMap::<String, usize>::new();
    for request in storage.server.requests() {
        if let (Some(put), Some(http::StatusCode::OK)) = (request.put, request.served) {
            *stored.entry(put.key).or_default() += 1;
        }
    }
    assert!(stored.values().all(|times| *times == 1), "{stored:?}");
}

#[tokio::test]
async fn an_object_of_other_content_stays_and_the_event_is_put_beside_it() {
    const KEY: &str = "project/2023/09/test_tests_1_1694442309820.json";
    let (world, storage) = (World::new().await, Storage::start().await);
    let there = storage.folder.path().join(BUCKET).join(KEY);
    std::fs::create_dir_all(there.parent().unwrap()).unwrap();
    std::fs::write(&there, "evidence").unwrap();
    let id = world.add(&named(storage.draft(ObjectLayout::Events))).await;
    let event = json!({"id": "1", "event_type": "test", "entity_type": "Project", "entity_id": 7,
        "created_at": "2023-09-11T14:25:09.820Z"});
    world.engine.ingest("tests", event.to_string().into()).await.unwrap();
    storage
        .wait_for_objects("both are there", |storage| storage.objects().len() == 3)
        .await;
    wait_until_healthy(&world, id).await;
    let objects = storage.objects();
    assert_eq!(objects[KEY], b"evidence");
    let events = logged(&world).await;
    let ours = events.iter().find(|event| event.id.as_str() == "1").unwrap();
    let beside = objects.iter().find(|(_, body)| body.as_slice() == &*ours.body).unwrap();
    assert!(
        beside.0.starts_with("project/2023/09/test_tests_1_1694442309820.") && beside.0.ends_with(".json"),
        "{}",
        beside.0
    );
}

#[tokio::test]
async fn a_batch_of_which_a_part_has_left_the_log_gets_a_key_of_its_own() {
    let storage = Storage::without_bucket().await;
    let age = Duration::from_millis(300);
    let world = world_with_runs_of(age).await;
    let id = world.add(&named(storage.draft(ObjectLayout::Batches))).await;
    world.post("1", numbered(0..10)).await;
    // Closed, stored, and not accepted.
    world
        .wait_for_health(id, "it backs off", |health| {
            matches!(health, StreamHealth::Retrying { .. })
        })
        .await;
    let batch = async |world: &World| world.engine.database().read_cursor(id).await.unwrap().unwrap().batch;
    wait_until("the batch is stored", async || batch(&world).await.is_some()).await;
    let stream_state = |active| StreamState {
        active,
        ..StreamState::default()
    };
    switch(&world, id, storage.draft(ObjectLayout::Batches), stream_state(false)).await;
    let first = batch(&world).await.unwrap().first;
    let (later, gone) = (world.engine.clock().now().plus(Duration::from_secs(1)), first.next());
    assert!(world.engine.log().prune(later, gone).await.unwrap().deleted > 0);
    // The newest events would still be in memory.
    let world = world.restart_with(|config| with_runs_of(age, config)).await;

    storage.server.make_bucket(BUCKET).unwrap();
    switch(&world, id, storage.draft(ObjectLayout::Batches), stream_state(true)).await;
    world.post("1", ["last".to_owned()]).await;
    storage
        .wait_for_objects("what is left", |storage| {
            storage.lines().iter().any(|line| line.contains("\"last\""))
        })
        .await;
    let keys: Vec<String> = storage.objects().into_keys().collect();
    let begins_as_before = |key: &String| key.contains(&format!("/{first}-"));
    assert!(!keys.iter().any(begins_as_before), "{keys:?}");
    let lines = storage.lines();
    assert!(lines.iter().any(|line| line.contains("\"e9\"")), "{lines:?}");
}

#[tokio::test]
async fn a_batch_that_is_too_large_arrives_in_parts() {
    let (world, storage) = (
        world_with_runs_of(Duration::from_millis(50)).await,
        Storage::start().await,
    );
    let id = world.add_and_wait(&named(storage.draft(ObjectLayout::Batches))).await;
    storage.server.answer_next(2, Refusal::EntityTooLarge);
    world.post("1", numbered(0..64)).await;
    storage
        .wait_for_objects("all have arrived", |storage| storage.lines().len() == 65)
        .await;
    wait_until_healthy(&world, id).await;
    assert_eq!(storage.lines(), bodies(&world).await);
}

#[tokio::test]
async fn a_wrong_secret_holds_until_it_is_put_right() {
    let (world, storage) = (World::new().await, Storage::start().await);
    let wrong = storage
        .draft(ObjectLayout::Events)
        .with([(Field::SecretAccessKey, "wrong-and-never-to-be-seen")]);
    let id = world.add(&named(wrong)).await;
    world.post("1", numbered(0..5)).await;
    wait_until_backing_off(&world, id, Trouble::AuthenticationFailing(403)).await;
    let (reason, response) = words(&world, id).await;
    assert_eq!(
        reason,
        "The secret access key does not belong to the access key ID: add a new secret access key."
    );
    assert!(response.contains("SignatureDoesNotMatch"), "{response}");
    assert!(storage.objects().is_empty());

    change(&world, id, storage.draft(ObjectLayout::Events)).await;
    // Five, and the adding and the changing of the destination.
    storage
        .wait_for_objects("all have arrived", |storage| storage.objects().len() == 7)
        .await;
    assert_eq!(bodies(&world).await.len(), 7);
    world.engine.shutdown(Duration::from_secs(20)).await;
    assert_nowhere_in(world.folder(), SECRET);
    assert_nowhere_in(world.folder(), "wrong-and-never-to-be-seen");
    for body in storage.objects().values() {
        assert!(!String::from_utf8_lossy(body).contains(SECRET));
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_there_holds_until_it_is_made() {
    let (world, storage) = (World::new().await, Storage::without_bucket().await);
    let id = world.add(&named(storage.draft(ObjectLayout::Events))).await;
    wait_until_backing_off(&world, id, Trouble::EndpointNotFound(404)).await;
    let (reason, response) = words(&world, id).await;
    assert_eq!(
        reason,
        "The bucket audit-events does not exist: create it, or correct the bucket name."
    );
    assert!(response.contains("<Code>NoSuchBucket</Code>"), "{response}");
    storage.server.make_bucket(BUCKET).unwrap();
    wait_until_healthy(&world, id).await;
    assert_eq!(storage.objects().len(), 1);
}

#[tokio::test]
async fn every_trouble_that_s3_names_holds_with_its_words() {
    let world = World::new().await;
    let region = || "eu-west-1".to_owned();
    for (refusal, trouble, start) in [
        (
            Refusal::AccessDenied,
            Trouble::AuthenticationFailing(403),
            "Access denied: allow",
        ),
        (
            Refusal::InvalidAccessKeyId,
            Trouble::AuthenticationFailing(403),
            "The service does not know the access key ID",
        ),
        (
            Refusal::RequestTimeTooSkewed,
            Trouble::AuthenticationFailing(403),
            "The clock of this machine",
        ),
        (
            Refusal::PermanentRedirect { region: region() },
            Trouble::Moved(301),
            "The bucket audit-events is in eu-west-1",
        ),
        (
            Refusal::WrongRegion { region: region() },
            Trouble::Moved(301),
            "The bucket audit-events is in eu-west-1",
        ),
        (
            Refusal::SlowDown,
            Trouble::Unavailable(503),
            "The service asks for fewer requests",
        ),
        (
            Refusal::InternalError,
            Trouble::Unavailable(500),
            "The service can't accept objects",
        ),
        (
            Refusal::RequestTimeout,
            Trouble::Unavailable(408),
            "The service waited too long",
        ),
    ] {
        let storage = Storage::start().await;
        storage.server.answer_all(refusal.clone());
        let draft = DestinationDraft {
            name: format!("{refusal:?}"),
            ..named(storage.draft(ObjectLayout::Events))
        };
        let id = world.add(&draft).await;
        wait_until_backing_off(&world, id, trouble).await;
        let (reason, _) = words(&world, id).await;
        assert!(reason.starts_with(start), "{refusal:?}: {reason}");
        storage.server.serve_again();
        storage
            .wait_for_objects("it has arrived", |storage| !storage.objects().is_empty())
            .await;
        world.engine.delete_destination(&author(), id).await.unwrap();
    }
}

#[tokio::test]
async fn an_event_that_s3_refuses_waits_while_the_others_go_on() {
    let (world, storage) = (World::new().await, Storage::start().await);
    let id = world.add_and_wait(&named(storage.draft(ObjectLayout::Events))).await;
    storage.server.answer_next(1, Refusal::InvalidRequest);
    world.post("1", numbered(0..3)).await;
    storage
        .wait_for_objects("the others have arrived", |storage| storage.objects().len() == 3)
        .await;
    crate::it::world::wait_until("the refusal is stored", async || {
        !world.engine.database().list_refused(id).await.unwrap().is_empty()
    })
    .await;
    let refused = world.engine.database().list_refused(id).await.unwrap();
    assert_eq!(refused.len(), 1);
    assert_eq!(
        refused[0].reason,
        "Answered 400 Bad Request: InvalidRequest: Invalid Request"
    );
}

#[tokio::test]
async fn nothing_is_put_where_the_network_rules_forbid_it() {
    let (world, storage) = (World::new().await, Storage::start().await);
    let id = world.add_and_wait(&named(storage.draft(ObjectLayout::Events))).await;
    let world = world
        .restart_with(|config| EngineConfig {
            fixed: FixedSettings {
                allow_local_network: Some(false),
                ..FixedSettings::default()
            },
            ..config
        })
        .await;
    let before = storage.server.requests().len();
    world.post("1", numbered(0..3)).await;
    wait_until_backing_off(&world, id, Trouble::Blocked).await;
    let (reason, _) = words(&world, id).await;
    assert!(
        reason.starts_with("Requests to loopback addresses are not allowed"),
        "{reason}"
    );
    assert_eq!(storage.server.requests().len(), before);
}

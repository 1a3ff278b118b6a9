//! What restored streams put into S3 buckets.

use std::time::Duration;

use domain::destination::ObjectLayout;

use super::{backup_of, post, restored};
use crate::it::{
    s3::{Storage, named, with_runs_of},
    world::{World, wait_until},
};

fn unpacked(body: Vec<u8>) -> String {
    std::io::read_to_string(flate2::read::GzDecoder::new(body.as_slice())).unwrap()
}

#[tokio::test]
async fn a_restored_stream_puts_its_batches_under_new_keys() {
    let storage = Storage::start().await;
    let runs = |config| with_runs_of(Duration::from_millis(20), config);
    let world = World::with(runs).await;
    world.add(&named(storage.draft(ObjectLayout::Batches))).await;
    let has_all = |ids: std::ops::Range<usize>| {
        let objects = storage.objects();
        let text: String = objects.into_values().map(unpacked).collect();
        ids.into_iter().all(|id| text.contains(&format!("\"e{id}\"")))
    };
    post(&world, 0..10).await;
    wait_until("the first events are in the bucket", async || has_all(0..10)).await;
    let (_parent, backup) = backup_of(world.folder()).await;
    let restored = restored(&backup, world.folder()).await;
    post(&world, 10..20).await;
    wait_until("the lost events are in the bucket", async || has_all(10..20)).await;
    let data = world.shut_down().await;
    let before = storage.objects();

    let world = World::on_with(restored, runs).await;
    post(&world, 20..30).await;
    wait_until("the new events are in the bucket", async || has_all(20..30)).await;
    let ending = format!(".{}.jsonl.gz", world.engine.lineage());
    drop((world.shut_down().await, data));
    for (key, body) in storage.objects() {
        match before.get(&key) {
            Some(earlier) => assert!(*earlier == body, "{key} was overwritten"),
            None => assert!(key.ends_with(&ending), "{key}"),
        }
    }
}

/// The log has lost an event, and somebody posts another one with its id: its object would get the same key.
#[tokio::test]
async fn a_restored_stream_overwrites_no_object_that_it_cannot_read() {
    let storage = Storage::start().await;
    storage.server.deny_reading();
    let world = World::new().await;
    world.add(&named(storage.draft(ObjectLayout::Events))).await;
    let (_parent, backup) = backup_of(world.folder()).await;
    let post = async |world: &World, text: &str| {
        let event = serde_json::json!({"id": "1", "event_type": "test", "entity_type": "Project", "entity_id": 7,
            "created_at": "2023-09-11T14:25:09.820Z", "details": {"custom_message": text}});
        world.engine.ingest("tests", event.to_string().into()).await.unwrap();
    };
    let key_of = |text: &str| {
        let mut objects = storage.objects().into_iter();
        let found = objects.find(|(_, body)| String::from_utf8_lossy(body).contains(text));
        found.map(|(key, _)| key)
    };
    post(&world, "the first text").await;
    wait_until("the event is in the bucket", async || {
        key_of("the first text").is_some()
    })
    .await;
    let restored = restored(&backup, world.folder()).await;
    let data = world.shut_down().await;
    let before = storage.objects();

    let world = World::on(restored).await;
    post(&world, "the second text").await;
    wait_until("the other event is in the bucket", async || {
        key_of("the second text").is_some()
    })
    .await;
    drop((world.shut_down().await, data));
    let (first, second) = (key_of("the first text").unwrap(), key_of("the second text").unwrap());
    let digest = second.strip_prefix(first.strip_suffix("json").unwrap()).unwrap();
    assert_eq!(digest.len(), "0a1b2c3d4e5f6789.json".len(), "{second}");
    let after = storage.objects();
    for (key, body) in before {
        assert!(after.get(&key) == Some(&body), "{key} was overwritten");
    }
}

//! Killed between an upload and the commit that tells of it, twenty times: the bucket holds every event once.
//!
//! The S3 server stores each object and never answers, so that the kill comes when the object is there and nobody knows.
//! After the last kill it answers again. Every key must have been put with one content only, no event may stand in two
//! objects, and none may be missing.

use std::{collections::BTreeSet, io::Read};

use receivers::{Fault, s3::S3Server};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    instance::{Instance, PATIENCE, until},
};

const KILLS: usize = 20;
const EVENTS_A_ROUND: usize = 30;
const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const BUCKET: &str = "audit-events";

/// Whether more than `before` objects are put, and the last one is served.
async fn is_served(s3: &S3Server, before: usize) -> bool {
    s3.wait_until(PATIENCE, |requests| {
        let puts = requests.iter().filter(|request| request.put.is_some());
        puts.clone().count() > before && puts.last().is_some_and(|put| put.served.is_some())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_holds_every_event_once_however_often_the_server_is_killed() {
    let objects = tempfile::tempdir().unwrap();
    let s3 = S3Server::start(objects.path(), ACCESS_KEY_ID, SECRET_ACCESS_KEY)
        .await
        .unwrap();
    s3.make_bucket(BUCKET).unwrap();
    let mut instance = Instance::start_with(&[("AUDIT_STREAMS_S3_BATCH_SECONDS", "1")]);
    let token = instance.token("app", &["ingest"]);
    add_bucket(&instance, &s3).await;
    let mut posted = BTreeSet::new();
    for round in 0..KILLS {
        // Of every other round's object the server gets to know at the next start.
        s3.answer_all(Fault::HangAfterStoring);
        let before = s3.put_count();
        posted.extend(post(&instance, &token, round).await);
        assert!(is_served(&s3, before).await, "no object was put in round {round}");
        instance.kill();
        if round % 2 == 1 {
            s3.serve_again();
        }
        let before = s3.put_count();
        instance.restart();
        // The bucket has the object already: only a further request shows that the server gets its answer.
        if round % 2 == 1 {
            assert!(
                is_served(&s3, before).await,
                "the object was not put again in round {round}"
            );
            until("all objects are put", || is_in(&events(&s3), &posted).then_some(())).await;
        }
    }
    s3.serve_again();
    until("every event is in the bucket", || {
        is_in(&events(&s3), &posted).then_some(())
    })
    .await;
    assert!(instance.shut_down().await.success());
    let ids = events(&s3);
    let once: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(ids.len(), once.len(), "an event stands in two objects");
    let mut repeated = 0;
    for (key, puts) in s3.puts_by_key() {
        assert_eq!(puts.bodies.len(), 1, "{key} was put with other contents");
        repeated += puts.times - 1;
    }
    assert!(repeated > 0, "nothing was ever repeated: the kills came too late");
    println!(
        "{KILLS} kills, {} events in the bucket, {repeated} objects put again",
        ids.len()
    );
}

async fn add_bucket(instance: &Instance, s3: &S3Server) {
    let mut browser = Browser::signed_in(instance).await;
    let draft = json!({"draft": {"name": "Bucket", "target": {"aws": {
        "access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY, "region": "us-east-1",
        "bucket": BUCKET, "endpoint_url": s3.url(), "layout": "batches",
    }}}});
    let answer = browser.call("destinations/create", &draft).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn post(instance: &Instance, token: &str, round: usize) -> Vec<String> {
    let ids = (0..EVENTS_A_ROUND).map(|number| format!("{round}-{number}"));
    let lines: Vec<String> = ids
        .map(|id| json!({"id": id, "event_type": "project_updated", "entity_id": round}).to_string())
        .collect();
    instance.post(token, lines.join("\n")).await
}

/// Ids of all events in the bucket, as often as they stand there.
fn events(s3: &S3Server) -> Vec<String> {
    let objects = s3.objects(BUCKET).unwrap();
    objects.values().flat_map(|object| ids(object)).collect()
}

fn ids(object: &[u8]) -> Vec<String> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(object).read_to_string(&mut text).unwrap();
    let ids = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone());
    ids.map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn is_in(found: &[String], wanted: &BTreeSet<String>) -> bool {
    let found: BTreeSet<&String> = found.iter().collect();
    wanted.iter().all(|id| found.contains(id))
}

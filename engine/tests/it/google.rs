//! Google Cloud Logging: streams to a double that takes and refuses what the service would.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use domain::{
    Field,
    destination::{DestinationDraft, DestinationKind, PrivateKey, TargetDraft},
    health::StreamHealth,
    ids::DestinationId,
    policy::Trouble as StreamTrouble,
};
use receivers::{
    Fault,
    google::{Code, GoogleServer, Refusal},
};
use serde_json::{Value, json};

use crate::{
    EngineConfig,
    admin::AdminError,
    clock::Clock,
    it::{
        delivery::numbered,
        world::{World, author, wait_until},
    },
    sink::SinkServices,
};

/// Longer than anything here takes; reached only by a failing test.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

const LOG_ID: &str = "audit/events.v1";

pub(crate) fn services(google: &GoogleServer) -> SinkServices {
    SinkServices::new(&google.url(), &google.token_url(), SinkServices::BATCH_AGE).unwrap()
}

pub(crate) async fn world_around(google: &GoogleServer) -> World {
    world_around_with(google, |services| services).await
}

pub(crate) async fn world_around_with(
    google: &GoogleServer,
    change: impl FnOnce(SinkServices) -> SinkServices,
) -> World {
    world_around_at(Clock::machine(), google, change).await
}

pub(crate) async fn world_around_at(
    clock: Clock,
    google: &GoogleServer,
    change: impl FnOnce(SinkServices) -> SinkServices,
) -> World {
    let services = change(services(google));
    World::with_clock(clock, |config| EngineConfig { services, ..config }).await
}

pub(crate) fn draft(google: &GoogleServer) -> DestinationDraft {
    let account = google.service_account();
    let target = TargetDraft::new(DestinationKind::GoogleCloudLogging).with([
        (Field::ProjectId, account.project_id.as_str()),
        (Field::ClientEmail, &account.client_email),
        (Field::LogId, LOG_ID),
        (Field::PrivateKey, &account.private_key_pem),
    ]);
    DestinationDraft::new("Logs", target)
}

/// The entries of events that these tests posted, by their ids; each must be there once.
pub(super) fn written(google: &GoogleServer) -> BTreeMap<String, Value> {
    let entries = google.entries(&google.service_account().project_id);
    let mut written = BTreeMap::new();
    for entry in entries {
        let insert_id = entry["insertId"].as_str().unwrap();
        if let Some(id) = insert_id.strip_prefix("tests:").map(str::to_owned) {
            assert!(written.insert(id, entry).is_none(), "an event is written once");
        }
    }
    written
}

async fn wait_for_written(google: &GoogleServer, count: usize) -> BTreeMap<String, Value> {
    let is_enough = google.wait_until(PATIENCE, |received| {
        let entries = received.entries(&google.service_account().project_id);
        let ids = entries.filter_map(|entry| entry["insertId"].as_str());
        ids.filter(|id| id.starts_with("tests:")).collect::<HashSet<_>>().len() >= count
    });
    assert!(
        is_enough.await,
        "waited in vain for {count} entries; there are {}",
        written(google).len()
    );
    written(google)
}

async fn wait_until_backing_off(world: &World, id: DestinationId) -> StreamTrouble {
    let health = world
        .wait_for_health(id, "it backs off", |health| {
            matches!(health, StreamHealth::Retrying { .. })
        })
        .await;
    match health {
        StreamHealth::Retrying { trouble, .. } => trouble,
        other => panic!("{other:?}"),
    }
}

/// The reason of the latest failed attempt, once it is stored.
async fn failure(world: &World, id: DestinationId) -> String {
    let latest = async || world.engine.database().list_attempts(id, 1).await.unwrap().pop();
    wait_until("a failure is stored", async || latest().await.is_some()).await;
    latest().await.unwrap().reason
}

async fn ingest(world: &World, body: impl Into<Bytes>) {
    world.engine.ingest("tests", body.into()).await.unwrap();
}

#[tokio::test]
async fn every_event_is_written_once_as_an_entry_of_its_own() {
    let google = GoogleServer::start().await.unwrap();
    let world = world_around(&google).await;
    let id = world.add(&draft(&google)).await;
    for batch in 0..5 {
        let entity = batch.to_string();
        world.post(&entity, numbered(batch * 400..(batch + 1) * 400)).await;
    }
    let entries = wait_for_written(&google, 2_000).await;
    let project = &google.service_account().project_id;
    for (id, entry) in &entries {
        assert_eq!(entry["logName"], format!("projects/{project}/logs/audit%2Fevents.v1"));
        assert_eq!(entry["resource"], json!({"type": "global"}));
        assert_eq!(entry["severity"], "INFO");
        assert_eq!(entry["jsonPayload"]["id"], id.as_str());
        assert_eq!(entry["timestamp"], entry["jsonPayload"]["created_at"]);
    }
    let mut last_of_entity = HashMap::new();
    for entry in google.entries(project) {
        let number = entry["insertId"].as_str().and_then(|id| id.strip_prefix("tests:e"));
        let Some(number) = number.and_then(|number| number.parse::<usize>().ok()) else {
            continue;
        };
        let before = last_of_entity.insert(entry["jsonPayload"]["entity_id"].to_string(), number);
        assert!(before < Some(number), "an entity's events keep their order");
    }
    assert_eq!(google.tokens_issued(), 1, "one token serves them all");
    assert!(google.write_count() < 100, "{} writes", google.write_count());
    world
        .wait_for_health(id, "it is healthy", |health| {
            matches!(health, StreamHealth::Healthy { .. })
        })
        .await;
    google.look(|received| {
        assert_eq!(received.repeats(), 0);
        let head = &received.writes[0].headers;
        assert_eq!(head["content-type"], "application/json");
        assert!(head["user-agent"].to_str().unwrap().starts_with("audit-streams/"));
    });
}

/// While requests without it are accepted, those with it become smaller until it is alone.
#[tokio::test]
async fn one_entry_for_which_whole_requests_are_refused_is_found() {
    for status in [400, 413] {
        let google = GoogleServer::start().await.unwrap();
        let world = world_around(&google).await;
        let id = world.add(&draft(&google)).await;
        // As many requests as are sent side by side later.
        for entity in 0..20 {
            world
                .post(
                    &entity.to_string(),
                    (0..200).map(|number| format!("before{entity}-{number}")),
                )
                .await;
        }
        wait_for_written(&google, 4_000).await;
        let refused = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&refused);
        google.script_writes(move |body| {
            let is_bad = body.windows(8).any(|text| text == b"\"poison\"");
            count.fetch_add(usize::from(is_bad), Ordering::SeqCst);
            is_bad.then(|| Fault::from(status))
        });
        world.post("bad", ["poison".to_owned()]).await;
        for entity in 0..20 {
            world
                .post(
                    &entity.to_string(),
                    (0..200).map(|number| format!("after{entity}-{number}")),
                )
                .await;
        }
        wait_until("it is refused alone", async || {
            world.engine.database().list_refused(id).await.unwrap().len() == 1
        })
        .await;
        wait_for_written(&google, 8_000).await;
        let refused = refused.load(Ordering::SeqCst);
        assert!(refused <= 12, "{status}: {refused} requests with it");
    }
}

#[tokio::test]
async fn what_is_sent_again_is_known_by_its_id_and_time_however_old_it_is() {
    let google = GoogleServer::start().await.unwrap();
    let world = world_around(&google).await;
    google.answer_next(2, Fault::CloseAfterStoring);
    let id = world.add(&draft(&google)).await;
    let created = ["1999-01-01T00:00:00Z", "2200-01-01T00:00:00Z"];
    let events: Vec<_> = (0..40)
        .map(|number| json!({"event_type": "test", "id": format!("e{number}"), "created_at": created[number % 2]}))
        .collect();
    ingest(&world, serde_json::to_vec(&events).unwrap()).await;
    let is_repeated = google.wait_until(PATIENCE, |received| received.repeats() > 0);
    assert!(is_repeated.await);
    world
        .wait_for_health(id, "it is healthy", |health| {
            matches!(health, StreamHealth::Healthy { .. })
        })
        .await;
    let entries = wait_for_written(&google, 40).await;
    for entry in entries.values() {
        assert_ne!(
            entry["timestamp"], entry["jsonPayload"]["created_at"],
            "a time that would not be stored"
        );
    }
    google.look(|received| assert_eq!(received.changed_repeats(), 0));
}

#[tokio::test]
async fn a_token_that_is_no_longer_accepted_is_replaced() {
    let google = GoogleServer::start().await.unwrap();
    let world = world_around(&google).await;
    let id = world.add(&draft(&google)).await;
    world.post("1", numbered(0..10)).await;
    wait_for_written(&google, 10).await;
    google.expire_tokens();
    world.post("1", numbered(10..20)).await;
    wait_for_written(&google, 20).await;
    assert_eq!(google.tokens_issued(), 2);
    assert_eq!(
        failure(&world, id).await,
        "Google did not accept the access token. The next attempt uses a new one. Google says: Request had invalid \
         authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication \
         credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
    );
}

#[tokio::test]
async fn what_is_wrong_with_the_account_holds_the_destination_and_is_said_in_words() {
    for (refusal, trouble, words) in [
        (
            Refusal::PermissionDenied,
            StreamTrouble::AuthenticationFailing(403),
            "Give it the role Logs Writer",
        ),
        (
            Refusal::ServiceDisabled,
            StreamTrouble::AuthenticationFailing(403),
            "The Cloud Logging API is not enabled",
        ),
        (
            Refusal::QuotaExceeded {
                retry_info: Some(1),
                retry_after: None,
            },
            StreamTrouble::Unavailable(429),
            "A Cloud Logging quota is exhausted",
        ),
        (
            Refusal::Internal,
            StreamTrouble::Unavailable(500),
            "Cloud Logging answered 500",
        ),
    ] {
        let google = GoogleServer::start().await.unwrap();
        google.answer_all(refusal);
        let world = world_around(&google).await;
        let id = world.add(&draft(&google)).await;
        world.post("1", numbered(0..10)).await;
        assert_eq!(wait_until_backing_off(&world, id).await, trouble);
        let reason = failure(&world, id).await;
        assert!(reason.contains(words), "{reason}");
        google.serve_again();
        wait_for_written(&google, 10).await;
    }
}

#[tokio::test]
async fn a_wrong_key_holds_the_destination_and_its_events_wait() {
    let google = GoogleServer::start().await.unwrap();
    google.revoke_key();
    let world = world_around(&google).await;
    let id = world.add(&draft(&google)).await;
    world.post("1", numbered(0..10)).await;
    assert_eq!(
        wait_until_backing_off(&world, id).await,
        StreamTrouble::AuthenticationFailing(401)
    );
    let email = &google.service_account().client_email;
    assert_eq!(
        failure(&world, id).await,
        format!(
            "Google issued no access token for {email}: Invalid JWT Signature. Check that the key is active and belongs to \
             this account."
        )
    );
    assert_eq!(google.write_count(), 0);
    assert_eq!(
        world.engine.database().list_parked(id, None, u32::MAX).await.unwrap(),
        []
    );
}

#[tokio::test]
async fn two_sources_with_the_same_id_are_two_entries() {
    let google = GoogleServer::start().await.unwrap();
    let world = world_around(&google).await;
    world.add(&draft(&google)).await;
    crate::it::world::post_as_two_sources(&world).await;
    let entries = || google.entries(&google.service_account().project_id);
    wait_until("both are written", async || entries().len() == 3).await;
    let mut sources: Vec<_> = entries()
        .iter()
        .filter(|entry| entry["jsonPayload"]["id"] == "1")
        .map(|entry| entry["labels"]["audit_streams_source"].to_string())
        .collect();
    sources.sort();
    assert_eq!(sources, ["\"one\"", "\"other\""]);
}

#[tokio::test]
async fn a_partial_failure_acknowledges_what_was_accepted_and_no_more() {
    let google = GoogleServer::start().await.unwrap();
    google.refuse_insert_ids(["tests:e3", "tests:e7"], Code::InvalidArgument, "Not this one.");
    let world = world_around(&google).await;
    let id = world.add(&draft(&google)).await;
    world.post("1", numbered(0..10)).await;
    let entries = wait_for_written(&google, 8).await;
    assert!(!entries.contains_key("e3") && !entries.contains_key("e7"));
    let refused = async || world.engine.database().list_refused(id).await.unwrap();
    wait_until("both refusals are stored", async || refused().await.len() == 2).await;
    for event in refused().await {
        assert_eq!(event.tries, 1);
        assert!(event.due_at.is_some(), "it is tried again");
        assert_eq!(
            event.reason,
            "Cloud Logging rejected the entry. Google says: Not this one."
        );
    }
    google.look(|received| assert_eq!(received.repeats(), 0, "what was accepted is not sent again"));
}

#[tokio::test]
async fn an_event_that_is_too_large_is_parked_at_once_with_the_reason() {
    let google = GoogleServer::start().await.unwrap();
    let world = world_around(&google).await;
    let id = world.add(&draft(&google)).await;
    let large = json!({"event_type": "test", "id": "e-large", "details": {"text": "x".repeat(300_000)}});
    let events = json!([{"event_type": "test", "id": "e0"}, large, {"event_type": "test", "id": "e1"}]);
    ingest(&world, events.to_string()).await;
    let entries = wait_for_written(&google, 2).await;
    assert_eq!(entries.keys().collect::<Vec<_>>(), ["e0", "e1"]);
    let parked = async || world.engine.database().list_parked(id, None, u32::MAX).await.unwrap();
    wait_until("it is parked", async || parked().await.len() == 1).await;
    let parked = parked().await.remove(0);
    assert_eq!(parked.tries, 1);
    assert!(
        parked.reason.starts_with("As a log entry, the event has 300"),
        "{}",
        parked.reason
    );
    assert!(
        parked.reason.contains("no entry over 262144 bytes (256 KB)"),
        "{}",
        parked.reason
    );
    google.look(|received| {
        let largest = received.writes.iter().map(|write| write.body.len()).max();
        assert!(largest < Some(300_000), "it was never sent");
    });
}

#[tokio::test]
async fn an_event_that_spoils_a_request_is_found_and_the_others_are_written() {
    let google = GoogleServer::start().await.unwrap();
    let world = world_around(&google).await;
    let id = world.add(&draft(&google)).await;
    let mut events: Vec<_> = numbered(0..64)
        .map(|id| json!({"event_type": "test", "id": id, "entity_type": "Project", "entity_id": 1}).to_string())
        .collect();
    // Half a surrogate pair: JSON of a kind that no protocol buffer takes.
    events.insert(
        20,
        r#"{"event_type":"test","id":"e-spoilt","details":{"text":"\ud800"}}"#.to_owned(),
    );
    ingest(&world, format!("[{}]", events.join(","))).await;
    let entries = wait_for_written(&google, 64).await;
    assert!(!entries.contains_key("e-spoilt"));
    let refused = async || world.engine.database().list_refused(id).await.unwrap();
    wait_until("it is refused", async || refused().await.len() == 1).await;
    assert!(
        refused().await[0]
            .reason
            .starts_with("Cloud Logging can't read the request.")
    );
}

#[tokio::test]
async fn a_key_works_as_pkcs_1_and_without_line_breaks() {
    /// Of PKCS #8 before the key of 2048 bits that it wraps: lengths, version and algorithm.
    const WRAPPING_BYTES: usize = 26;
    let google = GoogleServer::start().await.unwrap();
    let world = world_around(&google).await;
    let lines = google.service_account().private_key_pem.lines();
    let body: String = lines.filter(|line| !line.contains("PRIVATE KEY")).collect();
    let pkcs1 = STANDARD.encode(&STANDARD.decode(body).unwrap()[WRAPPING_BYTES..]);
    let mut draft = draft(&google);
    let key = format!("  -----BEGIN RSA PRIVATE KEY----- {pkcs1} -----END RSA PRIVATE KEY-----");
    draft.target.set_text(Field::PrivateKey, key);
    world.add(&draft).await;
    world.post("1", numbered(0..10)).await;
    assert_eq!(wait_for_written(&google, 10).await.len(), 10);
}

#[tokio::test]
async fn a_key_that_can_t_sign_is_refused_at_its_field() {
    let google = GoogleServer::start().await.unwrap();
    let world = world_around(&google).await;
    let whole = &google.service_account().private_key_pem;
    let lines: Vec<_> = whole.lines().collect();
    let without_a_line = [&lines[..5], &lines[6..]].concat().join("\n");
    // An elliptic curve's key: another one than Google's are.
    let other_kind = "-----BEGIN PRIVATE KEY-----\n\
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\n\
        OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n\
        1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n\
        -----END PRIVATE KEY-----\n";
    for key in [without_a_line.as_str(), other_kind] {
        let mut draft = draft(&google);
        draft.target.set_text(Field::PrivateKey, key.to_owned());
        let refused = world
            .engine
            .create_destination(&author(), draft.parse_new().unwrap())
            .await;
        let Err(AdminError::Invalid(errors)) = refused else {
            panic!("it was taken")
        };
        assert_eq!(errors, PrivateKey::unusable().into());
    }
}

#[tokio::test]
async fn neither_key_nor_token_is_readable_in_the_data_folder() {
    let google = GoogleServer::start().await.unwrap();
    let world = world_around(&google).await;
    world.add(&draft(&google)).await;
    world.post("1", numbered(0..10)).await;
    wait_for_written(&google, 10).await;
    google.expire_tokens();
    world.post("1", numbered(10..20)).await;
    wait_for_written(&google, 20).await;
    let services = services(&google);
    let world = world.restart_with(|config| EngineConfig { services, ..config }).await;
    world.post("1", numbered(20..30)).await;
    wait_for_written(&google, 30).await;
    let key = google.service_account().private_key_pem.clone();
    let mut secrets: Vec<_> = key.lines().filter(|line| !line.contains("PRIVATE KEY")).collect();
    secrets.push("ya29.");
    for file in std::fs::read_dir(world.folder()).unwrap() {
        let path = file.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{}", path.display());
        }
    }
}

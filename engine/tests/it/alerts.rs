//! What administrators are told of streams that fail, and of a log that fills up.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    Field, Setting, Timestamp,
    health::StreamHealth,
    ids::{DestinationId, Seq},
    settings::{
        AlertChange, AlertThresholds, EmailDraft, FailingMinutes, LogShare, LogSize, NetworkChange, WebhookDraft,
    },
};
use hmac::{Hmac, Mac};
use receivers::{Fault, Receiver, Request};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    EngineConfig, FixedSettings,
    admin::AdminError,
    clock::Clock,
    it::world::{World, author, wait_until},
    log::PrunedEarly,
    store::{Channel, Refused},
};

pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const MINUTE: Duration = Duration::from_secs(60);

pub(super) async fn world() -> World {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    World::with_clock(clock, |config| config).await
}

pub(super) fn webhook(receiver: &Receiver) -> AlertChange {
    let draft = WebhookDraft {
        url: receiver.url(),
        secret: SECRET.into(),
        removes_secret: false,
    };
    AlertChange {
        webhook: Some(draft.parse().unwrap()),
        ..AlertChange::default()
    }
}

pub(super) fn email(host: &str) -> AlertChange {
    let draft = EmailDraft {
        host: host.into(),
        username: "audit".into(),
        password: "s3cret-word".into(),
        from: "audit@example.com".into(),
        to: "ops@example.com".into(),
        ..EmailDraft::default()
    };
    AlertChange {
        email: Some(draft.parse().unwrap()),
        ..AlertChange::default()
    }
}

impl World {
    pub(super) async fn change_alerts(&self, change: AlertChange) {
        let version = self.engine.alert_settings().await.unwrap().version;
        self.engine
            .update_alert_settings(&author(), version, change)
            .await
            .unwrap();
    }

    /// Looks, as the engine also does by itself.
    pub(super) async fn look(&self) {
        self.engine.look_for_alerts().await.unwrap();
    }

    pub(super) async fn look_after(&self, pause: Duration) {
        self.engine.clock().advance(pause);
        self.look().await;
    }

    /// The instance events of this type, as they are streamed.
    pub(super) async fn told(&self, event_type: &str) -> Vec<Value> {
        let (log, mut told) = (self.engine.log(), Vec::new());
        for seq in 1..=log.last_seq().get() {
            let event = log.show(Seq::new(seq)).await.unwrap().unwrap();
            if event.event_type == event_type {
                told.push(serde_json::from_str(&event.body).unwrap());
            }
        }
        told
    }

    /// A destination that has begun to answer with 503, now.
    pub(super) async fn failing_stream(&self, receiver: &Receiver) -> DestinationId {
        receiver.answer_all(503);
        let id = self.add_destination("SIEM", &receiver.url()).await;
        self.wait_for_health(id, "it fails", is_backing_off).await;
        id
    }
}

fn is_backing_off(health: &StreamHealth) -> bool {
    matches!(health, StreamHealth::Retrying { .. })
}

fn is_healthy(health: &StreamHealth) -> bool {
    matches!(health, StreamHealth::Healthy { .. })
}

fn is_refusing(health: &StreamHealth) -> bool {
    matches!(health, StreamHealth::Refusing { .. })
}

/// By a second implementation of the signature.
pub(super) fn assert_signed(request: &Request) {
    let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
    let mut mac: Hmac<Sha256> =
        Hmac::new_from_slice(&STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap()).unwrap();
    let signed = format!(
        "{}.{}.{}",
        header("webhook-id"),
        header("webhook-timestamp"),
        request.text()
    );
    mac.update(signed.as_bytes());
    let signature = STANDARD.decode(header("webhook-signature").strip_prefix("v1,").unwrap());
    mac.verify_slice(&signature.unwrap()).unwrap();
    assert_eq!(header("content-type"), "application/json");
}

#[tokio::test]
async fn a_stream_that_fails_is_told_once_and_its_recovery_once() {
    let (world, receiver, ops) = (world().await, Receiver::start().await, Receiver::start().await);
    world.change_alerts(webhook(&ops)).await;
    let id = world.failing_stream(&receiver).await;
    world.look().await;
    world.look_after(9 * MINUTE).await;
    assert_eq!(world.told("audit_event_stream_failing").await.len(), 0);
    world.look_after(MINUTE).await;
    for _ in 0..3 {
        world.look_after(MINUTE).await;
    }
    let told = world.told("audit_event_stream_failing").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["author_name"], "Audit Streams");
    assert_eq!(told[0]["details"]["author_class"], "System");
    assert_eq!(
        (&told[0]["target_id"], &told[0]["target_details"]),
        (&json!(id), &json!("SIEM"))
    );
    assert_eq!(told[0]["details"]["trouble"], "503 from server");
    let open = world.engine.open_alerts().await.unwrap();
    assert_eq!((open.streams[0].destination, open.log_raised_at), (id, None));

    receiver.accept_all();
    world.wait_for_health(id, "it works again", is_healthy).await;
    world.look().await;
    world.look_after(MINUTE - Duration::from_secs(1)).await;
    assert_eq!(world.told("audit_event_stream_recovered").await.len(), 0);
    world.look_after(Duration::from_secs(1)).await;
    world.look_after(MINUTE).await;
    let told = world.told("audit_event_stream_recovered").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["details"]["failed_seconds"], 13 * 60);
    assert!(world.engine.open_alerts().await.unwrap().streams.is_empty());

    let requests = ops.wait_until("both are posted", |requests| requests.len() >= 2).await;
    requests.iter().for_each(assert_signed);
    let bodies: Vec<Value> = requests
        .iter()
        .map(|request| serde_json::from_str(request.text()).unwrap())
        .collect();
    assert_eq!(bodies[0]["type"], "audit_event_stream_failing");
    assert_eq!(
        bodies[0]["data"]["destination"],
        json!({"id": id, "name": "SIEM", "kind": "http"})
    );
    assert_eq!(
        bodies[0]["data"]["message"],
        "Stream SIEM has been failing for 10 minutes: 503 from server"
    );
    assert_eq!(bodies[1]["type"], "audit_event_stream_recovered");
    assert_eq!(ops.requests().len(), 2);
}

#[tokio::test]
async fn a_destination_that_refuses_every_event_raises_an_alert() {
    let (world, receiver) = (world().await, Receiver::start().await);
    receiver.answer_all(422);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", ["a".to_owned(), "b".to_owned()]).await;
    // These two, and the event about its creation. What is not stored would be refused anew after the crash.
    wait_until("all of them are stored as refused", async || {
        world.engine.database().count_refused(id).await.unwrap().retrying == 3
    })
    .await;
    world.look().await;
    world.look_after(9 * MINUTE).await;
    assert_eq!(world.told("audit_event_stream_failing").await.len(), 0);
    let world = world.crash().await;
    world.wait_for_health(id, "it has started", is_refusing).await;
    world.look_after(MINUTE).await;
    world.look_after(MINUTE).await;
    let told = world.told("audit_event_stream_failing").await;
    assert_eq!(told.len(), 1);
    let trouble = told[0]["details"]["trouble"].as_str().unwrap();
    assert!(trouble.starts_with("every event rejected: Answered 422"), "{trouble}");
    assert_eq!(world.engine.open_alerts().await.unwrap().streams[0].destination, id);

    receiver.accept_all();
    world.post("1", ["c".to_owned()]).await;
    world.wait_for_health(id, "it accepts", is_healthy).await;
    world.look().await;
    world.look_after(MINUTE).await;
    assert_eq!(world.told("audit_event_stream_recovered").await.len(), 1);
    assert_eq!(world.engine.open_alerts().await.unwrap().streams, []);
}

#[tokio::test]
async fn parked_events_raise_an_alert_until_none_is_left() {
    let (world, receiver, ops) = (world().await, Receiver::start().await, Receiver::start().await);
    world.change_alerts(webhook(&ops)).await;
    receiver.answer_bodies_with("\"bad\"", 422);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", ["bad".to_owned(), "good".to_owned()]).await;
    world.park_what_is_refused(id).await;
    for _ in 0..3 {
        world.look_after(2 * MINUTE).await;
    }
    let told = world.told("audit_events_parked").await;
    assert_eq!(told.len(), 1);
    let details = &told[0]["details"];
    assert_eq!((&details["events"], &details["parked"]), (&json!(1), &json!(1)));
    assert!(details["reason"].as_str().unwrap().contains("422"), "{details}");
    assert_eq!(told[0]["target_details"], "SIEM");
    assert_eq!(world.engine.open_alerts().await.unwrap().parked[0].destination, id);
    let requests = ops.wait_until("it is posted", |requests| !requests.is_empty()).await;
    let body: Value = serde_json::from_str(requests[0].text()).unwrap();
    assert_eq!(body["type"], "audit_events_parked");
    assert_eq!(body["data"]["message"], "1 event of stream SIEM was parked");
    assert_eq!(
        body["data"]["url"],
        format!("https://audit.example/admin/audit_logs?tab=streams&stream={id}&view=activity")
    );
    assert_eq!(details.get("url"), None, "the audit event outlives the address");
    // Another event was accepted after the first refusal, so the destination does not refuse everything.
    assert_eq!(world.told("audit_event_stream_failing").await.len(), 0);

    receiver.accept_bodies_with("\"bad\"");
    assert_eq!(world.engine.retry_all_parked(&author(), id).await.unwrap(), 1);
    wait_until("it is accepted", async || {
        world.engine.database().count_refused(id).await.unwrap() == Refused::default()
    })
    .await;
    world.look().await;
    assert_eq!(world.engine.open_alerts().await.unwrap().parked, []);
    assert_eq!(world.told("audit_events_parked").await.len(), 1);
    assert_eq!(ops.requests().len(), 1);
}

#[tokio::test]
async fn a_stream_that_flaps_keeps_its_alert() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let id = world.failing_stream(&receiver).await;
    world.look().await;
    world.look_after(10 * MINUTE).await;
    for round in 0..3 {
        receiver.accept_all();
        world.wait_for_health(id, "it works again", is_healthy).await;
        world.look().await;
        world.look_after(MINUTE / 2).await;
        receiver.answer_all(503);
        world.post("1", [format!("round {round}")]).await;
        world.wait_for_health(id, "it fails again", is_backing_off).await;
        world.look_after(MINUTE / 2).await;
    }
    assert_eq!(world.told("audit_event_stream_failing").await.len(), 1);
    assert_eq!(world.told("audit_event_stream_recovered").await.len(), 0);
}

#[tokio::test]
async fn what_an_administrator_stops_is_neither_trouble_nor_recovery() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let id = world.failing_stream(&receiver).await;
    world.look().await;
    let stream_state = |active, paused| domain::destination::StreamState { active, paused };
    world.set_stream_state(id, stream_state(true, true)).await;
    world
        .wait_for_health(id, "it is paused", |health| {
            matches!(health, StreamHealth::Paused { .. })
        })
        .await;
    world.look_after(20 * MINUTE).await;
    assert_eq!(world.told("audit_event_stream_failing").await.len(), 0);
    world.set_stream_state(id, stream_state(true, false)).await;
    world.wait_for_health(id, "it fails again", is_backing_off).await;
    // It is the same trouble still, and has lasted.
    world.look().await;
    assert_eq!(world.told("audit_event_stream_failing").await.len(), 1);
    world.set_stream_state(id, stream_state(false, false)).await;
    world
        .wait_for_health(id, "it is inactive", |health| *health == StreamHealth::Inactive)
        .await;
    world.look_after(20 * MINUTE).await;
    assert_eq!(world.engine.open_alerts().await.unwrap().streams.len(), 1);
    world.engine.delete_destination(&author(), id).await.unwrap();
    assert!(world.engine.open_alerts().await.unwrap().streams.is_empty());
    assert_eq!(world.told("audit_event_stream_recovered").await.len(), 0);
}

#[tokio::test]
async fn what_is_still_to_be_told_survives_a_crash() {
    let (world, receiver, ops) = (world().await, Receiver::start().await, Receiver::start().await);
    world.change_alerts(webhook(&ops)).await;
    world.failing_stream(&receiver).await;
    world.look().await;
    ops.answer_all(Fault::Hang);
    world.look_after(10 * MINUTE).await;
    ops.wait_until("the notice is on its way", |requests| requests.len() == 1)
        .await;
    ops.accept_all();
    let world = world.crash().await;
    let requests = ops
        .wait_until("the notice is sent again", |requests| requests.len() == 2)
        .await;
    assert_eq!(requests[0].headers["webhook-id"], requests[1].headers["webhook-id"]);
    assert_eq!(requests[0].text(), requests[1].text());
    wait_until("nothing is owed any more", async || pending(&world).await == 0).await;
    assert_eq!(world.told("audit_event_stream_failing").await.len(), 1);
    assert_eq!(world.engine.open_alerts().await.unwrap().streams.len(), 1);
}

/// Notices for the webhook, due within a year.
pub(super) async fn pending(world: &World) -> usize {
    let later = world.engine.clock().now().plus(Duration::from_secs(365 * 86_400));
    let due = world.engine.database().due_notices(Channel::Webhook, later).await;
    due.unwrap().len()
}

#[tokio::test]
async fn a_notice_that_can_not_be_sent_is_tried_again_and_given_up_after_a_day() {
    let (world, receiver, ops) = (world().await, Receiver::start().await, Receiver::start().await);
    world.change_alerts(webhook(&ops)).await;
    world.failing_stream(&receiver).await;
    ops.answer_all(500);
    world.look().await;
    world.look_after(10 * MINUTE).await;
    ops.wait_until("it is tried", |requests| requests.len() == 1).await;
    let settings = world.engine.alert_settings().await.unwrap();
    wait_until("it is put off", async || {
        let now = world.engine.clock().now();
        let due = world.engine.database().due_notices(Channel::Webhook, now).await;
        due.unwrap().is_empty()
    })
    .await;
    world.engine.clock().advance(MINUTE);
    ops.wait_until("it is tried again", |requests| requests.len() == 2)
        .await;
    assert_eq!(pending(&world).await, 1);
    world.engine.clock().advance(Duration::from_secs(86_400));
    wait_until("it is given up", async || pending(&world).await == 0).await;
    assert_eq!(world.engine.alert_settings().await.unwrap(), settings);
}

#[tokio::test]
async fn a_log_that_fills_up_is_told_with_the_stream_that_holds_it_back() {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let world = World::with_clock(clock, |config| EngineConfig {
        fixed: FixedSettings {
            log_size: Some(LogSize::MIN),
            ..config.fixed.clone()
        },
        ..config
    })
    .await;
    let (receiver, healthy) = (Receiver::start().await, Receiver::start().await);
    let other = world.add_destination("Archive", &healthy.url()).await;
    let id = world.failing_stream(&receiver).await;
    let thresholds = AlertThresholds {
        failing_minutes: FailingMinutes::new(1_440).unwrap(),
        log_share: LogShare::new(50).unwrap(),
    };
    world
        .change_alerts(AlertChange {
            thresholds: Some(thresholds),
            ..AlertChange::default()
        })
        .await;
    world.look().await;
    assert_eq!(world.told("audit_event_log_nearing_limit").await.len(), 0);
    let padding = "p".repeat(900_000);
    for number in 0..40 {
        let event = json!({"event_type": "large", "id": number.to_string(), "padding": padding});
        world
            .engine
            .ingest("tests", serde_json::to_vec(&event).unwrap().into())
            .await
            .unwrap();
    }
    world.wait_for_health(other, "the other one keeps up", is_healthy).await;
    world.look().await;
    world.look().await;
    let told = world.told("audit_event_log_nearing_limit").await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        told[0]["details"]["destination"],
        json!({"id": id, "name": "SIEM", "kind": "http"})
    );
    assert!(told[0]["details"]["undelivered_percent"].as_u64().unwrap() >= 50);
    assert!(world.engine.open_alerts().await.unwrap().log_raised_at.is_some());
    receiver.accept_all();
    wait_until("nothing is owed any more", async || {
        world.look().await;
        world.engine.open_alerts().await.unwrap().log_raised_at.is_none()
    })
    .await;
    assert_eq!(world.told("audit_event_log_nearing_limit").await.len(), 1);
}

#[tokio::test]
async fn events_that_leave_the_log_before_their_age_raise_an_alert() {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let world = World::with_clock(clock, |config| EngineConfig {
        fixed: FixedSettings {
            log_size: Some(LogSize::MIN),
            ..config.fixed.clone()
        },
        ..config
    })
    .await;
    assert_eq!(world.engine.log().pruned_early().await.unwrap(), PrunedEarly::default());
    // One request at a time, so that there is always room: nobody is owed anything.
    let padding = "p".repeat(900_000);
    for number in 0..75 {
        let event = json!({"event_type": "large", "id": number.to_string(), "padding": padding});
        let body = serde_json::to_vec(&event).unwrap();
        wait_until("it is taken", async || {
            world.engine.ingest("tests", body.clone().into()).await.is_ok()
        })
        .await;
    }
    wait_until("some have left", async || {
        world.engine.log().pruned_early().await.unwrap().events > 0
    })
    .await;
    world.look().await;
    world.look().await;
    // The engine itself may have looked before the last ones came in, and its event may still be on its way into the log.
    let recorded = async || -> Option<Value> {
        let events = world.engine.log().read_after(Seq::START, 1_000, 1 << 30).await.unwrap();
        let mut recorded = events.iter();
        let event = recorded.find(|event| event.event_type.as_str() == "audit_events_pruned_early")?;
        Some(serde_json::from_slice(&event.body).unwrap())
    };
    wait_until("it is recorded", async || recorded().await.is_some()).await;
    let (body, newest) = (recorded().await.unwrap(), world.engine.log().last_seq());
    assert!(body["details"]["events"].as_u64().unwrap() > 0, "{body}");
    assert_eq!(body["details"]["retention_days"], 30);
    assert!(world.engine.open_alerts().await.unwrap().pruning_raised_at.is_some());
    // The audit event itself may have made another one leave.
    wait_until("no more has to leave", async || {
        world.engine.log().stored().await.unwrap().used_bytes <= LogSize::MIN.bytes() / 10 * 9
    })
    .await;
    world.look_after(Duration::from_secs(86_400)).await;
    assert_eq!(world.engine.open_alerts().await.unwrap().pruning_raised_at, None);
    assert_eq!(world.engine.log().last_seq(), newest, "nobody is notified of the end");
}

#[tokio::test]
async fn an_email_server_that_the_network_rules_forbid_is_not_connected_to() {
    let world = World::with(|config| EngineConfig {
        fixed: FixedSettings::default(),
        ..config
    })
    .await;
    let engine = &world.engine;
    for host in ["127.0.0.1", "::1", "localhost", "169.254.169.254"] {
        let refused = engine.update_alert_settings(&author(), 1, email(host)).await;
        let Err(AdminError::Invalid(errors)) = refused else {
            panic!("{host} is not refused")
        };
        let error = errors.iter().next().unwrap();
        assert_eq!(error.field, Field::EmailHost);
        assert!(error.message.starts_with("Server is blocked: "), "{}", error.message);
    }
    let server = Receiver::start().await;
    let allowed = |allow_local_network| NetworkChange {
        allow_local_network,
        allowlist: Vec::new(),
    };
    engine.update_network(&author(), 1, allowed(true)).await.unwrap();
    let draft = EmailDraft {
        host: "localhost".into(),
        port: server.port().to_string(),
        security: "none".into(),
        from: "audit@example.com".into(),
        to: "ops@example.com".into(),
        ..EmailDraft::default()
    };
    let change = AlertChange {
        email: Some(draft.parse().unwrap()),
        ..AlertChange::default()
    };
    engine.update_alert_settings(&author(), 1, change).await.unwrap();
    engine.update_network(&author(), 2, allowed(false)).await.unwrap();
    let Err(AdminError::Invalid(errors)) = engine.send_test_alert(&author(), Channel::Email).await else {
        panic!("it is sent")
    };
    let refused = errors.error_for(Field::EmailHost).unwrap();
    assert!(refused.message.contains("not allowed"), "{refused:?}");
    assert_eq!(refused.setting, Some(Setting::Network));
    assert_eq!(server.connections(), 0);
}

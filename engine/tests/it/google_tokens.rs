//! How the sink for Cloud Logging gets and uses access tokens, without an engine around it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use domain::{
    Timestamp,
    event::{EventId, EventType},
    ids::Seq,
    policy::{Outcome, Unreached},
};
use receivers::{
    Fault,
    google::{Code, GoogleServer, Options, Refusal, TokenRefusal},
};

use crate::{
    clock::Clock,
    it::{
        google::{PATIENCE, draft, services, written},
        world::install_crypto,
    },
    log::LoggedEvent,
    net::{GuardedClients, NetworkRules},
    sink::{GoogleSink, SendReport, Sink},
    store::Target,
};

/// A sink without an engine around it.
fn sink(google: &GoogleServer, clock: &Clock) -> GoogleSink {
    install_crypto();
    let parsed = draft(google).parse_new().unwrap();
    let target = Target {
        kind: parsed.target.kind(),
        values: parsed.target.values().clone(),
        headers: Vec::new(),
        previous: Vec::new(),
    };
    let clients = GuardedClients::new(NetworkRules {
        allow_local_network: true,
        ..NetworkRules::default()
    });
    GoogleSink::new(&target, &clients, &services(google), clock.clone()).unwrap()
}

fn event(id: &str, now: Timestamp) -> Arc<LoggedEvent> {
    Arc::new(LoggedEvent {
        seq: Seq::new(1),
        source: "tests".into(),
        id: EventId::parse(id).unwrap(),
        event_type: EventType::parse("test").unwrap(),
        entity_type: "Project".into(),
        entity_id: "1".into(),
        entity_path: String::new(),
        created_at: now,
        received_at: now,
        body: Bytes::from_static(b"{}"),
    })
}

fn status(report: &SendReport) -> u16 {
    match report.whole.outcome {
        Outcome::Answered { status, .. } => status,
        other => panic!("{other:?}: {}", report.whole.reason),
    }
}

#[tokio::test]
async fn a_token_is_replaced_before_it_expires_and_not_earlier() {
    let google = GoogleServer::start().await.unwrap();
    let clock = Clock::set_at(Clock::machine().now());
    let sink = sink(&google, &clock);
    let send = async |id: &str| status(&sink.send(&[event(id, clock.now())], None).await);
    assert_eq!(send("e0").await, 200);
    clock.advance(Duration::from_secs(3_500));
    google.shift_clock(3_500);
    assert_eq!(send("e1").await, 200);
    assert_eq!(google.tokens_issued(), 1);
    clock.advance(Duration::from_secs(60));
    google.shift_clock(3_560);
    assert_eq!(send("e2").await, 200);
    assert_eq!(google.tokens_issued(), 2);
}

#[tokio::test]
async fn attempts_side_by_side_ask_for_one_token() {
    let google = GoogleServer::start().await.unwrap();
    let clock = Clock::machine();
    let sink = sink(&google, &clock);
    let events = [
        [event("e0", clock.now())],
        [event("e1", clock.now())],
        [event("e2", clock.now())],
    ];
    let sends = futures::future::join_all(events.iter().map(|events| sink.send(events, None))).await;
    assert!(sends.iter().all(|report| status(report) == 200));
    assert_eq!(google.tokens_issued(), 1);
}

#[tokio::test]
async fn an_attempt_that_is_given_up_halfway_leaves_the_next_one_free() {
    let google = GoogleServer::start().await.unwrap();
    google.answer_next_token(1, Fault::Hang);
    let clock = Clock::machine();
    let sink = sink(&google, &clock);
    let events = [event("e0", clock.now())];
    tokio::select! {
        report = sink.send(&events, None) => panic!("{report:?}"),
        asked = google.wait_until(PATIENCE, |received| received.token_requests == 1) => assert!(asked),
    }
    assert_eq!(status(&sink.send(&events, None).await), 200);
    google.answer_next(1, Fault::HangAfterStoring);
    tokio::select! {
        report = sink.send(&events, None) => panic!("{report:?}"),
        asked = google.wait_until(PATIENCE, |received| received.writes.len() == 2) => assert!(asked),
    }
    assert_eq!(status(&sink.send(&events, None).await), 200);
    assert_eq!(written(&google).len(), 1);
    assert_eq!(google.tokens_issued(), 1);
}

#[tokio::test]
async fn trouble_on_the_way_to_a_token_is_told_from_a_refusal() {
    let google = GoogleServer::start().await.unwrap();
    let clock = Clock::machine();
    let sink = sink(&google, &clock);
    let events = [event("e0", clock.now())];
    google.answer_next_token(1, Fault::Close);
    let report = sink.send(&events, None).await.whole;
    assert_eq!(report.outcome, Outcome::Unreached(Unreached::Interrupted));
    assert!(
        report
            .reason
            .starts_with("Google's token service could not be reached."),
        "{}",
        report.reason
    );
    google.answer_next_token(1, TokenRefusal::Unavailable);
    let report = sink.send(&events, None).await;
    assert_eq!(status(&report), 503);
    assert_eq!(
        report.whole.reason,
        "Google's token service answered 503 Service Unavailable."
    );
    google.shift_clock(86_400);
    let report = sink.send(&events, None).await;
    assert_eq!(status(&report), 401);
    assert!(
        report.whole.reason.ends_with("Check the clock of this machine."),
        "{}",
        report.whole.reason
    );
    google.shift_clock(0);
    assert_eq!(status(&sink.send(&events, None).await), 200);
}

#[tokio::test]
async fn the_wish_to_wait_is_passed_on() {
    let google = GoogleServer::start().await.unwrap();
    let clock = Clock::machine();
    let sink = sink(&google, &clock);
    for (retry_info, retry_after, seconds) in [(Some(30), None, 30), (None, Some(20), 20), (Some(5), Some(9), 9)] {
        google.answer_next(
            1,
            Refusal::QuotaExceeded {
                retry_info,
                retry_after,
            },
        );
        let report = sink.send(&[event("e0", clock.now())], None).await.whole;
        let expected = Outcome::Answered {
            status: 429,
            retry_after: Some(Duration::from_secs(seconds)),
        };
        assert_eq!(report.outcome, expected);
    }
}

#[tokio::test]
async fn a_token_of_a_short_life_is_used_once() {
    let options = Options {
        token_lifetime: Duration::from_secs(30),
        ..Options::default()
    };
    let google = GoogleServer::start_at(([127, 0, 0, 1], 0).into(), options)
        .await
        .unwrap();
    let clock = Clock::machine();
    let sink = sink(&google, &clock);
    for id in ["e0", "e1"] {
        assert_eq!(status(&sink.send(&[event(id, clock.now())], None).await), 200);
    }
    assert_eq!(google.tokens_issued(), 2);
}

#[tokio::test]
async fn an_answer_that_repeats_secrets_is_kept_without_them() {
    let google = GoogleServer::start().await.unwrap();
    let clock = Clock::machine();
    let sink = sink(&google, &clock);
    let events = [event("e0", clock.now())];
    assert_eq!(status(&sink.send(&events, None).await), 200);
    let bearer = google.look(|received| received.writes[0].headers["authorization"].clone());
    let token = bearer.to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned();
    let key = google.service_account().private_key_pem.clone();
    let message = format!("{token} {key}");
    let code = Code::PermissionDenied;
    google.answer_next(1, Refusal::Other { code, message });
    let report = sink.send(&events, None).await.whole;
    let line = key.lines().nth(1).unwrap();
    for text in [&report.reason, &report.response] {
        assert!(
            text.contains("••••") && !text.contains(&token) && !text.contains(line),
            "{text}"
        );
    }
}

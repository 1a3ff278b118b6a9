//! Test events: sent to real receivers, told stage by stage, and leaving streams as they are.

use crate::{EngineConfig, FixedSettings, admin::AdminError, sink::SinkServices};
use domain::{
    Field,
    connection_test::{MASK, Purpose, SentBody, Stage, StageName, StageState, TestReport},
    destination::{DestinationDraft, DestinationKind, HeaderDraft, ObjectLayout, StreamState, TargetDraft},
    ids::{DestinationId, Seq},
};
use receivers::{Answer, Fault, Receiver, google::GoogleServer, raw::RawServer, s3::S3Server, unused_address};
use serde_json::Value;

use crate::it::world::{World, author, install_crypto};

const TOKEN: &str = "tok3n-of-sixteen";
const HEADER_VALUE: &str = "Bearer header-s3cret-value";
const KEY_IN_QUERY: &str = "query-s3cret";
const KEY_IN_PATH: &str = "T0123456789ABCDEFGH";
const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const BUCKET: &str = "audit-events";

fn http(url: impl Into<String>) -> DestinationDraft {
    DestinationDraft::http("SIEM", url)
}

/// With every kind of secret that an HTTP destination can have.
fn secretive(receiver: &Receiver) -> DestinationDraft {
    let mut draft = http(format!("{}/{KEY_IN_PATH}?key={KEY_IN_QUERY}", receiver.url()));
    draft.target.set_text(Field::VerificationToken, TOKEN.into());
    draft.target.headers.push(HeaderDraft {
        name: "Authorization".into(),
        value: Some(HEADER_VALUE.into()),
        ..HeaderDraft::new()
    });
    draft
}

fn s3(server: &S3Server) -> TargetDraft {
    TargetDraft::new(DestinationKind::AmazonS3).with([
        (Field::AccessKeyId, ACCESS_KEY_ID),
        (Field::SecretAccessKey, SECRET_ACCESS_KEY),
        (Field::Region, "eu-central-1"),
        (Field::Bucket, BUCKET),
        (Field::EndpointUrl, &server.url()),
        (Field::ObjectLayout, ObjectLayout::Batches.as_str()),
    ])
}

fn google_target(google: &GoogleServer) -> TargetDraft {
    let account = google.service_account();
    TargetDraft::new(DestinationKind::GoogleCloudLogging).with([
        (Field::ProjectId, account.project_id.as_str()),
        (Field::ClientEmail, &account.client_email),
        (Field::LogId, "audit-events"),
        (Field::PrivateKey, &account.private_key_pem),
    ])
}

fn named(target: TargetDraft) -> DestinationDraft {
    DestinationDraft::new("SIEM", target)
}

async fn test(world: &World, draft: &DestinationDraft) -> TestReport {
    let settings = draft.parse_new().unwrap();
    world.engine.test_destination(&author(), settings, None).await.unwrap()
}

async fn test_stored(world: &World, draft: &DestinationDraft, id: DestinationId) -> TestReport {
    let settings = draft.parse_change().unwrap();
    let tested = world.engine.test_destination(&author(), settings, Some(id)).await;
    tested.unwrap()
}

fn states(report: &TestReport, request: usize) -> Vec<StageState> {
    report.requests[request]
        .stages
        .iter()
        .map(|stage| stage.state)
        .collect()
}

fn stage(report: &TestReport, name: StageName) -> &Stage {
    let stages = report.requests.last().unwrap().stages.iter();
    stages.into_iter().find(|stage| stage.name == name).unwrap()
}

/// The one stage that failed, which must be the last that was reached.
fn failed(report: &TestReport) -> StageName {
    let stages = report.requests.iter().flat_map(|request| &request.stages);
    let reached: Vec<_> = stages.filter(|stage| stage.state != StageState::Skipped).collect();
    let (last, before) = reached.split_last().unwrap();
    assert!(
        before.iter().all(|stage| stage.state == StageState::Done),
        "{reached:?}"
    );
    assert_eq!(last.state, StageState::Failed, "{reached:?}");
    last.name
}

fn assert_without(report: &TestReport, secrets: &[&str]) {
    let text = serde_json::to_string(report).unwrap() + &format!("{report:?}");
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} stands in {text}");
    }
}

/// Stages follow one another, and none is longer than the whole.
fn assert_plausible_times(report: &TestReport) {
    let stages = report.requests.iter().flat_map(|request| &request.stages);
    let mut end = 0;
    for stage in stages.filter(|stage| stage.state != StageState::Skipped) {
        assert!(stage.started_us >= end, "{report:?}");
        end = stage.started_us + stage.took_us;
    }
    assert!(0 < end && end <= report.took_us, "{report:?}");
}

#[tokio::test]
async fn a_draft_is_tested_and_every_stage_is_told_without_its_secrets() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let report = test(&world, &secretive(&receiver)).await;
    assert!(report.verdict.accepted, "{report:?}");
    assert_eq!(report.verdict.next_step, None);
    let names: Vec<_> = report.requests[0].stages.iter().map(|stage| stage.name).collect();
    assert_eq!(names[0], StageName::Prepared);
    assert_eq!(names[1..], StageName::OF_NETWORK);
    use StageState::{Done, Skipped};
    assert_eq!(states(&report, 0), [Done, Done, Done, Done, Skipped, Done, Done]);
    assert!(
        stage(&report, StageName::Tls).detail.contains("not"),
        "plain HTTP is named"
    );
    assert_plausible_times(&report);

    let received = receiver.requests();
    let [received] = received.as_slice() else {
        panic!("{received:?}")
    };
    assert_eq!(received.headers["authorization"], HEADER_VALUE);
    assert_eq!(received.headers["x-gitlab-event-streaming-token"], TOKEN);
    assert_eq!(received.headers["x-gitlab-audit-event-type"], "audit_event_stream_test");
    assert_eq!(received.headers["accept"], "*/*", "as streams send it");
    let event: Value = serde_json::from_str(received.text()).unwrap();
    assert_eq!(event["id"], report.event_id.as_str());
    assert_eq!(event["details"]["custom_message"], "Test event");
    assert_eq!(event["author_name"], "tester");

    let sent = report.requests[0].sent.as_ref().unwrap();
    assert_eq!(sent.body, SentBody::Text(received.text().to_owned()));
    let shown: Vec<_> = sent.headers.iter().map(|header| header.name.as_str()).collect();
    for name in received.headers.keys() {
        assert!(shown.contains(&name.as_str()), "{name} was sent and is not told of");
    }
    assert_eq!(shown.len(), received.headers.len());
    assert!(sent.url.ends_with(&format!("/in/{MASK}?key={MASK}")), "{}", sent.url);
    let signature = received.headers["webhook-signature"].to_str().unwrap();
    assert_without(
        &report,
        &[TOKEN, "header-s3cret-value", KEY_IN_QUERY, KEY_IN_PATH, signature],
    );
    assert_eq!(
        world.engine.list_destinations().await.unwrap().len(),
        0,
        "nothing is stored"
    );
}

#[tokio::test]
async fn what_answers_repeat_of_secrets_is_masked() {
    let world = World::new().await;
    let echo = Receiver::scripted(|request| {
        let body = format!("{} {:?} {}", request.uri, request.headers, request.text());
        Some(Answer::new(400, "text/plain", body).into())
    })
    .await;
    let mut draft = secretive(&Receiver::start().await);
    draft.target.set_text(
        Field::Url,
        format!("http://127.0.0.1:{}/{KEY_IN_PATH}?key={KEY_IN_QUERY}", echo.port()),
    );
    let report = test(&world, &draft).await;
    let answer = report.requests[0].answer.as_ref().unwrap();
    assert_eq!(answer.status, 400);
    assert!(answer.body.as_ref().unwrap().contains("audit_event_stream_test"));
    assert_without(&report, &[TOKEN, "header-s3cret-value", KEY_IN_QUERY, KEY_IN_PATH]);
}

#[tokio::test]
async fn what_a_receiver_refuses_is_told_with_what_to_do() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let answers = [
        (
            Fault::from(401),
            "The receiver answered 401 Unauthorized.",
            "verification token",
        ),
        (404.into(), "The receiver answered 404 Not Found.", "exactly this URL"),
        (
            413.into(),
            "The receiver answered 413 Payload Too Large.",
            "limit on the size",
        ),
        (
            503.into(),
            "The receiver answered 503 Service Unavailable.",
            "resumes automatically",
        ),
        (
            Answer::redirect(307, "http://elsewhere.example/").into(),
            "The receiver answered 307 Temporary Redirect.",
            "never followed",
        ),
    ];
    for (answer, summary, advice) in answers {
        receiver.answer_all(answer);
        let report = test(&world, &http(receiver.url())).await;
        assert!(!report.verdict.accepted);
        assert_eq!(report.verdict.summary, summary);
        assert!(
            report.verdict.next_step.as_ref().unwrap().contains(advice),
            "{report:?}"
        );
        assert_eq!(failed(&report), StageName::Answer);
        assert_plausible_times(&report);
    }
    assert_eq!(
        receiver.requests().len(),
        5,
        "no redirect is followed, and nothing is tried twice"
    );
}

#[tokio::test]
async fn a_name_without_an_address_and_a_port_without_a_receiver_are_told_apart() {
    let world = World::new().await;
    let report = test(&world, &http("http://nowhere.invalid/in")).await;
    assert_eq!(failed(&report), StageName::Address);
    assert_eq!(report.verdict.summary, "Host cannot be resolved or invalid.");
    assert!(report.requests[0].answer.is_none());
    assert!(report.requests[0].sent.is_some(), "what would have been sent is told");

    let closed = unused_address().unwrap();
    let report = test(&world, &http(format!("http://{closed}/in"))).await;
    assert_eq!(failed(&report), StageName::Tcp);
    assert!(
        report.verdict.summary.starts_with("No connection: Connection refused"),
        "{report:?}"
    );
    assert!(stage(&report, StageName::Tcp).detail.contains(&closed.to_string()));
}

#[tokio::test]
async fn what_the_network_rules_forbid_is_found_by_the_test_and_nothing_is_sent() {
    let receiver = Receiver::start().await;
    let world = World::with(|config| EngineConfig {
        fixed: FixedSettings::default(),
        ..config
    })
    .await;
    for host in ["127.0.0.1", "localhost"] {
        let url = receiver.url().replace("127.0.0.1", host);
        let report = test(&world, &http(url)).await;
        assert_eq!(failed(&report), StageName::NetworkRule);
        assert!(report.verdict.summary.contains("loopback"), "{report:?}");
        assert!(report.verdict.next_step.unwrap().contains("Settings › Network"));
    }
    assert_eq!(receiver.requests().len(), 0);
}

#[tokio::test]
async fn what_is_no_http_and_what_is_no_tls_is_told() {
    let world = World::new().await;
    let junk = RawServer::closing_after("220 mail.example ESMTP\r\n").await;
    let report = test(&world, &http(junk.url())).await;
    assert_eq!(failed(&report), StageName::Answer);
    assert!(
        report
            .verdict
            .summary
            .starts_with("The connection ended before the answer"),
        "{report:?}"
    );

    let receiver = Receiver::start().await;
    let report = test(&world, &http(receiver.url().replace("http:", "https:"))).await;
    assert_eq!(failed(&report), StageName::Tls);
    assert!(
        report.verdict.summary.starts_with("The TLS handshake failed"),
        "{report:?}"
    );
    assert_eq!(receiver.requests().len(), 0);
}

#[tokio::test]
async fn a_stored_destination_is_tested_with_its_secrets_and_its_stream_goes_on_as_it_was() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let draft = secretive(&receiver);
    let id = world.add(&draft).await;
    receiver
        .wait_until("the events of both changes are there", |requests| requests.len() == 2)
        .await;
    let stream_state = StreamState {
        active: true,
        paused: true,
    };
    world.set_stream_state(id, stream_state).await;
    let end = world.engine.log().last_seq();
    let cursor = world.engine.database().read_cursor(id).await.unwrap().unwrap();
    receiver.answer_all(500);

    let header = world.stored(id).await.target.headers[0].id;
    let mut unchanged = http(receiver.url() + "/other");
    unchanged.target.headers.push(HeaderDraft {
        id: Some(header),
        name: "Authorization".into(),
        value: None,
        active: true,
    });
    let report = test_stored(&world, &unchanged, id).await;
    assert_eq!(failed(&report), StageName::Answer);
    let received = receiver.requests();
    let tests: Vec<_> = received
        .iter()
        .filter(|request| request.text().contains("Test event"))
        .collect();
    let [tested] = tests.as_slice() else {
        panic!("{tests:?}")
    };
    assert_eq!(tested.path(), "/in/other");
    assert_eq!(tested.headers["authorization"], HEADER_VALUE);
    assert_eq!(tested.headers["x-gitlab-event-streaming-token"], TOKEN);
    assert_without(&report, &[TOKEN, "header-s3cret-value"]);

    assert_eq!(world.engine.database().read_cursor(id).await.unwrap().unwrap(), cursor);
    assert!(world.engine.database().list_attempts(id, 10).await.unwrap().is_empty());
    let logged = world.engine.log().read_after(end, 10, 1 << 20).await.unwrap();
    let types: Vec<_> = logged.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(
        types,
        ["audit_event_stream_tested"],
        "the test event itself is in no log"
    );
    let told: Value = serde_json::from_slice(&logged[0].body).unwrap();
    assert_eq!(told["target_id"], id.get());
    let origin = receiver.url().replace("/in", "");
    assert_eq!(
        told["details"]["custom_message"],
        format!("Sent a test event to {origin}")
    );
}

#[tokio::test]
async fn what_is_not_there_or_misses_a_secret_is_refused() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let settings = || http(receiver.url()).parse_new().unwrap();
    let nobody = Some(DestinationId::new(99));
    let gone = world.engine.test_destination(&author(), settings(), nobody).await;
    assert!(matches!(gone, Err(AdminError::NotFound)));
    let id = world.add(&http(receiver.url())).await;
    let mut new_header = http(receiver.url());
    new_header.target.headers.push(HeaderDraft {
        id: Some(domain::ids::HeaderId::new(7)),
        name: "X-Key".into(),
        value: None,
        active: true,
    });
    let without_value = new_header.parse_change().unwrap();
    let refused = world.engine.test_destination(&author(), without_value, Some(id)).await;
    let Err(AdminError::Invalid(errors)) = refused else {
        panic!("{refused:?}")
    };
    assert!(errors.message_for(Field::HeaderValue(0)).is_some(), "{errors}");
    let end = world.engine.log().last_seq();
    assert_eq!(world.engine.log().read_after(end, 1, 1 << 20).await.unwrap().len(), 0);
    assert!(end > Seq::START);
}

#[tokio::test]
async fn four_tests_run_at_a_time() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_all(Fault::Hang);
    let draft = http(receiver.url());
    let mut running = futures_of(&world, &draft, 4);
    tokio::select! {
        _ = &mut running => panic!("nobody answers"),
        _ = receiver.wait_until("four wait for an answer", |requests| requests.len() == 4) => {}
    }
    let fifth = world
        .engine
        .test_destination(&author(), draft.parse_new().unwrap(), None)
        .await;
    assert!(matches!(fifth, Err(AdminError::Busy)), "{fifth:?}");
    drop(running);
    receiver.accept_all();
    assert!(
        test(&world, &draft).await.verdict.accepted,
        "their places are free again"
    );
}

fn futures_of<'a>(
    world: &'a World,
    draft: &DestinationDraft,
    count: usize,
) -> std::pin::Pin<Box<dyn Future<Output = Vec<TestReport>> + 'a>> {
    let tests = (0..count).map(|_| {
        let settings = draft.parse_new().unwrap();
        async move { world.engine.test_destination(&author(), settings, None).await.unwrap() }
    });
    Box::pin(futures::future::join_all(tests.collect::<Vec<_>>()))
}

#[tokio::test]
async fn a_test_of_a_bucket_puts_an_object_of_its_own() {
    let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
    let server = S3Server::start(folder.path(), ACCESS_KEY_ID, SECRET_ACCESS_KEY)
        .await
        .unwrap();
    server.make_bucket(BUCKET).unwrap();
    let report = test(&world, &named(s3(&server))).await;
    assert!(report.verdict.accepted, "{report:?}");
    let objects = server.objects(BUCKET).unwrap();
    let (key, body) = objects.first_key_value().unwrap();
    assert!(key.ends_with(".json") && key.contains(&report.event_id), "{key}");
    let prepared = &stage(&report, StageName::Prepared).detail;
    assert!(
        prepared.contains(key.as_str()) && prepared.contains("an object of its own"),
        "{prepared}"
    );
    assert_eq!(report.requests[0].purpose, Purpose::Object);
    let sent = report.requests[0].sent.as_ref().unwrap();
    assert_eq!(sent.body, SentBody::Text(String::from_utf8(body.clone()).unwrap()));
    let masked = |name: &str| {
        sent.headers
            .iter()
            .any(|header| header.name == name && header.value == MASK)
    };
    assert!(masked("authorization"), "{sent:?}");
    assert_without(&report, &[SECRET_ACCESS_KEY, "Signature="]);
    assert_plausible_times(&report);

    let wrong_key = s3(&server).with([(Field::SecretAccessKey, "another-secret-access-key")]);
    let report = test(&world, &named(wrong_key)).await;
    assert_eq!(failed(&report), StageName::Answer);
    assert!(
        report.verdict.next_step.as_ref().unwrap().contains("secret access key"),
        "{report:?}"
    );
    assert_eq!(report.requests[0].answer.as_ref().unwrap().status, 403);
    assert_without(&report, &["another-secret-access-key", ACCESS_KEY_ID]);

    let wrong_bucket = s3(&server).with([(Field::Bucket, "missing")]);
    let report = test(&world, &named(wrong_bucket)).await;
    assert_eq!(failed(&report), StageName::Answer);
    assert!(
        report.verdict.next_step.unwrap().contains("bucket"),
        "{}",
        report.verdict.summary
    );
    assert_eq!(server.objects(BUCKET).unwrap().len(), 1);
}

#[tokio::test]
async fn a_test_of_cloud_logging_gets_a_token_and_writes_an_entry() {
    install_crypto();
    let google = GoogleServer::start().await.unwrap();
    let services = SinkServices::new(&google.url(), &google.token_url(), SinkServices::BATCH_AGE).unwrap();
    let world = World::with(|config| EngineConfig { services, ..config }).await;
    let report = test(&world, &named(google_target(&google))).await;
    assert!(report.verdict.accepted, "{report:?}");
    let purposes: Vec<_> = report.requests.iter().map(|request| request.purpose).collect();
    assert_eq!(purposes, [Purpose::AccessToken, Purpose::LogEntry]);
    assert_plausible_times(&report);
    let entries = google.entries(&google.service_account().project_id);
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["insertId"], format!("audit-streams:{}", report.event_id));
    let [token, write] = report.requests.as_slice() else {
        panic!("{report:?}")
    };
    assert!(
        matches!(token.sent.as_ref().unwrap().body, SentBody::Hidden(_)),
        "an assertion is a secret"
    );
    assert_eq!(token.answer.as_ref().unwrap().body, None, "and so is what is granted");
    assert!(matches!(&write.sent.as_ref().unwrap().body, SentBody::Text(text) if text.contains("jsonPayload")));
    let bearer = google.look(|received| received.writes[0].headers["authorization"].to_str().unwrap().to_owned());
    assert_without(
        &report,
        &["PRIVATE KEY", "assertion=", bearer.trim_start_matches("Bearer ")],
    );

    let nobody = "nobody@audit-streams-test.iam.gserviceaccount.com";
    let unknown = google_target(&google).with([(Field::ClientEmail, nobody)]);
    let report = test(&world, &named(unknown)).await;
    assert_eq!(failed(&report), StageName::Answer);
    assert_eq!(states(&report, 1), [StageState::Skipped; 7], "no entry without a token");
    assert!(
        report.verdict.next_step.as_ref().unwrap().contains("private key"),
        "{report:?}"
    );
    assert!(report.requests[0].answer.as_ref().unwrap().body.is_some());

    let foreign = google_target(&google).with([(Field::ProjectId, "another-project")]);
    let report = test(&world, &named(foreign)).await;
    assert_eq!(failed(&report), StageName::Answer);
    assert!(
        report.verdict.next_step.as_ref().unwrap().contains("Logs Writer"),
        "{report:?}"
    );
    assert_eq!(google.entries(&google.service_account().project_id).len(), 1);
}

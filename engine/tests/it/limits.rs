//! What the settings of a destination limit: how long a request takes, how many are in flight and sent in a second, and how
//! statuses are handled.

use std::time::{Duration, Instant};

use domain::{
    Field,
    connection_test::{StageName, StageState},
    destination::{DestinationDraft, DestinationKind, TargetDraft},
    health::StreamHealth,
    ids::DestinationId,
    policy::{Trouble, Unreached},
};
use receivers::{Answer, Fault, Gate, Receiver, Request, google::GoogleServer, s3::S3Server};

use crate::{
    clock::Clock,
    it::{
        google::world_around,
        world::{World, author, wait_until},
    },
};

const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn draft(receiver: &Receiver, values: &[(Field, &str)]) -> DestinationDraft {
    let mut draft = DestinationDraft::http("SIEM", receiver.url());
    for (field, text) in values {
        assert!(draft.target.set_text(*field, (*text).to_owned()));
    }
    draft
}

pub(super) async fn change(world: &World, id: DestinationId, values: &[(Field, &str)]) {
    let stored = world.stored(id).await;
    let mut draft = stored.draft();
    for (field, text) in values {
        assert!(draft.target.set_text(*field, (*text).to_owned()));
    }
    let change = draft.parse_change().unwrap();
    let author = author();
    let changed = world.engine.update_destination(&author, id, stored.version, change);
    changed.await.unwrap();
}

/// Posts so many events, each about an entity of its own.
pub(super) async fn post(world: &World, name: &str, events: usize) {
    for number in 0..events {
        world.post(&number.to_string(), [format!("{name}-{number};")]).await;
    }
}

/// Lets requests pass one by one, so that more and more are sent together, until so many are held.
pub(super) async fn pass_until_held(gate: &Gate, count: usize) {
    wait_until("so many are in flight", async || {
        let held = gate.held();
        if held < count {
            gate.pass(usize::from(held > 0));
        }
        held >= count
    })
    .await;
}

pub(super) fn is_test(request: &Request) -> bool {
    request.text().contains("\"event_type\":\"test\"")
}

pub(super) async fn all_delivered(world: &World, id: DestinationId) {
    wait_until("nothing waits", async || {
        world.engine.backlog_of(&world.stored(id).await) == Some(0)
    })
    .await;
}

#[tokio::test]
async fn a_request_without_an_answer_fails_after_the_timeout_of_its_destination() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_all(Fault::Hang);
    let began = Instant::now();
    let id = world.add(&draft(&receiver, &[(Field::RequestTimeout, "1")])).await;
    let health = world
        .wait_for_health(id, "it backs off", |health| {
            matches!(health, StreamHealth::Retrying { .. })
        })
        .await;
    let took = began.elapsed();
    let StreamHealth::Retrying { trouble, .. } = health else {
        unreachable!()
    };
    assert_eq!(trouble, Trouble::Unreached(Unreached::Timeout));
    assert!(took >= Duration::from_secs(1), "{took:?}");
    let attempts = async || world.engine.database().list_attempts(id, 1).await.unwrap();
    wait_until("the attempt is noted", async || !attempts().await.is_empty()).await;
    assert_eq!(attempts().await[0].reason, "No complete response within 1 second.");
}

#[tokio::test]
async fn a_shorter_timeout_applies_to_a_stream_whose_receiver_hangs() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_all(Fault::Hang);
    let id = world.add(&draft(&receiver, &[(Field::RequestTimeout, "120")])).await;
    receiver.wait_for("it hangs", |requests| requests.len() == 1).await;
    change(&world, id, &[(Field::RequestTimeout, "1")]).await;
    let health = world
        .wait_for_health(id, "it backs off", |health| {
            matches!(health, StreamHealth::Retrying { .. })
        })
        .await;
    assert!(
        matches!(
            health,
            StreamHealth::Retrying {
                trouble: Trouble::Unreached(Unreached::Timeout),
                ..
            }
        ),
        "{health:?}"
    );
    receiver.accept_all();
    all_delivered(&world, id).await;
}

#[tokio::test]
async fn every_kind_has_its_timeout_and_so_has_its_connection_test() {
    let receiver = Receiver::start().await;
    receiver.answer_all(Fault::Hang);
    let folder = tempfile::tempdir().unwrap();
    let s3 = S3Server::start(folder.path(), ACCESS_KEY_ID, SECRET_ACCESS_KEY)
        .await
        .unwrap();
    s3.answer_all(Fault::Hang);
    let google = GoogleServer::start().await.unwrap();
    google.answer_all(Fault::Hang);
    let account = google.service_account();
    let world = world_around(&google).await;
    let timeout = (Field::RequestTimeout, "3");
    let bucket = TargetDraft::new(DestinationKind::AmazonS3).with([
        (Field::AccessKeyId, ACCESS_KEY_ID),
        (Field::SecretAccessKey, SECRET_ACCESS_KEY),
        (Field::Region, "eu-central-1"),
        (Field::Bucket, "audit-events"),
        (Field::EndpointUrl, &s3.url()),
        timeout,
    ]);
    let log = TargetDraft::new(DestinationKind::GoogleCloudLogging).with([
        (Field::ProjectId, account.project_id.as_str()),
        (Field::ClientEmail, &account.client_email),
        (Field::LogId, "audit-events"),
        (Field::PrivateKey, &account.private_key_pem),
        timeout,
    ]);
    let http = draft(&receiver, &[timeout]).target;
    for target in [http, bucket, log] {
        let (kind, began) = (target.kind, Instant::now());
        let settings = DestinationDraft::new("SIEM", target).parse_new().unwrap();
        let report = world.engine.test_destination(&author(), settings, None).await.unwrap();
        let took = began.elapsed();
        assert!(took >= Duration::from_secs(3), "{kind:?}: {took:?}");
        let summary = &report.verdict.summary;
        assert!(
            summary.ends_with("No complete response within 3 seconds."),
            "{kind:?}: {summary}"
        );
        let stages = report.requests.iter().flat_map(|request| &request.stages);
        let failed: Vec<_> = stages.filter(|stage| stage.state == StageState::Failed).collect();
        let [failed] = failed.as_slice() else {
            panic!("{kind:?}: {report:?}")
        };
        assert_eq!(
            (failed.name, failed.detail.as_str()),
            (StageName::Answer, "No answer within 3 seconds."),
            "{kind:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_limits_applies_to_what_is_waiting() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let values = [
        (Field::MaxConcurrency, "1"),
        (Field::MaxRate, "1"),
        (Field::RequestTimeout, "120"),
    ];
    let added = Instant::now();
    let id = world.add(&draft(&receiver, &values)).await;
    post(&world, "event", 100).await;
    receiver
        .wait_for("some are sent", |requests| {
            requests.iter().filter(|request| is_test(request)).count() >= 2
        })
        .await;
    let sent = receiver.requests().len();
    let most = usize::try_from(added.elapsed().as_secs()).unwrap() + 2;
    assert!(sent <= most, "{sent} of {most}");
    wait_until("the rate is what limits it", async || {
        let found = world.engine.find_destination(id).await.unwrap().unwrap();
        found
            .facts
            .concurrency
            .is_some_and(|concurrency| concurrency.limited_by_rate)
    })
    .await;
    let gate = Gate::new();
    receiver.answer_all(Fault::Held(gate.clone()));
    let changed = Instant::now();
    change(&world, id, &[(Field::MaxConcurrency, "4"), (Field::MaxRate, "")]).await;
    pass_until_held(&gate, 2).await;
    gate.open();
    // A change waits 11 seconds for the request that is in flight. After that, it may be held beside the new ones.
    let most = if changed.elapsed() < Duration::from_secs(10) {
        4
    } else {
        5
    };
    // At one a second, it would be a minute and a half, which is not waited for.
    all_delivered(&world, id).await;
    assert!((2..=most).contains(&gate.most_held()), "{gate:?}");
}

#[tokio::test]
async fn a_destination_that_fails_is_probed_whatever_its_rate() {
    let (world, receiver) = (
        World::with_clock(Clock::machine().with_speed(50), |config| config).await,
        Receiver::start().await,
    );
    let id = world.add(&draft(&receiver, &[(Field::MaxRate, "1")])).await;
    all_delivered(&world, id).await;
    receiver.answer_all(503);
    world.post("1", ["one;".to_owned()]).await;
    // At one a second, it would be a minute and a half, which is not waited for.
    wait_until("it is probed", async || {
        world.engine.retry_now(id);
        let requests = receiver.requests();
        let of_one = requests.iter().filter(|request| request.text().contains("one;"));
        of_one.count() >= 90
    })
    .await;
    receiver.accept_all();
    all_delivered(&world, id).await;
}

#[tokio::test]
async fn a_status_that_is_usually_rejected_is_retried_if_the_destination_says_so() {
    let world = World::with_clock(Clock::machine().with_speed(50), |config| config).await;
    for (values, event, is_rejected) in [
        ([(Field::RetryStatuses, "409, 420-425")], "one;", false),
        ([(Field::RetryStatuses, "410-412")], "other;", true),
    ] {
        let receiver = Receiver::start().await;
        let mut draft = draft(&receiver, &values);
        draft.name = event.to_owned();
        let id = world.add(&draft).await;
        all_delivered(&world, id).await;
        receiver.answer_all(Answer::from(409));
        world.post("1", [event.to_owned()]).await;
        receiver
            .wait_for("it is sent", |requests| {
                requests.iter().any(|request| request.text().contains(event))
            })
            .await;
        if is_rejected {
            let database = world.engine.database();
            wait_until("it is rejected", async || {
                database.count_refused(id).await.unwrap().retrying == 1
            })
            .await;
            assert_eq!(world.engine.stream_totals(id).backoffs, 0);
        } else {
            let health = world
                .wait_for_health(id, "it backs off", |health| {
                    matches!(health, StreamHealth::Retrying { .. })
                })
                .await;
            assert!(
                matches!(
                    health,
                    StreamHealth::Retrying {
                        trouble: Trouble::Unavailable(409),
                        ..
                    }
                ),
                "{health:?}"
            );
            receiver.accept_all();
            all_delivered(&world, id).await;
            assert_eq!(world.engine.database().count_refused(id).await.unwrap().all(), 0);
        }
    }
}

#[tokio::test]
async fn a_status_that_usually_stops_a_stream_rejects_the_event_if_the_destination_says_so() {
    for format in ["event", "json_lines"] {
        let (world, receiver) = (
            World::with_clock(Clock::machine().with_speed(50), |config| config).await,
            Receiver::start().await,
        );
        let values = [(Field::RejectStatuses, "404, 503"), (Field::RequestFormat, format)];
        let id = world.add(&draft(&receiver, &values)).await;
        all_delivered(&world, id).await;
        receiver.answer_bodies_with("unwanted;", Answer::from(503).with_header("retry-after", "3600"));
        let names = ["one;", "unwanted;", "other;"].map(str::to_owned);
        world.post("1", names).await;
        receiver
            .wait_for("the others arrive", |requests| {
                let arrived = |id| {
                    requests
                        .iter()
                        .any(|request| request.was_accepted() && request.text().contains(id))
                };
                arrived("one;") && arrived("other;")
            })
            .await;
        let database = world.engine.database();
        wait_until("the one is rejected", async || {
            database.count_refused(id).await.unwrap().retrying == 1
        })
        .await;
        assert_eq!(world.engine.stream_totals(id).backoffs, 0, "{format}");
        // A connection test says the same.
        let settings = world.stored(id).await.draft().parse_change().unwrap();
        receiver.answer_all(503);
        let report = world
            .engine
            .test_destination(&author(), settings, Some(id))
            .await
            .unwrap();
        let advice = report.verdict.next_step.unwrap();
        assert!(!advice.contains("resumes automatically"), "{advice}");
    }
}

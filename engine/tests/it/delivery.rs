//! Streams from the log to real receivers.

use std::collections::HashMap;

use crate::{
    EngineConfig, FixedSettings,
    store::{CursorUpdate, Refused, RefusedEvent, Stored},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    Field,
    destination::DestinationDraft,
    health::StreamHealth,
    ids::Seq,
    policy::{Refusal, Trouble, Unreached},
};
use hmac::{Hmac, Mac};
use receivers::{Answer, Fault, Receiver, Request};
use serde_json::Value;

use crate::it::world::{World, author};

pub(crate) fn ids(requests: &[Request]) -> Vec<String> {
    let of_tests = requests
        .iter()
        .filter(|request| request.headers["x-audit-streams-source"] == "tests");
    of_tests
        .map(|request| {
            serde_json::from_str::<Value>(request.text()).unwrap()["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

pub(crate) fn numbered(range: std::ops::Range<usize>) -> impl Iterator<Item = String> {
    range.map(|number| format!("e{number}"))
}

#[tokio::test]
async fn every_event_arrives_once_with_the_documented_headers() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", numbered(0..50)).await;
    let requests = receiver
        .wait_until("all have arrived", |requests| ids(requests).len() >= 50)
        .await;
    assert_eq!(ids(&requests), numbered(0..50).collect::<Vec<_>>());

    let destination = world.engine.find_destination(id).await.unwrap().unwrap().destination;
    let request = requests
        .iter()
        .find(|request| request.text().contains("\"e7\""))
        .unwrap();
    let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
    assert_eq!(request.path(), "/in");
    assert_eq!(header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(
        header("x-gitlab-event-streaming-token"),
        destination.target.values.text(Field::VerificationToken)
    );
    assert_eq!(header("x-gitlab-audit-event-type"), "test");
    assert_eq!(header("x-audit-streams-source"), "tests");
    assert_eq!(
        header("user-agent"),
        concat!("audit-streams/", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(header("webhook-id"), "tests:e7");
    let secret = destination.target.values.text(Field::SigningSecret);
    let secret = secret.strip_prefix("whsec_").unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&STANDARD.decode(secret).unwrap()).unwrap();
    mac.update(format!("tests:e7.{}.{}", header("webhook-timestamp"), request.text()).as_bytes());
    let signature = header("webhook-signature");
    let signature = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
    mac.verify_slice(&signature).unwrap();
}

#[tokio::test]
async fn two_sources_with_the_same_id_have_different_webhook_ids() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    world.add_destination("SIEM", &receiver.url()).await;
    crate::it::world::post_as_two_sources(&world).await;
    let requests = receiver
        .wait_until("both have arrived", |requests| requests.len() == 3)
        .await;
    let mut ids: Vec<_> = requests
        .iter()
        .filter(|request| request.headers["x-audit-streams-source"] != "audit-streams")
        .map(|request| request.headers["webhook-id"].to_str().unwrap())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, ["one:1", "other:1"]);
}

#[tokio::test]
async fn adding_a_destination_is_the_first_event_it_receives() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    world.post("1", numbered(0..3)).await;
    world.add_destination("SIEM", &receiver.url()).await;
    let requests = receiver
        .wait_until("the instance event has arrived", |requests| !requests.is_empty())
        .await;
    let event: Value = serde_json::from_str(requests[0].text()).unwrap();
    assert_eq!(event["event_type"], "create_instance_event_streaming_destination");
    assert_eq!(event["author_name"], "tester");
    assert_eq!(
        ids(&requests),
        Vec::<String>::new(),
        "what came before it was added is not sent"
    );
}

#[tokio::test]
async fn each_entity_keeps_its_order_while_others_go_side_by_side() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    world.add_destination("SIEM", &receiver.url()).await;
    for round in 0..20 {
        for entity in 0..30 {
            world.post(&entity.to_string(), [format!("{entity}/{round:03}")]).await;
        }
    }
    let requests = receiver
        .wait_until("all have arrived", |requests| ids(requests).len() >= 600)
        .await;
    let mut last: HashMap<String, String> = HashMap::new();
    for id in ids(&requests) {
        let (entity, _) = id.split_once('/').unwrap();
        let before = last.insert(entity.to_owned(), id.clone());
        assert!(before.is_none_or(|before| before < id), "{id} came out of order");
    }
}

#[tokio::test]
async fn a_destination_in_trouble_is_held_and_gets_everything_afterwards() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_all(503);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", numbered(0..40)).await;
    let health = world
        .wait_for_health(id, "it backs off", |health| {
            matches!(health, StreamHealth::Retrying { .. })
        })
        .await;
    assert!(matches!(
        health,
        StreamHealth::Retrying {
            trouble: Trouble::Unavailable(503),
            ..
        }
    ));
    receiver.accept_all();
    let accepted_from = receiver.requests().len();
    receiver
        .wait_until("all have arrived", |requests| {
            ids(&requests[accepted_from..]).len() >= 40
        })
        .await;
    world
        .wait_for_health(id, "it is healthy", |health| {
            matches!(health, StreamHealth::Healthy { .. })
        })
        .await;
}

#[tokio::test]
async fn every_kind_of_trouble_holds_and_names_itself() {
    let world = World::new().await;
    let expect = [
        (401, Trouble::AuthenticationFailing(401)),
        (404, Trouble::EndpointNotFound(404)),
        (429, Trouble::Unavailable(429)),
    ];
    for (answer, expected) in expect {
        let receiver = Receiver::start().await;
        receiver.answer_all(answer);
        let id = world.add_destination(&format!("{expected}"), &receiver.url()).await;
        let health = world
            .wait_for_health(id, "it backs off", |health| {
                matches!(health, StreamHealth::Retrying { .. })
            })
            .await;
        assert!(
            matches!(health, StreamHealth::Retrying { trouble, .. } if trouble == expected),
            "{health:?}"
        );
    }
    let unused = receivers::unused_address().unwrap();
    for (url, expected) in [
        (format!("http://{unused}/"), Unreached::Connect),
        ("http://no-such-host.invalid/".to_owned(), Unreached::Dns),
    ] {
        let id = world.add_destination(&url, &url).await;
        let health = world
            .wait_for_health(id, "it backs off", |health| {
                matches!(health, StreamHealth::Retrying { .. })
            })
            .await;
        assert!(
            matches!(health, StreamHealth::Retrying { trouble: Trouble::Unreached(found), .. } if found == expected),
            "{health:?}"
        );
    }
    let plain = Receiver::start().await;
    let id = world
        .add_destination("TLS", &plain.url().replace("http:", "https:"))
        .await;
    let health = world
        .wait_for_health(id, "it backs off", |health| {
            matches!(health, StreamHealth::Retrying { .. })
        })
        .await;
    assert!(
        matches!(
            health,
            StreamHealth::Retrying {
                trouble: Trouble::Unreached(Unreached::Tls(_)),
                ..
            }
        ),
        "{health:?}"
    );
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let (world, receiver, elsewhere) = (World::new().await, Receiver::start().await, Receiver::start().await);
    receiver.answer_all(Answer::redirect(307, elsewhere.url()));
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let health = world
        .wait_for_health(id, "it backs off", |health| {
            matches!(health, StreamHealth::Retrying { .. })
        })
        .await;
    assert!(matches!(
        health,
        StreamHealth::Retrying {
            trouble: Trouble::Moved(307),
            ..
        }
    ));
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn the_network_rules_keep_everything_inside() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_all(503);
    let literal = world.add_destination("literal", &receiver.url()).await;
    let name = world
        .add_destination("name", &receiver.url().replace("127.0.0.1", "localhost"))
        .await;
    receiver
        .wait_until("both were tried", |requests| requests.len() >= 2)
        .await;
    let world = world
        .restart_with(|config| EngineConfig {
            fixed: FixedSettings::default(),
            ..config
        })
        .await;
    let tried = receiver.requests().len();
    for id in [literal, name] {
        let blocked = |health: &StreamHealth| {
            matches!(
                health,
                StreamHealth::Retrying {
                    trouble: Trouble::Blocked,
                    ..
                }
            )
        };
        world.wait_for_health(id, "it is blocked", blocked).await;
    }
    assert_eq!(receiver.requests().len(), tried);
}

#[tokio::test]
async fn what_the_network_rules_would_never_allow_is_told_when_it_is_added() {
    let world = World::with(|config| EngineConfig {
        fixed: FixedSettings::default(),
        ..config
    })
    .await;
    let draft = DestinationDraft::http("x", "http://10.0.0.7/in");
    let error = world
        .engine
        .create_destination(&author(), draft.parse_new().unwrap())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "Destination url is blocked: Requests to the local network are not allowed"
    );
}

#[tokio::test]
async fn a_parked_event_can_be_retried_or_discarded() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", numbered(0..3)).await;
    receiver
        .wait_until("all have arrived", |requests| ids(requests).len() >= 3)
        .await;
    // Five tries take ten minutes, so the rows are written as they would stand then.
    let events = world.engine.log().read_after(Seq::START, 10, 1 << 20).await.unwrap();
    let seqs: Vec<Seq> = events
        .iter()
        .filter(|event| &*event.source == "tests")
        .map(|event| event.seq)
        .collect();
    let cursor = world.engine.database().read_cursor(id).await.unwrap().unwrap();
    let parked = seqs.iter().take(2).map(|seq| RefusedEvent {
        seq: *seq,
        tries: 5,
        reason: "Answered 422.".into(),
        response: String::new(),
        refusal: Refusal::Status(422),
        refused_at: world.engine.clock().now(),
        due_at: None,
        is_first: true,
    });
    let update = CursorUpdate {
        destination: id,
        cursor,
        refused: parked.collect(),
        accepted: Vec::new(),
        failed_attempts: Vec::new(),
        minutes: Vec::new(),
        instance_events: Vec::new(),
    };
    let stored = world.engine.database().commit_cursor(&update).await.unwrap();
    assert_eq!(stored, Stored::All);
    assert_eq!(
        world
            .engine
            .database()
            .list_parked(id, None, u32::MAX)
            .await
            .unwrap()
            .len(),
        2
    );
    let database = world.engine.database();
    let count = async || database.count_refused(id).await.unwrap();
    assert_eq!(count().await, Refused { retrying: 0, parked: 2 });
    let page = async |below| {
        let page = database.list_parked(id, below, 1).await.unwrap();
        page.iter().map(|parked| parked.seq).collect::<Vec<_>>()
    };
    assert_eq!(page(None).await, [seqs[1]]);
    assert_eq!(page(Some(seqs[1])).await, [seqs[0]]);
    assert_eq!(page(Some(seqs[0])).await, []);
    assert!(world.engine.retry_parked(&author(), id, seqs[0]).await.unwrap());
    assert!(world.engine.discard_parked(&author(), id, seqs[1]).await.unwrap());
    assert!(!world.engine.discard_parked(&author(), id, seqs[1]).await.unwrap());
    let again = |requests: &[Request]| ids(requests).iter().filter(|sent| *sent == "e0").count() == 2;
    receiver.wait_until("it was sent again", again).await;
    let told = |requests: &[Request], kind: &str| {
        requests
            .iter()
            .any(|request| request.headers["x-gitlab-audit-event-type"] == kind)
    };
    receiver
        .wait_until("both are told", |requests| {
            told(requests, "parked_audit_event_retried") && told(requests, "parked_audit_event_discarded")
        })
        .await;
    let world = world.restart().await;
    assert_eq!(
        world.engine.database().list_parked(id, None, u32::MAX).await.unwrap(),
        []
    );
    assert_eq!(world.engine.database().list_refused(id).await.unwrap(), []);
}

#[tokio::test]
async fn a_refused_event_waits_aside_and_the_rest_goes_on() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_bodies_with("\"e3\"", 422);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", numbered(0..10)).await;
    let requests = receiver
        .wait_until("all were tried", |requests| ids(requests).len() >= 10)
        .await;
    assert_eq!(ids(&requests), numbered(0..10).collect::<Vec<_>>());
    let world = world.restart().await;
    let refused = world.engine.database().list_refused(id).await.unwrap();
    assert_eq!(
        refused
            .iter()
            .map(|row| (row.tries, row.response.as_str()))
            .collect::<Vec<_>>(),
        [(1, "no thanks")]
    );
    assert_eq!(
        ids(&receiver.requests()).len(),
        10,
        "nothing was sent again after an orderly restart"
    );
    let attempts = world.engine.database().list_attempts(id, 10).await.unwrap();
    assert_eq!(
        attempts.iter().map(|attempt| attempt.status).collect::<Vec<_>>(),
        [Some(422)]
    );
}

#[tokio::test]
async fn twenty_refusals_in_a_row_hold_the_destination() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_all(400);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", numbered(0..100)).await;
    let held = |health: &StreamHealth| {
        matches!(
            health,
            StreamHealth::Retrying {
                trouble: Trouble::EverythingRefused(400),
                ..
            }
        )
    };
    world.wait_for_health(id, "it backs off", held).await;
    assert!(receiver.requests().len() < 40, "most events never left");
    receiver.accept_all();
    receiver
        .wait_until("the rest has arrived", |requests| {
            ids(requests).contains(&"e99".to_owned())
        })
        .await;
}

#[tokio::test]
async fn after_a_restart_a_stream_goes_on_where_it_was() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", numbered(0..20)).await;
    receiver
        .wait_until("the first have arrived", |requests| ids(requests).len() >= 20)
        .await;
    let world = world.restart().await;
    world.post("1", numbered(20..30)).await;
    let requests = receiver
        .wait_until("the others have arrived", |requests| ids(requests).len() >= 30)
        .await;
    assert_eq!(ids(&requests), numbered(0..30).collect::<Vec<_>>());
}

#[tokio::test]
async fn destinations_share_no_fate() {
    let world = World::new().await;
    let (healthy, silent) = (Receiver::start().await, Receiver::start().await);
    silent.answer_all(Fault::Hang);
    let dead = receivers::unused_address().unwrap();
    world.add_destination("Silent", &silent.url()).await;
    world.add_destination("Dead", &format!("http://{dead}/")).await;
    world.add_destination("Healthy", &healthy.url()).await;
    silent.wait_until("it was tried", |requests| !requests.is_empty()).await;
    world.post("1", numbered(0..500)).await;
    healthy
        .wait_until("all have arrived", |requests| ids(requests).len() >= 500)
        .await;
    assert_eq!(
        silent.requests().len(),
        1,
        "its first attempt is still waiting for an answer"
    );
}

#[tokio::test]
async fn a_deleted_destination_gets_nothing_more() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    receiver
        .wait_until("the stream runs", |requests| !requests.is_empty())
        .await;
    let other = Receiver::start().await;
    world.engine.delete_destination(&author(), id).await.unwrap();
    world.add_destination("Other", &other.url()).await;
    world.post("1", numbered(0..50)).await;
    other
        .wait_until("the other has them", |requests| ids(requests).len() >= 50)
        .await;
    assert_eq!(ids(&receiver.requests()), Vec::<String>::new());
}

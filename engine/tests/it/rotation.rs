//! Rotating secrets: what receivers get meanwhile, and that nothing is refused if they switch within a day.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    Field, Timestamp,
    destination::{DestinationDraft, DestinationKind, ObjectLayout, RotatedSecret, TargetDraft},
    ids::DestinationId,
};
use hmac::{Hmac, Mac};
use receivers::{Receiver, Request};

use crate::{
    admin::AdminError,
    clock::Clock,
    it::{
        http_batches::unpacked,
        replay::own_messages,
        s3::{Storage, named as s3_destination},
        world::{World, author, wait_until},
    },
};

pub(super) const DAY: Duration = Duration::from_secs(86_400);
pub(super) const TOKEN: &str = "x-gitlab-event-streaming-token";

use RotatedSecret::{SigningSecret, VerificationToken};

pub(super) async fn world() -> World {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_800_000_000_000));
    World::with_clock(clock, |config| config).await
}

pub(super) async fn secret(world: &World, id: DestinationId, secret: RotatedSecret) -> String {
    world.stored(id).await.target.values.text(secret.field()).to_owned()
}

pub(super) async fn rotate(world: &World, id: DestinationId, secret: RotatedSecret) -> String {
    let (state, new) = world.engine.rotate_secret(&author(), id, secret, None).await.unwrap();
    assert_eq!(state.destination.target.values.text(secret.field()), new.value);
    assert_eq!(new.previous_valid_until, world.engine.clock().now().plus(DAY));
    let rotation = state.rotations().into_iter().find(|rotation| rotation.secret == secret);
    assert_eq!(rotation.unwrap().previous_valid_until, new.previous_valid_until);
    new.value
}

/// Posts an event and returns the request in which it arrives.
pub(super) async fn sent(world: &World, receiver: &Receiver, name: &str) -> Request {
    world.post("1", [name.to_owned()]).await;
    let quoted = format!("\"{name}\"");
    let has = |request: &Request| unpacked(request).contains(&quoted);
    let requests = receiver.wait_until(name, |requests| requests.iter().any(has)).await;
    requests.into_iter().find(has).unwrap()
}

pub(super) fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers[name].to_str().unwrap()
}

/// As the specification of Standard Webhooks tells a receiver to do it.
pub(super) fn verifies(request: &Request, secret: &str) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    for part in [
        header(request, "webhook-id"),
        ".",
        header(request, "webhook-timestamp"),
        ".",
    ] {
        mac.update(part.as_bytes());
    }
    mac.update(&request.body);
    header(request, "webhook-signature").split(' ').any(|signature| {
        let (version, signature) = signature.split_once(',').unwrap();
        version == "v1" && mac.clone().verify_slice(&STANDARD.decode(signature).unwrap()).is_ok()
    })
}

/// How many previous secrets are stored.
pub(super) async fn stored_previous(world: &World) -> i64 {
    let counted = |store: &rusqlite::Connection| {
        let sql = "SELECT count(*) FROM previous_secrets";
        store.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    world.with_store(counted).await
}

fn drafts(receiver: &Receiver) -> Vec<DestinationDraft> {
    let of = |name: &str, format: &str| {
        let mut draft = DestinationDraft::http(name, receiver.url());
        draft.target.set_text(Field::RequestFormat, format.to_string());
        draft
    };
    ["event", "json_array", "json_lines"]
        .map(|format| of(format, format))
        .to_vec()
}

#[tokio::test]
async fn receivers_with_either_signing_secret_verify_for_a_day() {
    let receiver = Receiver::start().await;
    for draft in drafts(&receiver) {
        let world = world().await;
        let id = world.add(&draft).await;
        let old = secret(&world, id, SigningSecret).await;
        let new = rotate(&world, id, SigningSecret).await;
        assert_ne!(old, new);
        for (name, pause) in [
            ("at-once", Duration::ZERO),
            ("just-before", DAY - Duration::from_millis(1)),
        ] {
            world.engine.clock().advance(pause);
            let request = sent(&world, &receiver, &format!("{}-{name}", draft.name)).await;
            assert!(verifies(&request, &old) && verifies(&request, &new), "{name}");
            let signatures: Vec<&str> = header(&request, "webhook-signature").split(' ').collect();
            assert_eq!(signatures.len(), 2);
            let only_first = Request {
                headers: {
                    let mut headers = request.headers.clone();
                    headers.insert("webhook-signature", signatures[0].parse().unwrap());
                    headers
                },
                ..request.clone()
            };
            assert!(verifies(&only_first, &new), "the new one comes first");
        }
        world.engine.clock().advance(Duration::from_millis(1));
        let request = sent(&world, &receiver, &format!("{}-after", draft.name)).await;
        assert!(verifies(&request, &new) && !verifies(&request, &old));
        assert!(!header(&request, "webhook-signature").contains(' '));
    }
}

#[tokio::test]
async fn the_previous_token_is_sent_for_a_day_and_then_the_new_one() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let old = secret(&world, id, VerificationToken).await;
    let new = rotate(&world, id, VerificationToken).await;
    world.engine.clock().advance(DAY - Duration::from_millis(1));
    assert_eq!(header(&sent(&world, &receiver, "before").await, TOKEN), old);
    world.engine.clock().advance(Duration::from_millis(1));
    assert_eq!(header(&sent(&world, &receiver, "after").await, TOKEN), new);
    let state = world.engine.find_destination(id).await.unwrap().unwrap();
    assert_eq!(state.rotations(), []);
}

#[tokio::test]
async fn ending_a_rotation_leaves_the_new_secret_alone() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let (old_token, old_key) = (
        secret(&world, id, VerificationToken).await,
        secret(&world, id, SigningSecret).await,
    );
    let token = rotate(&world, id, VerificationToken).await;
    let key = rotate(&world, id, SigningSecret).await;
    let during = sent(&world, &receiver, "during").await;
    assert_eq!(header(&during, TOKEN), old_token);
    let state = world
        .engine
        .end_rotation(&author(), id, VerificationToken, None)
        .await
        .unwrap();
    assert_eq!(state.rotations().len(), 1, "that of the other secret goes on");
    let one_ended = sent(&world, &receiver, "one-ended").await;
    assert_eq!(header(&one_ended, TOKEN), token);
    assert!(verifies(&one_ended, &old_key));
    world
        .engine
        .end_rotation(&author(), id, SigningSecret, None)
        .await
        .unwrap();
    let both_ended = sent(&world, &receiver, "both-ended").await;
    assert!(verifies(&both_ended, &key) && !verifies(&both_ended, &old_key));
    for secret in RotatedSecret::ALL {
        let again = world.engine.end_rotation(&author(), id, secret, None).await.map(drop);
        assert_eq!(again, Err(AdminError::NotFound), "there is nothing to end");
    }
}

#[tokio::test]
async fn a_rotation_survives_a_crash_and_other_changes_but_not_another_token() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let old = secret(&world, id, VerificationToken).await;
    let old_key = secret(&world, id, SigningSecret).await;
    let new = rotate(&world, id, VerificationToken).await;
    rotate(&world, id, SigningSecret).await;
    let world = world.crash().await;
    assert_eq!(header(&sent(&world, &receiver, "crashed").await, TOKEN), old);
    world.edit(id, |edit| edit.name = "Renamed".into()).await;
    assert_eq!(header(&sent(&world, &receiver, "renamed").await, TOKEN), old);
    world.edit(id, |edit| edit.verification_token = Some(new)).await;
    assert_eq!(header(&sent(&world, &receiver, "the-same").await, TOKEN), old);
    let chosen = "chosen-by-somebody";
    let state = world
        .edit(id, |edit| edit.verification_token = Some(chosen.into()))
        .await;
    assert_eq!(state.rotations().len(), 1);
    let request = sent(&world, &receiver, "chosen").await;
    assert_eq!(header(&request, TOKEN), chosen);
    assert!(verifies(&request, &old_key), "the other secret is not concerned");
}

#[tokio::test]
async fn audit_events_name_the_secret_and_do_not_contain_it() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let mut secrets = Vec::new();
    for rotated in RotatedSecret::ALL {
        secrets.push(secret(&world, id, rotated).await);
        secrets.push(rotate(&world, id, rotated).await);
        world.engine.end_rotation(&author(), id, rotated, None).await.unwrap();
    }
    let messages = own_messages(&world).await;
    let about = |text: &str| messages.iter().filter(|message| message.contains(text)).count();
    for rotated in RotatedSecret::ALL {
        let name = rotated.label();
        assert_eq!(
            about(&format!(
                "Rotated the {name}; the previous one is valid until 2027-01-16T08:00:00.000Z"
            )),
            1,
            "{messages:?}"
        );
        assert_eq!(about(&format!("Ended the rotation of the {name}")), 1, "{messages:?}");
    }
    sent(&world, &receiver, "last").await;
    let bodies: Vec<String> = receiver.requests().iter().map(unpacked).collect();
    assert!(
        secrets
            .iter()
            .all(|secret| !bodies.iter().any(|body| body.contains(secret)))
    );
}

#[tokio::test]
async fn previous_secrets_are_encrypted_and_deleted_when_they_have_ended() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    for rotated in RotatedSecret::ALL {
        let old = secret(&world, id, rotated).await;
        rotate(&world, id, rotated).await;
        for file in std::fs::read_dir(world.folder()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(old.len()).any(|window| window == old.as_bytes()));
        }
    }
    assert_eq!(stored_previous(&world).await, 2);
    world.engine.clock().advance(DAY);
    wait_until("they are deleted", async || stored_previous(&world).await == 0).await;
}

#[tokio::test]
async fn what_a_kind_does_not_have_can_not_be_rotated() {
    let (world, storage) = (world().await, Storage::start().await);
    let id = world.add(&s3_destination(storage.draft(ObjectLayout::Batches))).await;
    assert_eq!(world.stored(id).await.target.kind, DestinationKind::AmazonS3);
    for secret in RotatedSecret::ALL {
        for id in [id, DestinationId::new(99)] {
            let refused = world.engine.rotate_secret(&author(), id, secret, None).await.map(drop);
            assert_eq!(refused, Err(AdminError::NotFound));
        }
    }
    assert_eq!(world.stored(id).await.version, 1, "nothing was changed");
}

#[tokio::test]
async fn a_test_event_carries_what_events_carry() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let old = secret(&world, id, VerificationToken).await;
    let old_key = secret(&world, id, SigningSecret).await;
    rotate(&world, id, VerificationToken).await;
    let key = rotate(&world, id, SigningSecret).await;
    let target = TargetDraft::new(DestinationKind::Http).with([(Field::Url, receiver.url())]);
    let settings = DestinationDraft::new("SIEM", target).parse_change().unwrap();
    let report = world
        .engine
        .test_destination(&author(), settings, Some(id))
        .await
        .unwrap();
    let requests = receiver.requests();
    let test = requests
        .iter()
        .find(|request| unpacked(request).contains("audit_event_stream_test\""));
    let test = test.unwrap();
    assert_eq!(header(test, TOKEN), old);
    assert!(verifies(test, &old_key) && verifies(test, &key));
    let report = serde_json::to_string(&report).unwrap();
    assert!(!report.contains(&old) && !report.contains(&old_key) && !report.contains(&key));
}

//! What a rotation does not allow, and what it does not disturb: other changes, failing batches, crashes, clocks.

use std::sync::atomic::{AtomicBool, Ordering};

use domain::{
    Field, Timestamp,
    destination::{DestinationDraft, RotatedSecret},
};
use receivers::{Fault, Receiver, Request};

use crate::{
    admin::AdminError,
    clock::Clock,
    it::{
        rotation::{DAY, TOKEN, header, rotate, secret, sent, stored_previous, verifies, world},
        world::{World, author, wait_until},
    },
};

use RotatedSecret::{SigningSecret, VerificationToken};

#[tokio::test]
async fn while_a_rotation_is_in_progress_there_is_no_other_one() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    for rotated in RotatedSecret::ALL {
        let old = secret(&world, id, rotated).await;
        let new = rotate(&world, id, rotated).await;
        let until = world.engine.clock().now().plus(DAY);
        let version = world.stored(id).await.version;
        for pause in [DAY / 2, DAY / 2 - std::time::Duration::from_millis(1)] {
            world.engine.clock().advance(pause);
            let again = world.engine.rotate_secret(&author(), id, rotated, None).await.map(drop);
            assert_eq!(again, Err(AdminError::RotationInProgress { until }));
        }
        let stored = world.stored(id).await;
        assert_eq!(
            (stored.version, secret(&world, id, rotated).await),
            (version, new.clone())
        );
        assert_eq!(stored.target.previous.len(), 1);
        assert_eq!(
            stored.target.previous[0].value, old,
            "it is the one before the rotation"
        );
        // Whether the previous one is deleted by now or not.
        world.engine.clock().advance(std::time::Duration::from_millis(1));
        assert_ne!(rotate(&world, id, rotated).await, new);
        world.engine.end_rotation(&author(), id, rotated, None).await.unwrap();
        assert_ne!(rotate(&world, id, rotated).await, new, "after its end, there is");
        world.engine.end_rotation(&author(), id, rotated, None).await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_done_to_another_version() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let (engine, author) = (&world.engine, author());
    for rotated in RotatedSecret::ALL {
        let seen = world.stored(id).await;
        let (state, _) = engine
            .rotate_secret(&author, id, rotated, Some(seen.version))
            .await
            .unwrap();
        let first = state.destination.version;
        let outdated = engine.rotate_secret(&author, id, rotated, Some(seen.version)).await;
        assert_eq!(outdated.map(drop), Err(AdminError::ChangedMeanwhile));
        engine.end_rotation(&author, id, rotated, Some(first)).await.unwrap();
        // Somebody looks at the first rotation while there is a second one.
        let new = rotate(&world, id, rotated).await;
        let outdated = engine.end_rotation(&author, id, rotated, Some(first)).await;
        assert_eq!(outdated.map(drop), Err(AdminError::ChangedMeanwhile));
        let stored = world.stored(id).await;
        assert_eq!(stored.target.values.text(rotated.field()), new);
        assert_eq!(
            stored
                .target
                .previous
                .iter()
                .filter(|one| one.field == rotated.field())
                .count(),
            1,
            "the second rotation goes on"
        );
    }
}

#[tokio::test]
async fn an_end_is_final_although_the_clock_goes_back() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let begun = world.engine.clock().now();
    let old_key = secret(&world, id, SigningSecret).await;
    let token = rotate(&world, id, VerificationToken).await;
    let key = rotate(&world, id, SigningSecret).await;
    sent(&world, &receiver, "during").await;
    world.engine.clock().advance(DAY);
    wait_until("they are deleted", async || stored_previous(&world).await == 0).await;
    world.engine.clock().set(begun);
    let number = std::cell::Cell::new(0);
    wait_until("the stream has forgotten them, too", async || {
        number.set(number.get() + 1);
        let request = sent(&world, &receiver, &format!("back-{}", number.get())).await;
        header(&request, TOKEN) == token && verifies(&request, &key) && !verifies(&request, &old_key)
    })
    .await;
    let state = world.engine.find_destination(id).await.unwrap().unwrap();
    assert_eq!(state.rotations(), []);
}

/// Requests with the whole batch, not with a part of it that is tried alone.
fn is_whole(request: &Request) -> bool {
    let text = request.text();
    text.contains("\"stuck-1\"") && text.contains("\"stuck-2\"")
}

fn tries(requests: &[Request]) -> impl Iterator<Item = &Request> {
    requests.iter().filter(|request| is_whole(request))
}

#[tokio::test]
async fn a_batch_that_fails_keeps_its_bytes_and_its_id_across_rotations() {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_800_000_000_000)).with_speed(4);
    let world = World::with_clock(clock, |config| config).await;
    let receiver = Receiver::start().await;
    let mut draft = DestinationDraft::http("SIEM", receiver.url());
    draft.target.set_text(Field::RequestFormat, "json_lines".into());
    let id = world.add(&draft).await;
    // The event about its creation: a batch of that alone would be the one that fails.
    receiver
        .wait_until("it is accepted", |requests| !requests.is_empty())
        .await;
    let (old, old_key) = (
        secret(&world, id, VerificationToken).await,
        secret(&world, id, SigningSecret).await,
    );
    // With another status, a single event might be tried just when the settings change, and the rest would be another batch.
    receiver.answer_all(Fault::from(429));
    world.post("1", ["stuck-1".to_owned(), "stuck-2".to_owned()]).await;
    let is_tried = async |token: &str, keys: &[&str], ended: Option<&str>| {
        let fits = |request: &Request| {
            header(request, TOKEN) == token
                && keys.iter().all(|key| verifies(request, key))
                && ended.is_none_or(|key| !verifies(request, key))
        };
        // A try that had begun before has the secrets of that time, and the next one would wait.
        wait_until("it is tried with these secrets", async || {
            world.engine.retry_now(id);
            tries(&receiver.requests()).any(fits)
        })
        .await;
    };
    is_tried(&old, &[&old_key], None).await;
    let (token, key) = (
        rotate(&world, id, VerificationToken).await,
        rotate(&world, id, SigningSecret).await,
    );
    is_tried(&old, &[&old_key, &key], None).await;
    for rotated in RotatedSecret::ALL {
        world.engine.end_rotation(&author(), id, rotated, None).await.unwrap();
    }
    is_tried(&token, &[&key], Some(&old_key)).await;
    let (last, last_key) = (
        rotate(&world, id, VerificationToken).await,
        rotate(&world, id, SigningSecret).await,
    );
    is_tried(&token, &[&key, &last_key], None).await;
    world.engine.clock().advance(DAY);
    is_tried(&last, &[&last_key], Some(&key)).await;
    // Single events are tried, too, but the destination recovers when the whole batch is.
    let is_up = AtomicBool::new(false);
    receiver.script(move |request| {
        is_up.fetch_or(is_whole(request), Ordering::SeqCst);
        (!is_up.load(Ordering::SeqCst)).then(|| Fault::from(429))
    });
    wait_until("it is accepted", async || {
        world.engine.retry_now(id);
        tries(&receiver.requests()).any(|request| request.fault.is_none())
    })
    .await;
    let requests = receiver.requests();
    let first = tries(&requests).next().unwrap();
    for request in tries(&requests) {
        assert_eq!(request.body, first.body);
        assert_eq!(header(request, "webhook-id"), header(first, "webhook-id"));
    }
    assert_eq!(tries(&requests).filter(|request| request.fault.is_none()).count(), 1);
}

#[tokio::test]
async fn a_destination_can_be_deleted_during_a_rotation() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    for rotated in RotatedSecret::ALL {
        rotate(&world, id, rotated).await;
    }
    world.engine.delete_destination(&author(), id).await.unwrap();
    assert_eq!(stored_previous(&world).await, 0);
    for rotated in RotatedSecret::ALL {
        let gone = world.engine.end_rotation(&author(), id, rotated, None).await;
        assert_eq!(gone.map(drop), Err(AdminError::NotFound));
    }
    world.engine.clock().advance(DAY);
    let other = world.add_destination("Other", &receiver.url()).await;
    let token = secret(&world, other, VerificationToken).await;
    assert_eq!(header(&sent(&world, &receiver, "after").await, TOKEN), token);
}

#[tokio::test]
async fn a_day_that_ends_while_the_server_is_down_has_ended_after_it() {
    // The day is over by the clock of the machine, which the server has after the restart.
    let now = Clock::machine().now();
    let begun = Timestamp::from_unix_ms(now.unix_ms() - 2 * 86_400_000);
    let world = World::with_clock(Clock::set_at(begun), |config| config).await;
    let receiver = Receiver::start().await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let old_key = secret(&world, id, SigningSecret).await;
    let token = rotate(&world, id, VerificationToken).await;
    let key = rotate(&world, id, SigningSecret).await;
    let world = world.restart().await;
    let request = sent(&world, &receiver, "restarted").await;
    assert_eq!(header(&request, TOKEN), token);
    assert!(verifies(&request, &key) && !verifies(&request, &old_key));
    let state = world.engine.find_destination(id).await.unwrap().unwrap();
    assert_eq!(state.rotations(), []);
    wait_until("they are deleted", async || stored_previous(&world).await == 0).await;
}

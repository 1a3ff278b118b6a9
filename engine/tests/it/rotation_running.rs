//! Rotations while something is under way: a request, a replay, another change.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use domain::{
    Field,
    destination::{DestinationDraft, RotatedSecret},
    ids::DestinationId,
};
use receivers::{Fault, Gate, Receiver, Request};

use crate::{
    admin::AdminError,
    it::{
        http_batches::unpacked,
        replay::{assert_each_once_in_order, old_ids, post_old, replayed, start, wait_until_finished},
        rotation::{TOKEN, header, rotate, secret, sent, verifies, world},
        world::{World, author, wait_until},
    },
};

use RotatedSecret::{SigningSecret, VerificationToken};

/// Both secrets of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Secrets {
    token: String,
    key: String,
}

impl Secrets {
    async fn of(world: &World, id: DestinationId) -> Self {
        Self {
            token: secret(world, id, VerificationToken).await,
            key: secret(world, id, SigningSecret).await,
        }
    }

    async fn rotated(world: &World, id: DestinationId) -> Self {
        Self {
            token: rotate(world, id, VerificationToken).await,
            key: rotate(world, id, SigningSecret).await,
        }
    }

    /// Whether the request has this token, and a signature by this key.
    fn are_in(&self, request: &Request) -> bool {
        header(request, TOKEN) == self.token && verifies(request, &self.key)
    }
}

/// A change waits 11 seconds for the requests in flight. If the test takes longer to let them pass, they are sent again.
const NOTHING_IS_REPEATED: Duration = Duration::from_secs(10);

/// The first try of each event.
fn first_tries(requests: &[Request]) -> Vec<Request> {
    let mut seen = BTreeSet::new();
    let is_first = |request: &&Request| seen.insert(header(request, "webhook-id").to_owned());
    requests.iter().filter(is_first).cloned().collect()
}

async fn end_rotations(world: &World, id: DestinationId) {
    for rotated in RotatedSecret::ALL {
        world.engine.end_rotation(&author(), id, rotated, None).await.unwrap();
    }
}

fn with<'requests>(requests: &'requests [Request], name: &str) -> Vec<&'requests Request> {
    let quoted = format!("\"{name}\"");
    let has = |request: &&Request| unpacked(request).contains(&quoted);
    requests.iter().filter(has).collect()
}

#[tokio::test]
async fn a_request_in_flight_is_accepted_with_what_it_was_sent_with() {
    for format in ["event", "json_array", "json_lines"] {
        let (world, receiver) = (world().await, Receiver::start().await);
        let mut draft = DestinationDraft::http("SIEM", receiver.url());
        draft.target.set_text(Field::RequestFormat, format.to_owned());
        draft.target.set_text(Field::RequestTimeout, "120".to_owned());
        let id = world.add_and_wait(&draft).await;
        let old = Secrets::of(&world, id).await;
        // It is answered only after the change.
        let hold = async |name: &str| {
            // The events about the changes are not in its way.
            wait_until("everything else is acknowledged", async || {
                world.engine.backlog_of(&world.stored(id).await) == Some(0)
            })
            .await;
            let gate = Gate::new();
            let (held, quoted) = (gate.clone(), format!("\"{name}\""));
            receiver.script(move |request| unpacked(request).contains(&quoted).then(|| Fault::Held(held.clone())));
            world.post("1", [name.to_owned()]).await;
            gate.wait_for_held(1).await;
            gate
        };
        let gate = hold("before").await;
        let began = Instant::now();
        let new = Secrets::rotated(&world, id).await;
        gate.open();
        let mut longest = began.elapsed();
        let gate = hold("during").await;
        let began = Instant::now();
        end_rotations(&world, id).await;
        gate.open();
        longest = longest.max(began.elapsed());
        receiver.accept_all();
        let after = sent(&world, &receiver, "after").await;
        assert!(new.are_in(&after) && !verifies(&after, &old.key), "{format}");
        let requests = receiver.requests();
        let [before, during] = ["before", "during"].map(|name| with(&requests, name));
        if longest < NOTHING_IS_REPEATED {
            assert_eq!((before.len(), during.len()), (1, 1), "{format}: nothing is repeated");
        }
        assert!(old.are_in(before[0]) && !verifies(before[0], &new.key), "{format}");
        assert!(old.are_in(during[0]) && verifies(during[0], &new.key), "{format}");
    }
}

#[tokio::test]
async fn a_running_replay_goes_on_with_the_secrets_of_each_moment() {
    const EVENTS: usize = 60;
    let (world, receiver) = (world().await, Receiver::start().await);
    post_old(&world, 0..EVENTS).await;
    let mut draft = DestinationDraft::http("SIEM", receiver.url());
    draft.target.set_text(Field::RequestTimeout, "120".to_owned());
    let id = world.add_and_wait(&draft).await;
    let old = Secrets::of(&world, id).await;
    let mut new = old.clone();
    for begins in [true, false] {
        let gate = Gate::new();
        let held = gate.clone();
        receiver.script(move |request| {
            let is_replayed = request.headers.contains_key("x-audit-streams-replay");
            is_replayed.then(|| Fault::Held(held.clone()))
        });
        let replay = start(&world, id, &[]).await.replay.id;
        gate.wait_for_held(1).await;
        let began = Instant::now();
        if begins {
            new = Secrets::rotated(&world, id).await;
        } else {
            end_rotations(&world, id).await;
        }
        gate.open();
        let held_for = began.elapsed();
        let progress = wait_until_finished(&world, id, replay).await;
        assert_eq!((progress.sent, progress.refused), (60, 0));
        let mut requests = replayed(&receiver.requests(), replay);
        if held_for >= NOTHING_IS_REPEATED {
            requests = first_tries(&requests);
        }
        assert_each_once_in_order(&requests, &old_ids(0..EVENTS, "all"));
        let (first, last) = (requests.first().unwrap(), requests.last().unwrap());
        if begins {
            assert!(requests.iter().all(|request| old.are_in(request)));
            assert!(!verifies(first, &new.key) && verifies(last, &new.key));
        } else {
            assert!(requests.iter().all(|request| verifies(request, &new.key)));
            assert!(old.are_in(first) && new.are_in(last) && !verifies(last, &old.key));
        }
    }
}

#[tokio::test]
async fn a_change_at_the_same_time_loses_no_secret() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let id = world
        .add_and_wait(&DestinationDraft::http("SIEM", receiver.url()))
        .await;
    for (round, rotated) in RotatedSecret::ALL.into_iter().cycle().take(20).enumerate() {
        let stored = world.stored(id).await;
        let old = secret(&world, id, rotated).await;
        let mut draft = stored.draft();
        draft.name = format!("SIEM {round}");
        let change = draft.parse_change().unwrap();
        let author = author();
        let (rotation, changed) = tokio::join!(
            world.engine.rotate_secret(&author, id, rotated, None),
            world.engine.update_destination(&author, id, stored.version, change),
        );
        let (_, new) = rotation.unwrap();
        // Whichever came first: the change is rejected, or it keeps the secrets.
        let is_renamed = match changed {
            Ok(_) => true,
            Err(AdminError::ChangedMeanwhile) => false,
            Err(error) => panic!("{error:?}"),
        };
        let after = world.stored(id).await;
        assert_eq!(after.name.as_str() == draft.name, is_renamed);
        assert_eq!(after.target.values.text(rotated.field()), new.value);
        let previous: Vec<&str> = after.target.previous.iter().map(|one| one.value.as_str()).collect();
        assert_eq!(previous, [old.as_str()]);
        world.engine.end_rotation(&author, id, rotated, None).await.unwrap();
    }
    let last = sent(&world, &receiver, "last").await;
    assert!(Secrets::of(&world, id).await.are_in(&last));
    wait_until("everything is acknowledged", async || {
        world.engine.backlog_of(&world.stored(id).await) == Some(0)
    })
    .await;
}

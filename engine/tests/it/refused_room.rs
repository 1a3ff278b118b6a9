//! Refused events and the room that they take up: they never fill the log, and the stream backs off before they do.

use std::{cell::Cell, time::Duration};

use domain::{
    Field, Timestamp,
    destination::DestinationDraft,
    health::StreamHealth,
    ids::{DestinationId, Seq},
    policy::Trouble,
};
use receivers::{Answer, Receiver, Request};
use serde_json::json;

use crate::{
    clock::Clock,
    it::{
        refused::{is_full, is_healthy, texts},
        world::{World, author, wait_until},
    },
};

const LOG_SIZE: u64 = 16 << 20;

/// Each takes up a sixty-fourth of the log.
async fn post_large(world: &World, id: String) {
    let event = json!({
        "event_type": "test", "id": id, "entity_type": "Project", "entity_id": id, "details": {"text": "x".repeat(256 << 10)},
    });
    let posted = world.engine.ingest("tests", event.to_string().into()).await;
    posted.unwrap_or_else(|error| panic!("{id}: {error:?}"));
}

fn count(requests: &[Request], text: &str) -> usize {
    let accepted = requests.iter().filter(|request| request.was_accepted());
    accepted.filter(|request| request.text().contains(text)).count()
}

/// So many destinations refuse all large events, and another one accepts them.
async fn refused_events_do_not_fill_the_log(refusing: usize) {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let world = World::with_clock(clock.clone(), |config| config).await;
    let log = world.engine.log();
    log.set_size_limit(LOG_SIZE);
    let (refuser, healthy) = (Receiver::start().await, Receiver::start().await);
    refuser.answer_bodies_with("odd-", 422);
    let good = world.add_destination("good", &healthy.url()).await;
    let mut ids = Vec::new();
    for number in 0..refusing {
        let url = format!("{}/{number}", refuser.url());
        ids.push(world.add_destination(&format!("bad {number}"), &url).await);
    }
    let posted = Cell::new(0);
    wait_until("all streams have backed off", async || {
        let (mut have_refused, mut have_backed_off) = (true, true);
        for id in &ids {
            let (health, facts) = world.state(*id).await;
            have_refused &= is_full(&health) || facts.retrying == posted.get();
            have_backed_off &= is_full(&health);
        }
        // As many as the streams take at this pace, so that none is behind.
        if have_refused && !have_backed_off {
            post_large(&world, format!("odd-{}", posted.get())).await;
            posted.set(posted.get() + 1);
        }
        have_backed_off
    })
    .await;
    let odd = usize::try_from(posted.get()).unwrap();
    let stored = log.stored().await.unwrap();
    let most = LOG_SIZE / 4 + (1 << 20);
    assert!(stored.used_bytes < most, "{} of {most} bytes", stored.used_bytes);
    // What comes in goes on being accepted and delivered, as far as the log can hold it back for those that back off.
    for number in 0..32 {
        post_large(&world, format!("even-{number}")).await;
    }
    healthy
        .wait_for("everything is delivered to the healthy one", |requests| {
            count(requests, "\"even-") == 32 && count(requests, "\"odd-") == odd
        })
        .await;
    assert!(is_healthy(&world.state(good).await.0));
    // Nothing is lost, and the log empties.
    refuser.accept_bodies_with("odd-");
    clock.advance(Duration::from_secs(10));
    for id in &ids {
        world.engine.retry_now(*id);
    }
    refuser
        .wait_for("everything is delivered to the others", |requests| {
            count(requests, "\"even-") == 32 * refusing && count(requests, "\"odd-") == odd * refusing
        })
        .await;
    for number in 32..52 {
        post_large(&world, format!("even-{number}")).await;
        wait_until("there is room", async || {
            log.stored().await.unwrap().used_bytes < LOG_SIZE / 100 * 95
        })
        .await;
    }
}

#[tokio::test]
async fn what_one_destination_refuses_does_not_fill_the_log() {
    refused_events_do_not_fill_the_log(1).await;
}

#[tokio::test]
async fn what_three_destinations_refuse_does_not_fill_the_log() {
    refused_events_do_not_fill_the_log(3).await;
}

/// Events that fill the share of one destination quickly, in a small log.
pub(crate) struct Filled {
    pub(crate) world: World,
    pub(crate) receiver: Receiver,
    pub(crate) id: DestinationId,
}

/// Of one destination in [`Filled`], which then backs off: a quarter of the log has room for 65 of them.
pub(crate) const FILLING: usize = 90;

impl Filled {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With these values of the destination.
    pub(crate) async fn with(values: &[(Field, &str)]) -> Self {
        let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000)).with_speed(10);
        let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
        world.engine.log().set_size_limit(4 << 20);
        receiver.answer_bodies_with("odd-", 422);
        let mut draft = DestinationDraft::http("SIEM", receiver.url());
        for (field, text) in values {
            assert!(draft.target.set_text(*field, (*text).to_owned()));
        }
        let id = world.add(&draft).await;
        Self { world, receiver, id }
    }

    /// Each about an entity of its own, every other one of which the receiver refuses.
    pub(crate) async fn fill(&self) {
        // One fills a page of the log.
        let text = "x".repeat(15 << 10);
        let event = |id: String| json!({"id": id, "event_type": "test", "entity_type": "Project", "entity_id": id, "details": {"text": text}});
        for number in 0..FILLING {
            let events = ["odd", "even"].map(|half| event(format!("{half}-{number}")));
            let posted = self
                .world
                .engine
                .ingest("tests", serde_json::to_vec(&events).unwrap().into());
            posted.await.unwrap();
        }
        self.world.wait_for_health(self.id, "there is no room", is_full).await;
        wait_until("those that are refused are stored", async || {
            self.refused().await.0 > 50
        })
        .await;
    }

    /// Lets time pass, and has the stream notice it without a probe.
    async fn pass_time(&self) {
        self.world.engine.clock().advance(Duration::from_secs(10));
        let is_parked = self.world.engine.discard_parked(&author(), self.id, Seq::START).await;
        assert!(!is_parked.unwrap());
    }

    /// How many are retried, and how many are parked.
    async fn refused(&self) -> (u64, u64) {
        let refused = self.world.engine.database().count_refused(self.id).await.unwrap();
        (refused.retrying, refused.parked)
    }

    pub(crate) async fn wait_until_parked(&self) -> u64 {
        wait_until("what is refused is parked", async || {
            self.pass_time().await;
            self.refused().await.0 == 0
        })
        .await;
        self.refused().await.1
    }

    pub(crate) async fn wait_until_accepted(&self, text: &str) {
        let receiver = &self.receiver;
        receiver
            .wait_for("they are accepted", |requests| count(requests, text) == FILLING)
            .await;
    }
}

#[tokio::test]
async fn without_room_refused_events_are_parked_and_discarding_them_lets_the_stream_go_on() {
    let filled = Filled::new().await;
    filled.fill().await;
    let parked = filled.wait_until_parked().await;
    assert!(
        is_full(&filled.world.state(filled.id).await.0) && parked > 50,
        "{parked}"
    );
    let tries = filled
        .world
        .engine
        .database()
        .list_parked(filled.id, None, 1_000)
        .await
        .unwrap();
    assert!(tries.iter().all(|event| event.tries == 5));
    assert!(count(&filled.receiver.requests(), "\"even-") < FILLING);
    for event in tries {
        let is_parked = filled
            .world
            .engine
            .discard_parked(&author(), filled.id, event.seq)
            .await;
        assert!(is_parked.unwrap());
    }
    // At once: no time passes for the stream.
    filled.wait_until_accepted("\"even-").await;
    wait_until("the others are refused", async || {
        filled.refused().await.0 + parked == u64::try_from(FILLING).unwrap()
    })
    .await;
    // With the audit events of the destination and of each discarded event.
    filled.receiver.accept_bodies_with("odd-");
    wait_until("nothing waits", async || {
        filled.pass_time().await;
        let cursor = filled
            .world
            .engine
            .database()
            .read_cursor(filled.id)
            .await
            .unwrap()
            .unwrap();
        filled.refused().await == (0, 0) && cursor.acknowledged == filled.world.engine.log().last_seq()
    })
    .await;
    let odd = count(&filled.receiver.requests(), "\"odd-");
    assert_eq!(odd + usize::try_from(parked).unwrap(), FILLING);
}

#[tokio::test]
async fn without_room_parked_events_can_be_retried() {
    let filled = Filled::new().await;
    filled.fill().await;
    let parked = filled.wait_until_parked().await;
    let retry = async || {
        filled
            .world
            .engine
            .retry_all_parked(&author(), filled.id)
            .await
            .unwrap()
    };
    assert_eq!(retry().await, parked);
    assert_eq!(filled.wait_until_parked().await, parked, "they are refused again");
    filled.receiver.accept_bodies_with("odd-");
    assert_eq!(retry().await, parked);
    filled.wait_until_accepted("\"odd-").await;
    filled.wait_until_accepted("\"even-").await;
    filled
        .world
        .wait_for_health(filled.id, "it is healthy", is_healthy)
        .await;
}

#[tokio::test]
async fn without_room_events_that_make_the_receiver_fail_are_parked_too() {
    let filled = Filled::new().await;
    for text in ["crash-0", "crash-1", "crash-2"] {
        filled.receiver.answer_bodies_with(text, 500);
        filled.world.post(text, texts(&[text])).await;
    }
    let posted = Cell::new(0);
    wait_until("they are moved aside", async || {
        // Something must show that the destination works.
        filled.world.post("1", [format!("fine-{}", posted.get())]).await;
        posted.set(posted.get() + 1);
        filled.refused().await.0 == 3
    })
    .await;
    filled.fill().await;
    filled.wait_until_parked().await;
    let parked = filled
        .world
        .engine
        .database()
        .list_parked(filled.id, None, 1_000)
        .await
        .unwrap();
    let failed = parked.iter().filter(|event| event.reason.contains("500"));
    assert_eq!(failed.map(|event| event.tries).collect::<Vec<_>>(), [5, 5, 5]);
    assert!(is_full(&filled.world.state(filled.id).await.0));
}

/// Another failure than the refusal may be the last one: what waits for room is tried as soon as there is room all the same.
#[tokio::test]
async fn room_is_noticed_whatever_failed_last() {
    let filled = Filled::new().await;
    filled.fill().await;
    filled.wait_until_parked().await;
    let much_later = Answer::from(429).with_header("retry-after", "3600");
    filled.receiver.answer_all(much_later.clone());
    filled.receiver.answer_bodies_with("odd-", much_later);
    filled.world.engine.retry_now(filled.id);
    let is_limited = |health: &StreamHealth| {
        matches!(
            health,
            StreamHealth::Retrying {
                trouble: Trouble::Unavailable(429),
                ..
            }
        )
    };
    filled
        .world
        .wait_for_health(filled.id, "it is rate limited", is_limited)
        .await;
    filled.receiver.accept_all();
    filled.receiver.accept_bodies_with("odd-");
    let parked = filled.world.engine.database().list_parked(filled.id, None, 1_000).await;
    for event in parked.unwrap() {
        let is_parked = filled
            .world
            .engine
            .discard_parked(&author(), filled.id, event.seq)
            .await;
        assert!(is_parked.unwrap());
    }
    // The pause itself takes a minute of the test's clock.
    let accepted = tokio::time::timeout(Duration::from_secs(30), filled.wait_until_accepted("\"even-"));
    accepted.await.expect("the stream goes on before the pause is over");
}

#[tokio::test]
async fn without_room_an_outage_costs_no_tries() {
    let filled = Filled::new().await;
    filled.fill().await;
    filled.receiver.answer_all(500);
    filled.receiver.answer_bodies_with("odd-", 500);
    let is_outage = |health: &StreamHealth| {
        matches!(
            health,
            StreamHealth::Retrying {
                trouble: Trouble::Unavailable(500),
                ..
            }
        )
    };
    wait_until("it is noticed", async || {
        filled.pass_time().await;
        is_outage(&filled.world.state(filled.id).await.0)
    })
    .await;
    for _ in 0..100 {
        filled.pass_time().await;
    }
    let refused = filled.world.engine.database().list_refused(filled.id).await.unwrap();
    assert!(refused.len() > 50 && refused.iter().all(|event| event.tries == 1));
}

#[tokio::test]
async fn long_answers_to_refused_events_do_not_fill_the_log() {
    const SMALL: u64 = 6 << 20;
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
    world.engine.log().set_size_limit(SMALL);
    receiver.answer_bodies_with("odd-", Answer::new(422, "text/plain", "x".repeat(4_096)));
    let mut ids = Vec::new();
    for number in 0..5 {
        let url = format!("{}/{number}", receiver.url());
        ids.push(world.add_destination(&format!("bad {number}"), &url).await);
    }
    let posted = Cell::new(0);
    wait_until("all streams have backed off", async || {
        let (mut have_refused, mut have_backed_off) = (true, true);
        for id in &ids {
            let (health, facts) = world.state(*id).await;
            have_refused &= is_full(&health) || facts.retrying == posted.get();
            have_backed_off &= is_full(&health);
        }
        if have_refused && !have_backed_off {
            // With one that is accepted, so that not everything is refused.
            let texts = (0..10).map(|number| format!("odd-{}", posted.get() + number));
            let entity = posted.get().to_string();
            world
                .post(&entity, texts.chain([format!("even-{}", posted.get())]))
                .await;
            posted.set(posted.get() + 10);
            // Counted towards the size of the log within half a second; here with each request of an administrator.
            assert!(
                !world
                    .engine
                    .discard_parked(&author(), ids[0], Seq::START)
                    .await
                    .unwrap()
            );
        }
        have_backed_off
    })
    .await;
    let stored = async || world.engine.log().stored().await.unwrap();
    let texts = u64::try_from(ids.len()).unwrap() * 4_096 * 50;
    wait_until("the answers are counted", async || stored().await.kept_bytes > texts).await;
    let most = SMALL / 4 + (1 << 20);
    assert!(
        stored().await.used_bytes < most,
        "{} of {most} bytes",
        stored().await.used_bytes
    );
}

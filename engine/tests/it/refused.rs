//! Destinations that refuse events: all of them, or some.

use std::time::Duration;

use domain::{
    Timestamp,
    health::{StreamFacts, StreamHealth},
    ids::DestinationId,
    policy::Trouble,
};
use engine::clock::Clock;

use crate::{
    receiver::{Answer, Receiver, Request},
    world::{World, author, wait_until},
};

fn is_refusing(health: &StreamHealth) -> bool {
    matches!(health, StreamHealth::Refusing { .. })
}

fn is_healthy(health: &StreamHealth) -> bool {
    matches!(health, StreamHealth::Healthy { .. })
}

impl World {
    async fn state(&self, id: DestinationId) -> (StreamHealth, StreamFacts) {
        let state = self.engine.find_destination(id).await.unwrap().unwrap();
        (state.health, state.facts)
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_destination_that_refuses_every_event_is_refusing_until_it_accepts_one() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_all(Answer::Status(422));
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", texts(&["a", "b", "c"])).await;
    // With the audit event of the new destination.
    wait_until("all are refused", async || world.state(id).await.1.retrying == 4).await;
    let (first, _) = world.state(id).await;
    let StreamHealth::Refusing {
        since, reason, events, ..
    } = &first
    else {
        panic!("{first:?}");
    };
    assert!(reason.contains("422") && *events == 4, "{first:?}");
    let world = world.crash().await;
    let again = world.wait_for_health(id, "it has started", is_refusing).await;
    assert!(
        matches!(&again, StreamHealth::Refusing { since: again, events: 4.., .. } if again == since),
        "{again:?} after {first:?}"
    );
    let world = world.restart().await;
    world.wait_for_health(id, "it has started again", is_refusing).await;
    receiver.answer_all(Answer::Accept);
    world.post("1", texts(&["d"])).await;
    world.wait_for_health(id, "it accepts", is_healthy).await;
    receiver.answer_bodies_with("\"e\"", Answer::Status(422));
    world.post("1", texts(&["e"])).await;
    world.wait_for_health(id, "it refuses again", is_refusing).await;
}

#[tokio::test]
async fn a_destination_that_refuses_some_events_goes_on_and_counts_them() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_bodies_with("odd", Answer::Status(400));
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let halves = (0..100).map(|number| match number % 2 {
        0 => format!("even-{number}"),
        _ => format!("odd-{number}"),
    });
    world.post("1", halves).await;
    world.post("1", texts(&["even-last"])).await;
    wait_until("half of them are refused", async || {
        world.state(id).await.1.retrying == 50
    })
    .await;
    world.wait_for_health(id, "the last is accepted", is_healthy).await;
}

#[tokio::test]
async fn a_stream_is_no_longer_refusing_when_no_refused_event_is_left() {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
    receiver.answer_bodies_with("\"bad\"", Answer::Status(422));
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", texts(&["bad"])).await;
    world.park_what_is_refused(id).await;
    let (health, facts) = world.state(id).await;
    assert!(is_refusing(&health) && facts.parked == 1, "{health:?} {facts:?}");
    let parked = world.engine.database().list_parked(id, None, 10).await.unwrap();
    receiver.answer_all(Answer::Silence);
    assert!(world.engine.discard_parked(&author(), id, parked[0].seq).await.unwrap());
    world
        .wait_for_health(id, "nothing is refused", |health| !is_refusing(health))
        .await;
}

#[tokio::test]
async fn a_parked_event_outlives_the_retention_age_until_it_is_delivered_or_discarded() {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
    for bad in ["\"bad\"", "\"worse\""] {
        receiver.answer_bodies_with(bad, Answer::Status(422));
    }
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", texts(&["bad", "worse", "good"])).await;
    world.park_what_is_refused(id).await;
    let (log, database) = (world.engine.log(), world.engine.database());
    let parked = database.list_parked(id, None, 10).await.unwrap();
    let [worse, bad] = [parked[0].seq, parked[1].seq];
    world.engine.clock().advance(Duration::from_secs(40 * 86_400));
    wait_until("they have left the log", async || {
        log.position_before_all().await.unwrap() >= worse
    })
    .await;
    let stored = log.stored().await.unwrap();
    assert_eq!(stored.kept_events, 2);
    assert!(stored.kept_bytes > 0 && stored.bytes_after(log.last_seq(), log.last_seq()) == stored.kept_bytes);
    assert!(log.show(bad).await.unwrap().unwrap().body.contains("bad"));
    let world = world.restart().await;
    let log = world.engine.log();
    assert!(world.engine.discard_parked(&author(), id, worse).await.unwrap());
    wait_until("what was discarded is gone", async || {
        log.stored().await.unwrap().kept_events == 1
    })
    .await;
    assert!(log.show(worse).await.unwrap().is_none());
    receiver.answer_bodies_with("\"bad\"", Answer::Accept);
    assert_eq!(world.engine.retry_all_parked(&author(), id).await.unwrap(), 1);
    receiver
        .wait_for("it is delivered", |requests| {
            let is_bad = |request: &Request| request.was_accepted && request.body.contains("\"bad\"");
            requests.iter().any(is_bad)
        })
        .await;
    wait_until("what was delivered is gone", async || {
        log.stored().await.unwrap().kept_events == 0
    })
    .await;
}

#[tokio::test]
async fn answers_are_kept_of_the_newest_refused_events_alone() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_bodies_with("odd", Answer::Status(400));
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let halves = (0..2_400).map(|number| match number % 2 {
        0 => format!("even-{number}"),
        _ => format!("odd-{number}"),
    });
    world.post("1", halves).await;
    wait_until("half of them are refused", async || {
        world.state(id).await.1.retrying >= 1_200
    })
    .await;
    let refused = world.engine.database().list_refused(id).await.unwrap();
    assert!(refused.iter().all(|event| event.reason.contains("400")));
    let answers = refused.iter().filter(|event| event.response == "no thanks").count();
    assert_eq!(answers, 1_000);
    let without: Vec<_> = refused.iter().filter(|event| event.response.is_empty()).collect();
    let with: Vec<_> = refused.iter().filter(|event| !event.response.is_empty()).collect();
    let newest_without = without.iter().map(|event| event.refused_at).max();
    let oldest_with = with.iter().map(|event| event.refused_at).min();
    assert!(newest_without <= oldest_with, "{newest_without:?} {oldest_with:?}");
    // They take room from the log.
    wait_until("they are counted", async || {
        world.engine.log().stored().await.unwrap().kept_bytes > 200 * 1_200
    })
    .await;
}

/// Stores parked events as if they had been refused before. The engine must not be running.
fn park_many(folder: &std::path::Path, id: DestinationId, count: u64) {
    let connection = rusqlite::Connection::open(folder.join("audit-streams.db")).unwrap();
    let count = i64::try_from(count).unwrap();
    let inserted = connection.execute(
        "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?2) \
         INSERT INTO refused_events (destination_id, seq, tries, reason, response, refusal, refused_at, due_at) \
         SELECT ?1, 1000000000 + number, 5, 'Answered 422.', '', '{\"kind\":\"status\",\"detail\":422}', 0, NULL FROM numbers",
        [id.get(), count],
    );
    assert_eq!(inserted.unwrap(), usize::try_from(count).unwrap());
}

#[tokio::test]
async fn a_stream_with_too_many_refused_events_backs_off_and_loses_nothing() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", texts(&["first"])).await;
    world.wait_for_health(id, "it is healthy", is_healthy).await;
    let world = world
        .restart_with(|config| {
            park_many(&config.data_dir, id, 99_999);
            config
        })
        .await;
    receiver.answer_bodies_with("odd", Answer::Status(422));
    world.post("1", texts(&["odd-1"])).await;
    wait_until("one more is kept", async || world.state(id).await.1.retrying == 1).await;
    for entity in ["1", "2", "3"] {
        world
            .post(entity, [format!("odd-of-{entity}"), format!("even-of-{entity}")])
            .await;
    }
    world.wait_for_health(id, "it backs off", is_full).await;
    let facts = world.state(id).await.1;
    assert_eq!((facts.parked, facts.retrying), (99_999, 1));
    // Where room is made, the next is moved aside; then it is full again.
    let parked = world.engine.database().list_parked(id, None, 1).await.unwrap();
    assert!(world.engine.discard_parked(&author(), id, parked[0].seq).await.unwrap());
    wait_until("another one is kept", async || world.state(id).await.1.retrying == 2).await;
    world.wait_for_health(id, "it backs off again", is_full).await;
    assert_eq!(world.state(id).await.1.parked, 99_998);
    receiver.answer_bodies_with("odd", Answer::Accept);
    world.engine.retry_now(id);
    receiver
        .wait_for("everything has arrived", |requests| {
            let accepted = |text: &str| {
                requests
                    .iter()
                    .any(|request| request.was_accepted && request.body.contains(text))
            };
            let entities = ["1", "2", "3"].iter();
            accepted("odd-1\"")
                && entities
                    .clone()
                    .all(|entity| accepted(&format!("odd-of-{entity}")) && accepted(&format!("even-of-{entity}")))
        })
        .await;
}

fn is_full(health: &StreamHealth) -> bool {
    matches!(
        health,
        StreamHealth::Held {
            trouble: Trouble::TooManyRefused,
            ..
        }
    )
}

const LOG_SIZE: u64 = 16 << 20;

/// Each takes up a sixty-fourth of the log.
async fn post_large(world: &World, id: String) {
    let event = serde_json::json!({
        "event_type": "test", "id": id, "entity_type": "Project", "entity_id": id, "details": {"text": "x".repeat(256 << 10)},
    });
    let posted = world.engine.ingest("tests", event.to_string().into()).await;
    posted.unwrap_or_else(|error| panic!("{id}: {error:?}"));
}

fn count(requests: &[Request], text: &str) -> usize {
    let accepted = requests.iter().filter(|request| request.was_accepted);
    accepted.filter(|request| request.body.contains(text)).count()
}

/// So many destinations refuse all large events, and another one accepts them.
async fn refused_events_do_not_fill_the_log(refusing: usize) {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let world = World::with_clock(clock.clone(), |config| config).await;
    let log = world.engine.log();
    log.set_size_limit(LOG_SIZE);
    let (refuser, healthy) = (Receiver::start().await, Receiver::start().await);
    refuser.answer_bodies_with("odd-", Answer::Status(422));
    let good = world.add_destination("good", &healthy.url()).await;
    let mut ids = Vec::new();
    for number in 0..refusing {
        let url = format!("{}/{number}", refuser.url());
        ids.push(world.add_destination(&format!("bad {number}"), &url).await);
    }
    let mut posted = 0;
    let have_backed_off = async || {
        let mut all = true;
        for id in &ids {
            all &= is_full(&world.state(*id).await.0);
        }
        all
    };
    // As many as the streams take at this pace, so that none is behind.
    while !have_backed_off().await {
        post_large(&world, format!("odd-{posted}")).await;
        posted += 1;
        wait_until("each has refused it or backs off", async || {
            let mut all = true;
            for id in &ids {
                let (health, facts) = world.state(*id).await;
                all &= is_full(&health) || facts.retrying == posted;
            }
            all
        })
        .await;
    }
    let stored = log.stored().await.unwrap();
    let most = LOG_SIZE / 4 + (1 << 20);
    assert!(stored.used_bytes < most, "{} of {most} bytes", stored.used_bytes);
    // What comes in goes on being accepted and delivered, as far as the log can hold it back for those that back off.
    for number in 0..32 {
        post_large(&world, format!("even-{number}")).await;
    }
    healthy
        .wait_for("everything is delivered to the healthy one", |requests| {
            count(requests, "\"even-") == 32 && count(requests, "\"odd-") == usize::try_from(posted).unwrap()
        })
        .await;
    assert!(is_healthy(&world.state(good).await.0));
    // Nothing is lost, and the log empties.
    refuser.answer_bodies_with("odd-", Answer::Accept);
    clock.advance(Duration::from_secs(10));
    for id in &ids {
        world.engine.retry_now(*id);
    }
    let odd = usize::try_from(posted).unwrap();
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

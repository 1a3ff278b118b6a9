//! Destinations that refuse events: all of them, or some.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use domain::{
    Timestamp,
    delivery::{RefusedChange, RefusedChoice, RefusedList},
    health::{StreamFacts, StreamHealth},
    ids::{DestinationId, Seq},
    policy::Trouble,
    view::{DeliveryState, RefusedView},
};
use receivers::{Fault, Receiver, Request};

use crate::{
    clock::Clock,
    it::world::{World, author, wait_until},
};

fn is_refusing(health: &StreamHealth) -> bool {
    matches!(health, StreamHealth::Refusing { .. })
}

pub(super) fn is_healthy(health: &StreamHealth) -> bool {
    matches!(health, StreamHealth::Healthy { .. })
}

impl World {
    pub(super) async fn state(&self, id: DestinationId) -> (StreamHealth, StreamFacts) {
        let state = self.engine.find_destination(id).await.unwrap().unwrap();
        (state.health, state.facts)
    }
}

/// A list of refused events, the newest first.
async fn refused(world: &World, id: DestinationId, list: RefusedList) -> Vec<RefusedView> {
    let page = world.engine.refused_page(id, list, None, 10).await.unwrap();
    assert_eq!(page.total, u64::try_from(page.items.len()).unwrap());
    page.items
}

pub(super) fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_destination_that_refuses_every_event_is_refusing_until_it_accepts_one() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_all(422);
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
    receiver.accept_all();
    world.post("1", texts(&["d"])).await;
    world.wait_for_health(id, "it accepts", is_healthy).await;
    receiver.answer_bodies_with("\"e\"", 422);
    world.post("1", texts(&["e"])).await;
    world.wait_for_health(id, "it refuses again", is_refusing).await;
}

#[tokio::test]
async fn a_destination_that_refuses_some_events_goes_on_and_counts_them() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.answer_bodies_with("odd", 400);
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
async fn events_that_are_refused_again_do_not_count_as_every_event() {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
    receiver.answer_bodies_with("odd", 422);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let halves = (0..60).map(|number| match number % 2 {
        0 => format!("odd-{number}"),
        _ => format!("even-{number}"),
    });
    world.post("1", halves).await;
    world.wait_for_health(id, "the last is accepted", is_healthy).await;
    wait_until("half of them are refused", async || {
        world.state(id).await.1.retrying == 30
    })
    .await;
    world.engine.clock().advance(Duration::from_secs(11));
    world.post("2", texts(&["odd-last"])).await;
    let refused = |requests: &[Request]| requests.iter().filter(|request| request.text().contains("odd")).count();
    receiver
        .wait_until("all are refused again", |requests| refused(requests) == 61)
        .await;
    let (health, _) = world.state(id).await;
    assert!(!matches!(health, StreamHealth::Retrying { .. }), "{health:?}");
    world.post("2", texts(&["even-last"])).await;
    world.wait_for_health(id, "the stream goes on", is_healthy).await;
}

#[tokio::test]
async fn a_stream_is_no_longer_refusing_when_no_refused_event_is_left() {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
    receiver.answer_bodies_with("\"bad\"", 422);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", texts(&["bad"])).await;
    world.park_what_is_refused(id).await;
    let (health, facts) = world.state(id).await;
    assert!(is_refusing(&health) && facts.parked == 1, "{health:?} {facts:?}");
    let parked = world.engine.database().list_parked(id, None, 10).await.unwrap();
    receiver.answer_all(Fault::Hang);
    assert!(world.engine.discard_parked(&author(), id, parked[0].seq).await.unwrap());
    world
        .wait_for_health(id, "nothing is refused", |health| !is_refusing(health))
        .await;
}

#[tokio::test]
async fn several_parked_events_are_retried_or_discarded_with_one_audit_event() {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
    let bad = ["bad-1", "bad-2", "bad-3", "bad-4"];
    for bad in bad {
        receiver.answer_bodies_with(bad, 422);
    }
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", texts(&bad)).await;
    world.park_what_is_refused(id).await;
    let parked = async || refused(&world, id, RefusedList::Parked).await;
    let listed = parked().await;
    let ids: Vec<_> = listed
        .iter()
        .map(|parked| parked.event.as_ref().unwrap().id.clone())
        .collect();
    assert_eq!(ids, ["bad-4", "bad-3", "bad-2", "bad-1"]);

    let change = async |change, choice| {
        world
            .engine
            .change_refused(&author(), id, RefusedList::Parked, change, &choice)
            .await
            .unwrap()
    };
    // The last is not parked.
    let chosen = vec![listed[0].seq, listed[1].seq, Seq::new(9_999)];
    assert_eq!(change(RefusedChange::Discard, RefusedChoice::At(chosen)).await, 2);
    assert_eq!(parked().await.len(), 2);
    for bad in bad {
        receiver.accept_bodies_with(bad);
    }
    assert_eq!(change(RefusedChange::Retry, RefusedChoice::All).await, 2);
    receiver
        .wait_for("they are delivered", |requests| {
            let is_delivered = |bad: &str| {
                requests
                    .iter()
                    .any(|request| request.was_accepted() && request.text().contains(bad))
            };
            is_delivered("bad-1") && is_delivered("bad-2")
        })
        .await;
    assert_eq!(change(RefusedChange::Discard, RefusedChoice::All).await, 0);
    let messages = [
        format!(
            "Discarded the parked audit events at positions {} and {} of the log",
            listed[1].seq, listed[0].seq
        ),
        "Retried all parked audit events (2)".to_owned(),
    ];
    receiver
        .wait_for("the audit events", |requests| {
            let count = |message: &String| {
                requests
                    .iter()
                    .filter(|request| request.text().contains(message))
                    .count()
            };
            messages.iter().all(|message| count(message) == 1)
        })
        .await;
    assert!(
        !receiver
            .requests()
            .iter()
            .any(|request| request.text().contains("Discarded all parked"))
    );
}

#[tokio::test]
async fn events_that_are_retried_are_parked_retried_or_discarded_with_one_audit_event() {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
    let bad = ["bad-1", "bad-2", "bad-3", "bad-4", "bad-5"];
    for bad in bad {
        receiver.answer_bodies_with(bad, 422);
    }
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", texts(&bad)).await;
    wait_until("all are refused", async || world.state(id).await.1.retrying == 5).await;
    let listed = refused(&world, id, RefusedList::Retrying).await;
    let ids: Vec<_> = listed
        .iter()
        .map(|event| event.event.as_ref().unwrap().id.clone())
        .collect();
    assert_eq!(ids, ["bad-5", "bad-4", "bad-3", "bad-2", "bad-1"]);
    assert!(
        listed
            .iter()
            .all(|event| event.next_try_at.is_some() && event.reason.contains("422"))
    );

    let change = async |change, choice: RefusedChoice| {
        let engine = &world.engine;
        let changed = engine
            .change_refused(&author(), id, RefusedList::Retrying, change, &choice)
            .await;
        changed.unwrap()
    };
    let at = |positions: &[usize]| RefusedChoice::At(positions.iter().map(|position| listed[*position].seq).collect());
    assert_eq!(change(RefusedChange::Park, at(&[4, 3])).await, 2);
    let parked = refused(&world, id, RefusedList::Parked).await;
    assert!(parked.len() == 2 && parked.iter().all(|event| event.next_try_at.is_none()));
    assert!(parked[0].reason.ends_with("Parked by an administrator."), "{parked:?}");
    assert!(parked[0].next_step.contains("administrator"), "{parked:?}");
    assert_eq!(
        change(RefusedChange::Discard, at(&[4, 2])).await,
        1,
        "one of them is parked"
    );
    // Without waiting: the clock stands still.
    for bad in bad {
        receiver.accept_bodies_with(bad);
    }
    assert_eq!(change(RefusedChange::Retry, RefusedChoice::All).await, 2);
    wait_until("they are delivered", async || world.state(id).await.1.retrying == 0).await;
    assert_eq!(change(RefusedChange::Park, RefusedChoice::All).await, 0);
    let again = world
        .engine
        .change_refused(
            &author(),
            id,
            RefusedList::Parked,
            RefusedChange::Park,
            &RefusedChoice::All,
        )
        .await;
    assert_eq!(again.unwrap(), 0, "they are parked already");
    let delivered = |bad: &str| {
        let requests = receiver.requests();
        requests
            .iter()
            .any(|request| request.was_accepted() && request.text().contains(bad))
    };
    assert_eq!(bad.map(delivered), [false, false, false, true, true]);
    let messages = [
        format!(
            "Parked the rejected audit events at positions {} and {} of the log",
            listed[4].seq, listed[3].seq
        ),
        format!(
            "Discarded the rejected audit event at position {} of the log",
            listed[2].seq
        ),
        "Retried all rejected audit events (2)".to_owned(),
    ];
    receiver
        .wait_for("the audit events", |requests| {
            let is_sent = |message: &String| requests.iter().any(|request| request.text().contains(message));
            messages.iter().all(is_sent)
        })
        .await;
}

/// A receiver that rejects the event `bad` once, and answers the next try of it with a status when that is sent here.
async fn holding_receiver() -> (Receiver, mpsc::Receiver<()>, mpsc::Sender<u16>) {
    let (arriving, arrived) = mpsc::channel();
    let (answering, answer) = mpsc::channel::<u16>();
    let (tries, answer) = (AtomicUsize::new(0), Mutex::new(answer));
    let receiver = Receiver::scripted(move |request: &Request| {
        if !request.text().contains("\"bad\"") {
            return None;
        }
        let status = match tries.fetch_add(1, Ordering::SeqCst) {
            0 => 422,
            _ => {
                arriving.send(()).unwrap();
                // Others use this thread meanwhile.
                tokio::task::block_in_place(|| answer.lock().unwrap().recv().unwrap())
            }
        };
        (status != 200).then(|| Fault::from(status))
    });
    (receiver.await, arrived, answering)
}

/// What is done with an event while it is being sent; returns what has become of it, once the answer is stored.
async fn changed_in_flight(change: RefusedChange, status: u16) -> (DeliveryState, u64, u64) {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let (receiver, arrived, answering) = holding_receiver().await;
    let world = World::with_clock(clock, |config| config).await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post("1", texts(&["bad"])).await;
    wait_until("it is refused", async || world.state(id).await.1.retrying == 1).await;
    let seq = refused(&world, id, RefusedList::Retrying).await[0].seq;
    wait_until("it is being sent", async || {
        world.engine.clock().advance(Duration::from_secs(20));
        world.post("2", texts(&["wakes the stream"])).await;
        arrived.try_recv().is_ok()
    })
    .await;
    let choice = RefusedChoice::At(vec![seq]);
    let changed = world
        .engine
        .change_refused(&author(), id, RefusedList::Retrying, change, &choice)
        .await;
    assert_eq!(changed.unwrap(), 1);
    answering.send(status).unwrap();
    let attempts = async || world.engine.list_attempts(id, 10).await.unwrap().len();
    let expected = if status == 200 { 1 } else { 2 };
    wait_until("the answer is stored", async || {
        let delivered = receiver
            .requests()
            .iter()
            .any(|request| request.text().contains("\"bad\"") && request.was_accepted());
        attempts().await == expected && delivered == (status == 200)
    })
    .await;
    // What is still in memory must not bring it back.
    world.engine.clock().advance(Duration::from_secs(3_600));
    world.post("3", texts(&["later"])).await;
    receiver
        .wait_for("later events are delivered", |requests| {
            requests.iter().any(|request| request.text().contains("\"later\""))
        })
        .await;
    assert!(arrived.try_recv().is_err(), "it was sent again");
    // That it was accepted is stored with what is acknowledged next.
    let state = async || world.engine.list_deliveries(seq).await.unwrap()[0].state;
    wait_until("what has become of it is stored", async || {
        (state().await == DeliveryState::Delivered) == (status == 200)
    })
    .await;
    let (_, facts) = world.state(id).await;
    (state().await, facts.retrying, facts.parked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_event_that_is_parked_or_discarded_while_it_is_being_sent_stays_so_unless_it_is_accepted() {
    let rejected = changed_in_flight(RefusedChange::Park, 422).await;
    assert_eq!(rejected, (DeliveryState::Parked, 0, 1));
    let rejected = changed_in_flight(RefusedChange::Discard, 422).await;
    assert_eq!(rejected, (DeliveryState::Discarded, 0, 0));
    for change in [RefusedChange::Park, RefusedChange::Discard] {
        assert_eq!(changed_in_flight(change, 200).await, (DeliveryState::Delivered, 0, 0));
    }
}

#[tokio::test]
async fn a_parked_event_outlives_the_retention_age_until_it_is_delivered_or_discarded() {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
    for bad in ["\"bad\"", "\"worse\""] {
        receiver.answer_bodies_with(bad, 422);
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
    receiver.accept_bodies_with("\"bad\"");
    assert_eq!(world.engine.retry_all_parked(&author(), id).await.unwrap(), 1);
    receiver
        .wait_for("it is delivered", |requests| {
            let is_bad = |request: &Request| request.was_accepted() && request.text().contains("\"bad\"");
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
    receiver.answer_bodies_with("odd", 400);
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
    receiver.answer_bodies_with("odd", 422);
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
    receiver.accept_bodies_with("odd");
    world.engine.retry_now(id);
    receiver
        .wait_for("everything has arrived", |requests| {
            let accepted = |text: &str| {
                requests
                    .iter()
                    .any(|request| request.was_accepted() && request.text().contains(text))
            };
            let entities = ["1", "2", "3"].iter();
            accepted("odd-1\"")
                && entities
                    .clone()
                    .all(|entity| accepted(&format!("odd-of-{entity}")) && accepted(&format!("even-of-{entity}")))
        })
        .await;
}

pub(super) fn is_full(health: &StreamHealth) -> bool {
    matches!(
        health,
        StreamHealth::Retrying {
            trouble: Trouble::TooManyRefused,
            ..
        }
    )
}

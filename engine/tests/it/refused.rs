//! Destinations that refuse events: all of them, or some.

use domain::{
    health::{StreamFacts, StreamHealth},
    ids::DestinationId,
};

use crate::{
    receiver::{Answer, Receiver},
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
    let StreamHealth::Refusing { since, reason, waiting } = &first else {
        panic!("{first:?}");
    };
    assert!(reason.contains("422") && *waiting == 0, "{first:?}");
    let world = world.crash().await;
    let again = world.wait_for_health(id, "it has started", is_refusing).await;
    assert!(
        matches!(&again, StreamHealth::Refusing { since: again, .. } if again == since),
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
    let clock = engine::clock::Clock::set_at(domain::Timestamp::from_unix_ms(1_760_464_800_000));
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

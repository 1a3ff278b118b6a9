//! A stream for which as many events are refused or parked as are kept: what its requests show about the destination.

use std::time::Duration;

use domain::{
    Timestamp,
    destination::DestinationDraft,
    health::StreamHealth,
    ids::{DestinationId, Seq},
    policy::Trouble,
};
use receivers::Receiver;
use serde_json::json;

use crate::{
    clock::Clock,
    it::world::{World, author, wait_until},
};

/// Of one destination, events that are refused or parked.
const LIMIT: i64 = 100_000;

/// A source that is not allowed in a header, so that its events can't be sent over HTTP.
const UNSENDABLE: &str = "te\nsts";

/// The receiver refuses events whose id contains "odd". One of them, `odd-1`, takes the last place.
struct NoRoom {
    world: World,
    receiver: Receiver,
    id: DestinationId,
}

impl NoRoom {
    async fn new() -> Self {
        let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000)).with_speed(10);
        let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
        receiver.answer_bodies_with("odd", 422);
        // The instance's own events would show how the destination is, too.
        let draft = DestinationDraft {
            event_types: vec!["test".to_owned()],
            ..DestinationDraft::http("SIEM", receiver.url())
        };
        let id = world.add(&draft).await;
        world.post("1", ["odd-1".to_owned()]).await;
        wait_until("it is refused", async || {
            world.engine.database().list_refused(id).await.unwrap().len() == 1
        })
        .await;
        world
            .with_store(move |store| {
                let parked = "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?2) \
                     INSERT INTO refused_events (destination_id, seq, tries, reason, response, refusal, refused_at, due_at) \
                     SELECT ?1, 1000000000 + number, 5, 'Answered 422.', '', '{\"kind\":\"status\",\"detail\":422}', 0, NULL FROM numbers";
                store.execute(parked, [id.get(), LIMIT - 1]).unwrap();
            })
            .await;
        let world = world.crash().await;
        Self { world, receiver, id }
    }

    async fn post(&self, ids: &[&str]) {
        for id in ids {
            self.world.post(id, [(*id).to_owned()]).await;
        }
    }

    async fn post_unsendable(&self) {
        let event = json!({"event_type": "test", "id": "unsendable", "entity_type": "Project", "entity_id": "2"});
        let posted = self.world.engine.ingest(UNSENDABLE, event.to_string().into()).await;
        posted.unwrap();
    }

    /// Lets time pass, and has the stream notice it without a probe.
    async fn pass_time(&self) {
        self.world.engine.clock().advance(Duration::from_secs(10));
        self.discard(Seq::START).await;
    }

    async fn discard(&self, seq: Seq) -> bool {
        let discarded = self.world.engine.discard_parked(&author(), self.id, seq).await;
        discarded.unwrap()
    }

    async fn health(&self) -> StreamHealth {
        let state = self.world.engine.find_destination(self.id).await.unwrap();
        state.unwrap().health
    }

    async fn wait_for(&self, what: &str, condition: impl Fn(&StreamHealth) -> bool) -> StreamHealth {
        self.world.wait_for_health(self.id, what, condition).await
    }

    /// Tries and reason of the events of these tests that are refused or parked, in the order of the log.
    async fn refused(&self) -> Vec<(i64, String)> {
        let refused = |store: &rusqlite::Connection| {
            let query = "SELECT tries, reason FROM refused_events WHERE seq < 1000000000 ORDER BY seq";
            let mut query = store.prepare(query).unwrap();
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            rows.collect::<Result<Vec<_>, _>>().unwrap()
        };
        self.world.with_store(refused).await
    }

    /// How many requests there were with this event.
    fn count_sent(&self, id: &str) -> usize {
        let id = format!("\"{id}\"");
        let requests = self.receiver.requests();
        requests.iter().filter(|request| request.text().contains(&id)).count()
    }
}

fn lacks_room(health: &StreamHealth) -> bool {
    matches!(
        health,
        StreamHealth::Retrying {
            trouble: Trouble::TooManyRefused,
            ..
        }
    )
}

fn is_down(health: &StreamHealth) -> bool {
    matches!(
        health,
        StreamHealth::Retrying {
            trouble: Trouble::Unavailable(500),
            ..
        }
    )
}

#[tokio::test]
async fn an_event_that_cannot_be_sent_is_no_sign_that_the_destination_works() {
    let stream = NoRoom::new().await;
    stream.receiver.answer_all(500);
    stream.receiver.answer_bodies_with("odd", 500);
    stream.post_unsendable().await;
    stream.wait_for("it waits for room", lacks_room).await;
    for _ in 0..3 {
        let sent = stream.count_sent("odd-1");
        wait_until("the outage is noticed with the refused event", async || {
            stream.pass_time().await;
            stream.count_sent("odd-1") > sent && is_down(&stream.health().await)
        })
        .await;
        stream
            .wait_for("the event that waits is looked at again", lacks_room)
            .await;
        let refused = stream.refused().await;
        assert!(matches!(refused[..], [(1, _)]), "an outage costs no tries: {refused:?}");
    }
    stream.receiver.accept_all();
    stream.receiver.accept_bodies_with("odd");
    wait_until("the refused event is delivered, and the other one parked", async || {
        stream.pass_time().await;
        let refused = stream.refused().await;
        matches!(&refused[..], [(_, reason)] if reason.contains("header"))
    })
    .await;
}

/// However long it has waited for room by then.
#[tokio::test]
async fn another_failure_costs_no_more_than_its_own_pauses() {
    let stream = NoRoom::new().await;
    stream.post(&["odd-2"]).await;
    stream.wait_for("it waits for room", lacks_room).await;
    // From here on, the next pause takes a minute.
    wait_until("it is refused often", async || {
        stream.world.engine.retry_now(stream.id);
        stream.count_sent("odd-2") > 10
    })
    .await;
    stream.receiver.answer_bodies_with("odd", 429);
    let is_limited = |health: &StreamHealth| {
        matches!(
            health,
            StreamHealth::Retrying {
                trouble: Trouble::Unavailable(429),
                ..
            }
        )
    };
    wait_until("it fails in another way", async || {
        stream.world.engine.retry_now(stream.id);
        is_limited(&stream.health().await)
    })
    .await;
    stream.receiver.answer_bodies_with("odd", 422);
    let works_again = stream.wait_for("it is refused again", lacks_room);
    let waited = tokio::time::timeout(Duration::from_secs(20), works_again).await;
    assert!(waited.is_ok(), "{:?}", stream.health().await);
}

#[tokio::test]
async fn refused_events_are_retried_while_the_event_that_waits_fails() {
    let stream = NoRoom::new().await;
    stream.receiver.answer_bodies_with("head", 500);
    stream.post(&["head"]).await;
    stream.wait_for("it fails", is_down).await;
    stream.receiver.accept_bodies_with("odd");
    wait_until("the refused event is delivered", async || {
        stream.pass_time().await;
        stream.refused().await.is_empty()
    })
    .await;
}

#[tokio::test]
async fn room_for_one_event_does_not_end_the_trouble() {
    let stream = NoRoom::new().await;
    stream.post(&["odd-2", "odd-3", "odd-4"]).await;
    let began = since(&stream.wait_for("it waits for room", lacks_room).await);
    for refused in 2..4 {
        stream.pass_time().await;
        assert!(stream.discard(Seq::new(1_000_000_000 + refused)).await);
        wait_until("the next is moved aside", async || {
            stream.refused().await.len() == usize::try_from(refused).unwrap()
        })
        .await;
    }
    stream.wait_for("it waits for room again", lacks_room).await;
    let now = since(&stream.health().await);
    assert_eq!((now, stream.world.engine.stream_totals(stream.id).backoffs), (began, 1));
    // Where there is room for all of them, it is over.
    stream.pass_time().await;
    assert!(stream.discard(Seq::new(1_000_000_010)).await);
    stream
        .wait_for("nothing waits", |health| {
            !matches!(health, StreamHealth::Retrying { .. })
        })
        .await;
}

fn since(health: &StreamHealth) -> Option<Timestamp> {
    match health {
        StreamHealth::Retrying { since, .. } => Some(*since),
        _ => None,
    }
}

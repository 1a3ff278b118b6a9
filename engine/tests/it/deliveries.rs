//! What happened to an event at each destination, and sending it again.

use crate::{admin::AdminError, clock::Clock};
use domain::{
    Timestamp,
    destination::{FilterKind, StreamState},
    ids::{DestinationId, Seq},
    view::{DeliveryState, DeliveryView},
};
use receivers::Receiver;

use crate::it::world::{World, author, wait_until};

impl World {
    async fn delivery(&self, id: DestinationId, seq: Seq) -> DeliveryView {
        let deliveries = self.engine.list_deliveries(seq).await.unwrap();
        let of = deliveries.into_iter().find(|delivery| delivery.destination_id == id);
        of.unwrap()
    }

    /// The position of the event with this id.
    async fn seq_of(&self, id: &str) -> Seq {
        let events = self.engine.log().read_after(Seq::START, 1_000, 1 << 20).await.unwrap();
        events.iter().find(|event| event.id.as_str() == id).unwrap().seq
    }

    async fn wait_for_delivery(&self, id: DestinationId, seq: Seq, state: DeliveryState) -> DeliveryView {
        wait_until(&format!("it is {state:?}"), async || {
            self.delivery(id, seq).await.state == state
        })
        .await;
        self.delivery(id, seq).await
    }

    async fn post_one(&self, id: &str) -> Seq {
        self.post("1", [id.to_owned()]).await;
        self.seq_of(id).await
    }
}

#[tokio::test]
async fn an_event_is_delivered_waiting_refused_parked_or_discarded() {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
    receiver.answer_bodies_with("\"bad\"", 422);
    let before = world.post_one("before").await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let (good, bad) = (world.post_one("good").await, world.post_one("bad").await);
    let delivered = world.wait_for_delivery(id, good, DeliveryState::Delivered).await;
    assert!(delivered.can_send_again && delivered.reason.is_none());
    let early = world.delivery(id, before).await;
    assert_eq!(early.state, DeliveryState::BeforeStart);
    let retrying = world.wait_for_delivery(id, bad, DeliveryState::Retrying).await;
    assert!(retrying.reason.unwrap().contains("422") && retrying.next_try_at.is_some());
    world.park_what_is_refused(id).await;
    let parked = world.delivery(id, bad).await;
    assert_eq!((parked.state, parked.tries), (DeliveryState::Parked, Some(5)));
    assert!(parked.next_step.is_some_and(|step| !step.is_empty()));
    assert!(world.engine.discard_parked(&author(), id, bad).await.unwrap());
    assert_eq!(world.delivery(id, bad).await.state, DeliveryState::Discarded);

    let paused = StreamState {
        active: true,
        paused: true,
    };
    world.set_stream_state(id, paused).await;
    let later = world.post_one("later").await;
    let waiting = world.delivery(id, later).await;
    assert_eq!((waiting.state, waiting.can_send_again), (DeliveryState::Waiting, false));
    let missing = world.engine.list_deliveries(Seq::new(1_000_000)).await;
    assert_eq!(missing, Err(AdminError::NotFound));
}

#[tokio::test]
async fn what_is_not_sent_says_why_and_stays_known() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let off = StreamState {
        active: false,
        paused: false,
    };
    let first = world.post_one("first").await;
    world.wait_for_delivery(id, first, DeliveryState::Delivered).await;
    world.set_stream_state(id, off).await;
    let unsent = world.post_one("unsent").await;
    let inactive = world.delivery(id, unsent).await;
    assert_eq!(
        (inactive.state, inactive.can_send_again),
        (DeliveryState::Inactive, false)
    );
    world.set_stream_state(id, StreamState::default()).await;
    let second = world.post_one("second").await;
    world.wait_for_delivery(id, second, DeliveryState::Delivered).await;
    let still = world.delivery(id, unsent).await;
    assert_eq!((still.state, still.can_send_again), (DeliveryState::Inactive, true));

    world
        .edit(id, |edit| {
            edit.event_types = vec!["other".into()];
            edit.filter_kind = FilterKind::Allow;
        })
        .await;
    assert_eq!(world.delivery(id, first).await.state, DeliveryState::Unknown);
    let third = world.post_one("third").await;
    let filtered = world.delivery(id, third).await;
    assert_eq!(
        (filtered.state, filtered.can_send_again),
        (DeliveryState::FilteredOut, false)
    );
    let refused = world.engine.send_again(&author(), id, third).await.unwrap_err();
    assert!(refused.to_string().contains("filters"), "{refused}");
}

#[tokio::test]
async fn an_event_is_sent_to_one_destination_again_and_that_is_recorded() {
    let (world, receiver, other) = (World::new().await, Receiver::start().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let other_id = world.add_destination("Archive", &other.url()).await;
    let seq = world.post_one("precious").await;
    world.wait_for_delivery(id, seq, DeliveryState::Delivered).await;
    world.wait_for_delivery(other_id, seq, DeliveryState::Delivered).await;
    let times = |receiver: &Receiver| {
        let requests = receiver.requests();
        requests
            .iter()
            .filter(|request| request.text().contains("\"precious\""))
            .count()
    };
    assert_eq!((times(&receiver), times(&other)), (1, 1));
    world.engine.send_again(&author(), id, seq).await.unwrap();
    wait_until("it was sent again", async || times(&receiver) == 2).await;
    world.wait_for_delivery(id, seq, DeliveryState::Delivered).await;
    assert_eq!(times(&other), 1);
    wait_until("that is recorded", async || {
        let requests = receiver.requests();
        requests
            .iter()
            .any(|request| request.text().contains("audit_event_sent_again"))
    })
    .await;

    // A crash does not lose it.
    let paused = StreamState {
        active: true,
        paused: true,
    };
    world.set_stream_state(id, paused).await;
    world.engine.send_again(&author(), id, seq).await.unwrap();
    assert_eq!(world.delivery(id, seq).await.state, DeliveryState::Retrying);
    let world = world.crash().await;
    world.set_stream_state(id, StreamState::default()).await;
    wait_until("it was sent after the crash", async || times(&receiver) == 3).await;
    world.wait_for_delivery(id, seq, DeliveryState::Delivered).await;
    let nowhere = world.engine.send_again(&author(), DestinationId::new(99), seq).await;
    assert_eq!(nowhere, Err(AdminError::NotFound));
}

//! What one destination has received.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;

use crate::{
    history::Epochs,
    plan::{EventKey, Plan},
};

/// A stream may give up the order of an event after so many failures that only concern this event.
const FAILURES_OF_A_SUSPECT: u32 = 3;

/// So many wrong bodies are kept.
const KEPT: usize = 20;

/// Who sent an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The stream of the destination.
    Stream,
    /// A replay, which marks what it sends.
    Replay,
    /// The stream, at a place that does not show in which order events came.
    Unordered,
}

/// The deliveries of one event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// How often the stream delivered it.
    pub by_stream: u32,
    /// How often a replay delivered it.
    pub by_replay: u32,
    /// How often the receiver let a request of the stream with it fail.
    pub failed: u32,
    /// When a later event of its entity was accepted first, the stream could already give up its order, because enough requests with it
    /// had failed.
    pub was_suspected: bool,
    /// The receiver has rejected it: it may come later than others of its entity.
    pub was_rejected: bool,
}

impl Delivery {
    /// Whether the destination has it, no matter from where.
    pub const fn has_arrived(&self) -> bool {
        self.by_stream > 0 || self.by_replay > 0
    }
}

/// What has been received, and what was wrong with it.
#[derive(Default)]
pub(crate) struct Received {
    pub(crate) deliveries: HashMap<EventKey, Delivery>,
    newest: HashMap<(u32, u64), u64>,
    /// Events that the stream could not deliver yet, by entity.
    failing: HashMap<(u32, u64), BTreeSet<u64>>,
    /// First deliveries that came after a later event of the same entity, each with its epoch.
    pub(crate) late: Vec<(EventKey, u32)>,
    /// How many events had another body than the one that was posted, or can't be read.
    pub(crate) wrong: u64,
    /// The first of them.
    pub(crate) wrong_bodies: Vec<String>,
    /// Events that are not of this run.
    pub(crate) others: u64,
}

/// The record of one destination.
pub struct Witness {
    name: String,
    plan: Arc<Plan>,
    epochs: Arc<Epochs>,
    received: Mutex<Received>,
    arrived: watch::Sender<u64>,
}

#[derive(Deserialize)]
struct Head {
    id: Value,
}

impl Witness {
    pub(crate) fn new(name: &str, plan: Arc<Plan>, epochs: Arc<Epochs>) -> Self {
        Self {
            name: name.to_owned(),
            plan,
            epochs,
            received: Mutex::default(),
            arrived: watch::Sender::new(0),
        }
    }

    /// Name of the destination.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The destination has accepted this event.
    pub fn accept(&self, body: &str, origin: Origin) {
        let Some(key) = self.key_in(body) else {
            return;
        };
        let is_right = self.plan.event(key).body == body;
        self.accept_event(key, is_right.then_some(()).ok_or(body), origin);
    }

    /// The destination has accepted this event, parsed: for services that do not keep the bytes.
    pub fn accept_value(&self, body: &Value, origin: Origin) {
        let text = body.to_string();
        let Some(key) = self.key_of(body.get("id"), &text) else {
            return;
        };
        let posted: Option<Value> = serde_json::from_str(&self.plan.event(key).body).ok();
        let is_right = posted.as_ref() == Some(body);
        self.accept_event(key, is_right.then_some(()).ok_or(text.as_str()), origin);
    }

    fn accept_event(&self, key: EventKey, body: Result<(), &str>, origin: Origin) {
        let mut received = self.received();
        if let Err(wrong) = body {
            received.note_wrong(wrong);
        }
        let delivery = received.deliveries.entry(key).or_default();
        match origin {
            Origin::Replay => delivery.by_replay += 1,
            Origin::Unordered => delivery.by_stream += 1,
            Origin::Stream => {
                delivery.by_stream += 1;
                if delivery.by_stream == 1 {
                    received.note_order(key, self.epochs.now());
                }
            }
        }
        drop(received);
        self.arrived.send_modify(|count| *count += 1);
    }

    /// The receiver has let a request with this event fail. What happens to a replay does not concern the stream.
    pub fn fail(&self, body: &str, origin: Origin) {
        if origin != Origin::Replay
            && let Some(key) = self.key_in(body)
        {
            self.received().note_failure(key);
        }
    }

    /// The receiver has rejected this event.
    pub fn reject(&self, body: &str) {
        if let Some(key) = self.key_in(body) {
            self.received().deliveries.entry(key).or_default().was_rejected = true;
        }
    }

    /// The receiver got something that it can't split into events.
    pub fn note_unreadable(&self, what: &str) {
        self.received().note_wrong(what);
    }

    /// How many events were changed, or can't be read.
    pub fn wrong(&self) -> u64 {
        self.received().wrong
    }

    /// Those events that this one has, and the other one does not have.
    pub fn missing_from(&self, other: &Self) -> Vec<EventKey> {
        let received = self.received();
        let arrived = received
            .deliveries
            .iter()
            .filter(|(_, delivery)| delivery.has_arrived());
        let mut keys: Vec<EventKey> = arrived.map(|(key, _)| *key).collect();
        drop(received);
        keys.retain(|key| !other.delivery(*key).has_arrived());
        keys.sort_unstable();
        keys
    }

    /// The deliveries of an event.
    pub fn delivery(&self, key: EventKey) -> Delivery {
        self.received().deliveries.get(&key).copied().unwrap_or_default()
    }

    /// Those of the events that the stream has not delivered. A replay does not replace it: it could hide a loss.
    pub fn missing(&self, events: &mut Vec<EventKey>) {
        let received = self.received();
        events.retain(|key| {
            received
                .deliveries
                .get(key)
                .is_none_or(|delivery| delivery.by_stream == 0)
        });
    }

    /// Waits until something arrives, or this time is over. `seen` is what [`Witness::arrived`] returned before.
    pub async fn wait_for_more(&self, seen: u64, patience: Duration) -> bool {
        let mut arrived = self.arrived.subscribe();
        let more = arrived.wait_for(|count| *count > seen);
        tokio::time::timeout(patience, more)
            .await
            .is_ok_and(|more| more.is_ok())
    }

    /// How many events of this run have arrived, repeats included.
    pub fn arrived(&self) -> u64 {
        *self.arrived.borrow()
    }

    pub(crate) fn received(&self) -> MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key_in(&self, body: &str) -> Option<EventKey> {
        let head: Option<Head> = serde_json::from_str(body).ok();
        self.key_of(head.as_ref().map(|head| &head.id), body)
    }

    /// What has no id, or a damaged id of this run, is wrong. Events with other ids are not of this run.
    fn key_of(&self, id: Option<&Value>, body: &str) -> Option<EventKey> {
        let id = id.and_then(Value::as_str);
        let key = id.and_then(|id| self.plan.key_of(id));
        if key.is_none() {
            let mut received = self.received();
            match id.is_some_and(|id| !self.plan.is_of_run(id)) {
                true => received.others += 1,
                false => received.note_wrong(body),
            }
        }
        key
    }
}

impl Received {
    fn note_wrong(&mut self, body: &str) {
        self.wrong += 1;
        if self.wrong_bodies.len() < KEPT {
            self.wrong_bodies.push(body.to_owned());
        }
    }

    fn note_failure(&mut self, key: EventKey) {
        let delivery = self.deliveries.entry(key).or_default();
        delivery.failed += 1;
        let entity = (key.producer, Plan::entity_of(key));
        let is_late = self.newest.get(&entity).is_some_and(|newest| *newest > key.number + 1);
        if delivery.by_stream == 0 && !is_late {
            self.failing.entry(entity).or_default().insert(key.number);
        }
    }

    /// Failures count until a later event of the entity is accepted: what fails afterwards does not explain that.
    fn note_suspects(&mut self, accepted: EventKey) {
        let entity = (accepted.producer, Plan::entity_of(accepted));
        let Some(failing) = self.failing.get_mut(&entity) else {
            return;
        };
        let left = failing.split_off(&accepted.number);
        for number in std::mem::replace(failing, left) {
            let producer = accepted.producer;
            let earlier = self.deliveries.entry(EventKey { producer, number }).or_default();
            earlier.was_suspected = earlier.by_stream == 0 && earlier.failed >= FAILURES_OF_A_SUSPECT;
        }
        failing.remove(&accepted.number);
    }

    fn note_order(&mut self, key: EventKey, epoch: u32) {
        self.note_suspects(key);
        let newest = self.newest.entry((key.producer, Plan::entity_of(key))).or_default();
        // One more than the number, so that 0 means none.
        if *newest > key.number + 1 {
            self.late.push((key, epoch));
        }
        *newest = (*newest).max(key.number + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn witness() -> (Arc<Plan>, Witness) {
        let plan = Arc::new(Plan::new("r", 0, 1, "drill", &["a"]));
        (Arc::clone(&plan), Witness::new("SIEM", plan, Arc::default()))
    }

    fn key(number: u64) -> EventKey {
        EventKey { producer: 0, number }
    }

    #[test]
    fn repeats_are_counted_by_origin() {
        let (plan, witness) = witness();
        let body = plan.event(key(3)).body;
        for origin in [Origin::Stream, Origin::Replay, Origin::Stream] {
            witness.accept(&body, origin);
        }
        let delivery = witness.delivery(key(3));
        assert_eq!((delivery.by_stream, delivery.by_replay), (2, 1));
        assert_eq!(witness.arrived(), 3);
        assert!(!witness.delivery(key(4)).has_arrived());
    }

    #[test]
    fn what_only_a_replay_has_sent_is_missing() {
        let (plan, witness) = witness();
        let missing = || {
            let mut keys = vec![key(3)];
            witness.missing(&mut keys);
            keys
        };
        witness.accept(&plan.event(key(3)).body, Origin::Replay);
        assert_eq!(missing(), [key(3)]);
        witness.accept(&plan.event(key(3)).body, Origin::Stream);
        assert_eq!(missing(), []);
    }

    #[test]
    fn what_a_second_look_does_not_find_is_missing_from_it() {
        let (plan, witness) = witness();
        let again = Witness::new("SIEM", Arc::clone(&plan), Arc::default());
        for number in [0, 1] {
            witness.accept(&plan.event(key(number)).body, Origin::Unordered);
        }
        again.accept(&plan.event(key(1)).body, Origin::Unordered);
        assert_eq!(witness.missing_from(&again), [key(0)]);
    }

    #[test]
    fn a_later_event_of_the_same_entity_makes_an_earlier_one_late() {
        let (plan, witness) = witness();
        // 0, 5 and 10 are of one entity, 1 of another one; a replay and a repeat change no order.
        witness.accept(&plan.event(key(10)).body, Origin::Replay);
        for number in [0, 5, 1, 0, 10] {
            witness.accept(&plan.event(key(number)).body, Origin::Stream);
        }
        assert_eq!(witness.received().late, []);
        witness.accept(&plan.event(key(20)).body, Origin::Stream);
        witness.accept(&plan.event(key(15)).body, Origin::Stream);
        assert_eq!(witness.received().late, [(key(15), 0)]);
    }

    #[test]
    fn every_byte_of_a_body_counts_and_foreign_events_do_not() {
        let (plan, witness) = witness();
        let right = plan.event(key(0)).body;
        witness.accept(&right.replace("192.0.2.1", "192.0.2.2"), Origin::Stream);
        witness.accept(r#"{"id":"other"}"#, Origin::Stream);
        // Damaged: no JSON, no id, an id that this run does not use.
        for damaged in ["{", r#"{"i":"r-0-0"}"#, r#"{"id":1}"#, r#"{"id":"r-0-0x"}"#] {
            witness.accept(damaged, Origin::Stream);
        }
        witness.accept_value(&serde_json::from_str(&right).unwrap(), Origin::Stream);
        let received = witness.received();
        assert_eq!((received.wrong, received.others, received.deliveries.len()), (5, 1, 1));
    }

    #[test]
    fn failures_are_not_deliveries() {
        let (plan, witness) = witness();
        let body = plan.event(key(0)).body;
        witness.fail(&body, Origin::Stream);
        witness.fail(&body, Origin::Replay);
        witness.reject(&body);
        let delivery = witness.delivery(key(0));
        assert!(delivery.was_rejected && delivery.failed == 1 && !delivery.has_arrived());
    }

    #[test]
    fn only_failures_before_a_later_event_make_a_suspect() {
        let (plan, witness) = witness();
        // 0, 5, 10, 15 and 20 are of one entity.
        let fail = |number, times| {
            for _ in 0..times {
                witness.fail(&plan.event(key(number)).body, Origin::Stream);
            }
        };
        fail(0, FAILURES_OF_A_SUSPECT);
        fail(5, FAILURES_OF_A_SUSPECT - 1);
        fail(15, FAILURES_OF_A_SUSPECT);
        witness.accept(&plan.event(key(10)).body, Origin::Stream);
        fail(5, FAILURES_OF_A_SUSPECT);
        witness.accept(&plan.event(key(20)).body, Origin::Stream);
        let suspected = [0, 5, 10, 15, 20].map(|number| witness.delivery(key(number)).was_suspected);
        assert_eq!(suspected, [true, false, false, true, false]);
    }
}

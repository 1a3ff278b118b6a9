//! What must have arrived: every acknowledged event, at every destination that admits it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::{
    history::{Epochs, History, Rule, Settled, Span},
    plan::{EventKey, Plan},
    witness::{Delivery, Witness},
};

/// One acknowledged event.
#[derive(Clone, Copy, Debug)]
struct Obligation {
    span: Span,
    /// Since the start of the run.
    acknowledged_after: Duration,
}

#[derive(Default)]
struct Answers {
    /// By producer and number.
    obligations: Vec<Vec<Obligation>>,
    last: Option<Instant>,
    longest_silence: Duration,
    conflicts: u64,
    /// Posted and not acknowledged, of all producers.
    in_doubt: usize,
    /// Requests that the server, or something before it, rejected with a status that is not temporary.
    rejections: u64,
    /// The last of them.
    rejection: Option<String>,
    /// Why the last request had no answer.
    unanswered: Option<String>,
}

/// Collects acknowledgements, and compares them with what was received.
pub struct Oracle {
    plan: Arc<Plan>,
    epochs: Arc<Epochs>,
    started: Instant,
    answers: Mutex<Answers>,
    acknowledged: watch::Sender<u64>,
}

/// The result for one destination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Name of the destination.
    pub name: String,
    /// Acknowledged events that it must have.
    pub required: u64,
    /// Those of them that it has.
    pub delivered: u64,
    /// Those of them that it does not have.
    pub missing: Vec<EventKey>,
    /// Events that it has although no filter admitted them.
    pub unwanted: Vec<EventKey>,
    /// Events that came after a later one of the same entity, without a reason.
    pub out_of_order: Vec<EventKey>,
    /// Events that came later for a documented reason: rejected, suspected, or not admitted by one of the filters.
    pub late_with_reason: u64,
    /// Deliveries of an event that had already arrived, without those of replays.
    pub repeats: u64,
    /// Deliveries by replays.
    pub replayed: u64,
    /// Events with another body than the one that was posted.
    pub wrong_bodies: u64,
    /// The first of these bodies.
    pub wrong_body: Option<String>,
}

impl Verdict {
    /// Whether a promise is broken.
    pub fn is_broken(&self) -> bool {
        !self.missing.is_empty() || !self.unwanted.is_empty() || !self.out_of_order.is_empty() || self.wrong_bodies > 0
    }
}

impl Oracle {
    /// Nothing acknowledged yet.
    pub fn new(plan: Arc<Plan>) -> Self {
        Self {
            plan,
            epochs: Arc::default(),
            started: Instant::now(),
            answers: Mutex::default(),
            acknowledged: watch::Sender::new(0),
        }
    }

    /// The events of the run.
    pub const fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The rules of a destination, which start with this one.
    pub fn history(&self, rule: Rule) -> History {
        History::new(Arc::clone(&self.epochs), rule)
    }

    /// The record of a destination.
    pub fn witness(&self, name: &str) -> Witness {
        Witness::new(name, Arc::clone(&self.plan), Arc::clone(&self.epochs))
    }

    /// The current epoch: to be read before an event is posted for the first time.
    pub fn epoch(&self) -> u32 {
        self.epochs.now()
    }

    /// Posting begins, or begins again: the time until now does not count as silence.
    pub fn begin_posting(&self) {
        self.answers().last = Some(Instant::now());
    }

    /// A producer is about to post so many events for the first time.
    pub(crate) fn begin_post(&self, events: usize) {
        self.answers().in_doubt += events;
    }

    /// How many events were posted and not acknowledged.
    pub fn in_doubt(&self) -> usize {
        self.answers().in_doubt
    }

    /// A request with events was rejected with a status that is not temporary.
    pub(crate) fn note_rejection(&self, problem: String) {
        let mut answers = self.answers();
        answers.rejections += 1;
        answers.rejection = Some(problem);
    }

    /// How many requests were rejected so, and the last answer.
    pub fn rejections(&self) -> (u64, Option<String>) {
        let answers = self.answers();
        (answers.rejections, answers.rejection.clone())
    }

    /// A request with events had no answer.
    pub(crate) fn note_unanswered(&self, why: String) {
        self.answers().unanswered = Some(why);
    }

    /// Why the last request without an answer had none.
    pub fn unanswered(&self) -> Option<String> {
        self.answers().unanswered.clone()
    }

    /// The server has answered `201` for the next events of a producer, which were first posted in this epoch.
    pub fn acknowledge(&self, producer: u32, events: usize, first_epoch: u32) {
        let mut answers = self.answers();
        answers.note_answer();
        answers.in_doubt = answers.in_doubt.saturating_sub(events);
        let obligation = Obligation {
            span: Span {
                first: first_epoch,
                last: self.epoch(),
            },
            acknowledged_after: self.started.elapsed(),
        };
        let index = usize::try_from(producer).unwrap_or(usize::MAX);
        while answers.obligations.len() <= index {
            answers.obligations.push(Vec::new());
        }
        if let Some(of_producer) = answers.obligations.get_mut(index) {
            of_producer.extend(std::iter::repeat_n(obligation, events));
        }
        drop(answers);
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        self.acknowledged.send_modify(|count| *count += events);
    }

    /// The server has answered that an event conflicts with another one, which can't be.
    pub fn note_conflicts(&self, count: u64) {
        self.answers().conflicts += count;
    }

    /// How many events the server has called conflicting.
    pub fn conflicts(&self) -> u64 {
        self.answers().conflicts
    }

    /// Ends posting: the time since the last answer counts as silence.
    pub fn end_posting(&self) {
        let mut answers = self.answers();
        answers.note_answer();
        answers.last = None;
    }

    /// The longest time between two answers while events were posted.
    pub fn longest_silence(&self) -> Duration {
        self.answers().longest_silence
    }

    /// How many events have been acknowledged.
    pub fn acknowledged(&self) -> u64 {
        *self.acknowledged.borrow()
    }

    /// The number of the newest acknowledged event of the producer that posted last.
    pub fn newest_number(&self) -> u64 {
        let answers = self.answers();
        let last = answers.obligations.last().map_or(0, Vec::len);
        count(last).saturating_sub(1)
    }

    /// Waits until so many events have been acknowledged. Returns whether they were in this time.
    pub async fn wait_for(&self, count: u64, patience: Duration) -> bool {
        let mut acknowledged = self.acknowledged.subscribe();
        let enough = acknowledged.wait_for(|acknowledged| *acknowledged >= count);
        tokio::time::timeout(patience, enough)
            .await
            .is_ok_and(|enough| enough.is_ok())
    }

    /// When an event was acknowledged, since the start of the run.
    pub fn acknowledged_after(&self, key: EventKey) -> Option<Duration> {
        let answers = self.answers();
        answers.get(key).map(|obligation| obligation.acknowledged_after)
    }

    /// Acknowledged events that the destination must have and does not have.
    pub fn missing(&self, witness: &Witness, history: &History) -> Vec<EventKey> {
        let mut missing = self.required(history);
        witness.missing(&mut missing);
        missing
    }

    /// Fixes the obligations of the producers below this number, with the rules until now. To be called when nothing is missing.
    pub fn settle(&self, history: &History, producers: u32) {
        let mut required = self.required(history);
        required.retain(|key| key.producer < producers);
        history.settle(Settled {
            producers,
            required: history.settled().required + count(required.len()),
        });
    }

    /// Compares everything.
    pub fn judge(&self, witness: &Witness, history: &History) -> Verdict {
        let mut verdict = Verdict {
            name: witness.name().to_owned(),
            ..Verdict::default()
        };
        let required = self.required(history);
        verdict.required = history.settled().required + count(required.len());
        verdict.missing = required;
        witness.missing(&mut verdict.missing);
        verdict.delivered = verdict.required - count(verdict.missing.len());
        let received = witness.received();
        for (key, delivery) in &received.deliveries {
            verdict.repeats += u64::from(delivery.by_stream.saturating_sub(1));
            verdict.replayed += u64::from(delivery.by_replay);
            if self.is_unwanted(*key, delivery, history) {
                verdict.unwanted.push(*key);
            }
        }
        for (key, epoch) in &received.late {
            let delivery = received.deliveries.get(key).copied().unwrap_or_default();
            if may_be_late(&delivery) || !self.is_required_until(*key, history, *epoch) {
                verdict.late_with_reason += 1;
            } else {
                verdict.out_of_order.push(*key);
            }
        }
        verdict.wrong_bodies = received.wrong;
        verdict.wrong_body = received.wrong_bodies.first().cloned();
        verdict
    }

    fn required(&self, history: &History) -> Vec<EventKey> {
        let answers = self.answers();
        let mut required = Vec::new();
        let settled = history.settled().producers;
        let producers = (0..).zip(&answers.obligations);
        for (producer, of_producer) in producers.filter(|(producer, _)| *producer >= settled) {
            for (number, obligation) in (0..).zip(of_producer) {
                let key = EventKey { producer, number };
                if history.requires(&self.plan.traits_of(key), obligation.span) {
                    required.push(key);
                }
            }
        }
        required
    }

    /// With the rules until the epoch in which the event arrived: later changes do not explain why it was late.
    fn is_required_until(&self, key: EventKey, history: &History, epoch: u32) -> bool {
        let span = self.answers().get(key).map(|obligation| obligation.span);
        span.is_some_and(|span| history.required_until(&self.plan.traits_of(key), span, epoch))
    }

    /// Only of acknowledged events it is known when they were posted.
    fn is_unwanted(&self, key: EventKey, delivery: &Delivery, history: &History) -> bool {
        let span = self.answers().get(key).map(|obligation| obligation.span);
        span.is_some_and(|span| {
            (delivery.has_arrived() && history.forbids(&self.plan.traits_of(key), span))
                || (delivery.by_stream > 0 && history.was_inactive(span))
        })
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answers {
    fn get(&self, key: EventKey) -> Option<&Obligation> {
        let of_producer = self.obligations.get(usize::try_from(key.producer).ok()?)?;
        of_producer.get(usize::try_from(key.number).ok()?)
    }

    fn note_answer(&mut self) {
        let now = Instant::now();
        let silence = self.last.map_or(Duration::ZERO, |last| now.duration_since(last));
        self.longest_silence = self.longest_silence.max(silence);
        self.last = Some(now);
    }
}

const fn may_be_late(delivery: &Delivery) -> bool {
    delivery.was_rejected || delivery.was_suspected
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{history::Filter, witness::Origin};

    const ALL: Rule = Rule {
        filter: Filter::All,
        is_active: true,
    };

    fn oracle() -> (Oracle, Witness) {
        let plan = Arc::new(Plan::new("r", 0, 1, "drill", &["a", "b"]));
        let oracle = Oracle::new(plan);
        let witness = oracle.witness("SIEM");
        (oracle, witness)
    }

    fn key(number: u64) -> EventKey {
        EventKey { producer: 1, number }
    }

    fn deliver(oracle: &Oracle, witness: &Witness, numbers: impl IntoIterator<Item = u64>) {
        for number in numbers {
            witness.accept(&oracle.plan().event(key(number)).body, Origin::Stream);
        }
    }

    #[test]
    fn an_event_is_required_only_after_its_acknowledgement() {
        let (oracle, witness) = oracle();
        let history = oracle.history(ALL);
        assert_eq!(oracle.judge(&witness, &history).required, 0);
        oracle.acknowledge(1, 3, oracle.epoch());
        deliver(&oracle, &witness, [0, 2, 3]);
        let verdict = oracle.judge(&witness, &history);
        assert_eq!((verdict.required, verdict.delivered), (3, 2));
        assert_eq!(verdict.missing, [key(1)]);
        assert!(verdict.is_broken());
        deliver(&oracle, &witness, [1]);
        assert!(!oracle.judge(&witness, &history).is_broken());
        assert_eq!(oracle.acknowledged(), 3);
    }

    #[test]
    fn what_no_filter_admits_is_unwanted() {
        let (oracle, witness) = oracle();
        let history = oracle.history(Rule {
            filter: Filter::Types(vec!["a".to_owned()]),
            is_active: true,
        });
        oracle.acknowledge(1, 40, oracle.epoch());
        deliver(&oracle, &witness, 0..40);
        let verdict = oracle.judge(&witness, &history);
        let is_b = |number: &u64| oracle.plan().traits_of(key(*number)).event_type == "b";
        assert_eq!(count(verdict.unwanted.len()), count((0..40).filter(is_b).count()));
        assert!(verdict.missing.is_empty() && verdict.is_broken());
    }

    #[test]
    fn only_events_that_the_receiver_did_not_let_wait_are_out_of_order() {
        let (oracle, witness) = oracle();
        let history = oracle.history(ALL);
        oracle.acknowledge(1, 30, oracle.epoch());
        let body = |number| oracle.plan().event(key(number)).body;
        witness.reject(&body(0));
        for _ in 0..3 {
            witness.fail(&body(5), Origin::Stream);
        }
        witness.fail(&body(10), Origin::Stream);
        deliver(&oracle, &witness, [25, 0, 5, 10]);
        let verdict = oracle.judge(&witness, &history);
        assert_eq!((verdict.late_with_reason, verdict.out_of_order), (2, vec![key(10)]));
    }

    #[test]
    fn a_later_filter_excuses_no_disorder_and_no_settled_obligation() {
        let (oracle, witness) = oracle();
        let history = oracle.history(ALL);
        oracle.acknowledge(1, 10, oracle.epoch());
        deliver(&oracle, &witness, (1..10).chain([0]));
        oracle.settle(&history, 2);
        history.begin(Rule {
            filter: Filter::Types(Vec::new()),
            is_active: true,
        });
        history.answered();
        let verdict = oracle.judge(&witness, &history);
        assert_eq!((verdict.required, verdict.delivered), (10, 10));
        assert_eq!((verdict.late_with_reason, verdict.out_of_order), (0, vec![key(0)]));
    }

    #[test]
    fn what_the_stream_sends_of_an_inactive_time_is_unwanted() {
        let (oracle, witness) = oracle();
        let inactive = Rule {
            filter: Filter::All,
            is_active: false,
        };
        let history = oracle.history(inactive);
        oracle.acknowledge(1, 2, oracle.epoch());
        witness.accept(&oracle.plan().event(key(0)).body, Origin::Replay);
        assert_eq!(oracle.judge(&witness, &history).unwanted, []);
        deliver(&oracle, &witness, [1]);
        assert_eq!(oracle.judge(&witness, &history).unwanted, [key(1)]);
    }

    #[test]
    fn the_longest_silence_includes_the_last_one() {
        let (oracle, _) = oracle();
        oracle.begin_posting();
        let begun = Instant::now();
        while Instant::now() == begun {}
        oracle.end_posting();
        assert!(oracle.longest_silence() > Duration::ZERO);
    }
}

//! Events that the destination refused one by one: when each is tried again, and when it is parked.
//!
//! No more than [`REFUSED_LIMIT`] are kept for a destination, and no more than take up its [`share`] of the log, with everything
//! that the log's size limit counts of them: bodies, reasons and responses. When there are as many, an event that is refused stays
//! at the head of its queue, and the stream backs off; those that are kept are still retried and parked.

use std::collections::{BTreeSet, HashMap};

use domain::{
    Timestamp,
    ids::Seq,
    policy::{Refusal, RefusalStep, RequestNumber},
};

use crate::{
    log::LoggedEvent,
    sink::Report,
    store::{DueEvent, KEPT_ANSWERS, RefusedEvent, TextBytes},
};

/// Refused events of one destination, retried or parked, beyond which no more are moved aside. With their bodies of about a
/// kilobyte they take up a hundredth of the room that the log has by default; and at one refused event a second, it takes a day
/// until the stream backs off, in which administrators have been notified several times.
pub(super) const REFUSED_LIMIT: u64 = 100_000;

/// The part of the log's size that refused events may take up, of all destinations together: one of this many parts.
const PART_OF_THE_LOG: u64 = 4;

/// What a refused event takes up beside its body and its texts: its rows in log and store, and its entries in the indexes.
const ENTRY_BYTES: u64 = 500;

/// What the refused events of one destination may take up. Every destination has an equal share, so that together they leave most
/// of the log to other events.
pub(super) fn share(log_size: u64, destinations: u64) -> u64 {
    log_size / PART_OF_THE_LOG / destinations.max(1)
}

/// The refused events that are still tried. A copy of what the store holds, changed together with it.
#[derive(Default)]
pub(super) struct Refusals {
    known: HashMap<Seq, Known>,
    /// How large they are; including parked ones, and those that are due so late that they are not known here.
    sizes: HashMap<Seq, Size>,
    /// The sum of that.
    total: Size,
    /// The length of the longest response so far.
    longest_response: u64,
    /// Those that are not out, the next one due first.
    schedule: BTreeSet<(Timestamp, Seq)>,
    /// The one that is being tried at the moment.
    out: Option<Seq>,
    /// Tries that failed in a way that may be the fault of the destination, each with its request: they count once another
    /// event is accepted.
    unproven: HashMap<Seq, (RequestNumber, Report)>,
}

/// What is kept of one event, or of all.
#[derive(Clone, Copy, Default)]
struct Size {
    body: u64,
    texts: TextBytes,
}

#[derive(Clone, Copy)]
struct Known {
    /// Tries so far.
    tries: u32,
    due_at: Timestamp,
    /// The same as the store has it, where tries that do not count are not noted.
    stored_due_at: Timestamp,
}

impl Refusals {
    /// Takes over what the store holds. The event that is out stays out, and what is unchanged in the store stays as it is known
    /// here, with tries that do not count yet.
    pub(super) fn load(&mut self, stored: &[DueEvent]) {
        let before = std::mem::take(&mut self.known);
        let mut unproven = std::mem::take(&mut self.unproven);
        self.schedule.clear();
        for event in stored {
            let known = before.get(&event.seq);
            let known = known.filter(|known| known.tries == event.tries && known.stored_due_at == event.due_at);
            self.insert(
                event.seq,
                known.copied().unwrap_or(Known {
                    tries: event.tries,
                    due_at: event.due_at,
                    stored_due_at: event.due_at,
                }),
            );
            if let Some(failure) = known.and_then(|_| unproven.remove(&event.seq)) {
                self.unproven.insert(event.seq, failure);
            }
        }
    }

    fn insert(&mut self, seq: Seq, known: Known) {
        self.known.insert(seq, known);
        if self.out != Some(seq) {
            self.schedule.insert((known.due_at, seq));
        }
    }

    /// How many there are, including parked ones.
    pub(super) fn count(&self) -> u64 {
        u64::try_from(self.sizes.len()).unwrap_or(u64::MAX)
    }

    /// Of these events, those whose bodies were not measured.
    pub(super) fn unmeasured(&self, events: &HashMap<Seq, TextBytes>) -> Vec<Seq> {
        let unmeasured = events.keys().filter(|seq| !self.sizes.contains_key(seq));
        unmeasured.copied().collect()
    }

    /// Only these events are refused or parked, with texts of these sizes. `bodies` are those that were not measured before.
    pub(super) fn measured(&mut self, events: &HashMap<Seq, TextBytes>, bodies: Vec<(Seq, u64)>) {
        let mut bodies: HashMap<Seq, u64> = bodies.into_iter().collect();
        let before = std::mem::take(&mut self.sizes);
        self.total = Size::default();
        for (seq, texts) in events {
            let known = before.get(seq).map(|size| size.body);
            let body = bodies.remove(seq).or(known).unwrap_or(0);
            self.set_size(*seq, Size { body, texts: *texts });
        }
    }

    /// An event is about to be moved aside, or parked.
    pub(super) fn keep(&mut self, event: &LoggedEvent) {
        let texts = self
            .sizes
            .get(&event.seq)
            .map_or_else(TextBytes::default, |size| size.texts);
        let body = u64::try_from(event.body.len()).unwrap_or(u64::MAX);
        self.set_size(event.seq, Size { body, texts });
    }

    /// The texts of a row that is about to be stored.
    fn keep_texts(&mut self, row: &RefusedEvent) {
        let body = self.sizes.get(&row.seq).map_or(0, |size| size.body);
        let texts = TextBytes::of(row);
        self.set_size(row.seq, Size { body, texts });
    }

    fn set_size(&mut self, seq: Seq, size: Size) {
        let before = self.sizes.insert(seq, size);
        self.total.add(size);
        self.total.subtract(before.unwrap_or_default());
        self.longest_response = self.longest_response.max(size.texts.response);
    }

    /// Whether no other event may be moved aside, where all of them may take up `share` bytes.
    pub(super) fn is_full(&self, share: u64) -> bool {
        self.count() >= REFUSED_LIMIT || self.bytes() >= share
    }

    /// What all of them take up, at most.
    fn bytes(&self) -> u64 {
        // Between two measurements it is not known here which responses are no longer kept.
        let most_responses = KEPT_ANSWERS.saturating_mul(self.longest_response);
        let entries = self.count().saturating_mul(ENTRY_BYTES);
        let texts = self.total.texts;
        let responses = texts.response.min(most_responses);
        [self.total.body, texts.reason, responses]
            .into_iter()
            .fold(entries, u64::saturating_add)
    }

    /// Takes over one row: due again, or parked and so no longer tried.
    pub(super) fn put(&mut self, seq: Seq, tries: u32, due_at: Option<Timestamp>) {
        self.forget(seq);
        let Some(due_at) = due_at else { return };
        self.insert(
            seq,
            Known {
                tries,
                due_at,
                stored_due_at: due_at,
            },
        );
    }

    /// When the next one is due; `None` while one is being sent, because they are sent one at a time.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        if self.out.is_some() {
            return None;
        }
        self.schedule.first().map(|(due_at, _)| *due_at)
    }

    /// Gives out the event that has been due longest, if any is and none is out.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<Seq> {
        self.next_due().filter(|due_at| *due_at <= now)?;
        let (_, seq) = self.schedule.pop_first()?;
        self.unproven.remove(&seq);
        self.out = Some(seq);
        Some(seq)
    }

    /// The event given out is to be tried again at `due_at`, without counting this try.
    pub(super) fn put_back(&mut self, seq: Seq, due_at: Timestamp) {
        self.out = None;
        if let Some(known) = self.known.get_mut(&seq) {
            known.due_at = due_at;
            self.schedule.insert((due_at, seq));
        }
    }

    /// A try of the event failed as it would if the destination were down. Until something else is accepted it is tried again as
    /// after its last refusal, and the try does not count.
    pub(super) fn fail(&mut self, seq: Seq, request: RequestNumber, report: &Report, now: Timestamp) {
        let tries = self.known.get(&seq).map_or(1, |known| known.tries);
        let pause = match Refusal::Blamed.step(tries) {
            RefusalStep::TryAgainAfter(pause) => pause,
            RefusalStep::Park => std::time::Duration::ZERO,
        };
        self.put_back(seq, now.plus(pause));
        self.unproven.insert(seq, (request, report.clone()));
    }

    /// A request was accepted: what failed before it was sent was the fault of the event. Returns the rows to store.
    pub(super) fn accept(&mut self, request: RequestNumber, now: Timestamp) -> Vec<RefusedEvent> {
        if self.unproven.is_empty() {
            return Vec::new();
        }
        let proven = self.unproven.extract_if(|_, (failed, _)| *failed < request);
        let proven: Vec<_> = proven.collect();
        let refused = proven.into_iter();
        refused
            .map(|(seq, (_, report))| self.refuse(seq, Refusal::Blamed, &report, now).again())
            .collect()
    }

    /// The destination is in trouble: what failed lately may have failed for that.
    pub(super) fn forgive(&mut self) {
        self.unproven.clear();
    }

    /// The event was accepted, or is not to be tried any more.
    pub(super) fn remove(&mut self, seq: Seq) {
        self.total.subtract(self.sizes.remove(&seq).unwrap_or_default());
        self.end_try(seq);
    }

    fn end_try(&mut self, seq: Seq) {
        self.out = self.out.filter(|out| *out != seq);
        self.forget(seq);
    }

    /// One more refusal of an event that is kept. Returns the row to store, as that of a first refusal: due again, or parked.
    pub(super) fn refuse(&mut self, seq: Seq, refusal: Refusal, report: &Report, now: Timestamp) -> RefusedEvent {
        let known = self.known.get(&seq);
        let tries = known.map_or(0, |known| known.tries).saturating_add(1);
        let due_at = match refusal.step(tries) {
            RefusalStep::TryAgainAfter(pause) => Some(now.plus(pause)),
            RefusalStep::Park => None,
        };
        let (reason, response) = (report.reason.clone(), report.response.clone());
        let row = RefusedEvent {
            seq,
            tries,
            reason,
            response,
            refusal,
            refused_at: now,
            due_at,
            is_first: true,
        };
        self.end_try(seq);
        self.put(row.seq, row.tries, row.due_at);
        self.keep_texts(&row);
        row
    }

    /// An administrator has an event parked that was not refused before. Returns the row to store.
    pub(super) fn park(&mut self, event: &LoggedEvent, tries: u32, report: &Report, now: Timestamp) -> RefusedEvent {
        self.keep(event);
        let reason = format!("{} Parked by an administrator.", report.reason);
        let refusal = Refusal::ParkedByAdministrator;
        let row = parked_row(event.seq, tries, refusal, reason, report.response.clone(), now);
        self.keep_texts(&row);
        row
    }

    /// The event given out can't be read from the log any more. Returns the row to store: parked, with that as its reason.
    pub(super) fn park_unreadable(&mut self, seq: Seq, reason: &str, now: Timestamp) -> RefusedEvent {
        let tries = self.known.get(&seq).map_or(1, |known| known.tries);
        self.end_try(seq);
        let row = parked_row(seq, tries, Refusal::Unreadable, reason.to_owned(), String::new(), now).again();
        self.keep_texts(&row);
        row
    }

    fn forget(&mut self, seq: Seq) {
        self.unproven.remove(&seq);
        if let Some(known) = self.known.remove(&seq) {
            self.schedule.remove(&(known.due_at, seq));
        }
    }
}

/// What is stored of an event that is parked.
pub(super) const fn parked_row(
    seq: Seq,
    tries: u32,
    refusal: Refusal,
    reason: String,
    response: String,
    now: Timestamp,
) -> RefusedEvent {
    RefusedEvent {
        seq,
        tries,
        reason,
        response,
        refusal,
        refused_at: now,
        due_at: None,
        is_first: true,
    }
}

impl Size {
    fn add(&mut self, other: Self) {
        self.change(other, u64::saturating_add);
    }

    fn subtract(&mut self, other: Self) {
        self.change(other, u64::saturating_sub);
    }

    fn change(&mut self, other: Self, change: impl Fn(u64, u64) -> u64) {
        self.body = change(self.body, other.body);
        self.texts.reason = change(self.texts.reason, other.texts.reason);
        self.texts.response = change(self.texts.response, other.texts.response);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::{
        event::{EventId, EventType},
        policy::Outcome,
    };
    use proptest::prelude::*;

    use super::*;

    fn report() -> Report {
        let outcome = Outcome::Answered {
            status: 422,
            retry_after: None,
        };
        Report {
            outcome,
            reason: "Answered 422.".into(),
            response: "no".into(),
            duration: Duration::ZERO,
        }
    }

    #[test]
    fn a_refused_event_is_tried_five_times_then_parked() {
        let mut refusals = Refusals::default();
        let (seq, mut now) = (Seq::new(7), Timestamp::from_unix_ms(0));
        let mut row = refusals.refuse(seq, Refusal::Status(422), &report(), now);
        while let Some(due_at) = row.due_at {
            assert_eq!(
                refusals.take_due(Timestamp::from_unix_ms(due_at.unix_ms() - 1)),
                None,
                "not before it is due"
            );
            now = due_at;
            assert_eq!(refusals.take_due(now), Some(seq));
            assert_eq!(refusals.take_due(now), None, "one at a time");
            row = refusals.refuse(seq, Refusal::Status(422), &report(), now);
        }
        assert_eq!((row.tries, now.unix_ms()), (5, 600_000));
        assert_eq!(refusals.next_due(), None);
    }

    fn event(seq: i64, body: usize) -> LoggedEvent {
        LoggedEvent {
            seq: Seq::new(seq),
            source: "tests".into(),
            id: EventId::parse("1").unwrap(),
            event_type: EventType::parse("test").unwrap(),
            entity_type: String::new(),
            entity_id: String::new(),
            entity_path: String::new(),
            created_at: Timestamp::from_unix_ms(0),
            received_at: Timestamp::from_unix_ms(0),
            body: vec![b' '; body].into(),
        }
    }

    /// Events with bodies of 10 bytes and texts of 10 bytes.
    fn stored(count: u64) -> (HashMap<Seq, TextBytes>, Vec<(Seq, u64)>) {
        let seqs = (0..count).map(|number| Seq::new(1_000_000 + i64::try_from(number).unwrap()));
        let texts = TextBytes { reason: 8, response: 2 };
        let events: HashMap<Seq, TextBytes> = seqs.map(|seq| (seq, texts)).collect();
        let sizes = events.keys().map(|seq| (*seq, 10)).collect();
        (events, sizes)
    }

    #[test]
    fn no_more_events_are_moved_aside_than_the_limit() {
        let mut refusals = Refusals::default();
        let now = Timestamp::from_unix_ms(0);
        let (seqs, sizes) = stored(REFUSED_LIMIT - 1);
        refusals.measured(&seqs, sizes);
        assert!(!refusals.is_full(u64::MAX));
        refusals.keep(&event(1, 10));
        let row = refusals.refuse(Seq::new(1), Refusal::Status(422), &report(), now);
        assert!(refusals.is_full(u64::MAX));
        assert_eq!(refusals.take_due(row.due_at.unwrap()), Some(Seq::new(1)));
        refusals.refuse(Seq::new(1), Refusal::Status(422), &report(), now);
        refusals.remove(Seq::new(1));
        assert!(!refusals.is_full(u64::MAX), "it was counted once");
        refusals.keep(&event(2, 10));
        refusals.refuse(Seq::new(2), Refusal::Unsendable, &report(), now);
        refusals.forgive();
        assert!(
            refusals.is_full(u64::MAX),
            "a parked event is counted until it is retried or discarded"
        );
    }

    #[test]
    fn no_more_bytes_are_moved_aside_than_the_share() {
        let (mut refusals, share) = (Refusals::default(), share(4_000_000, 2));
        assert_eq!(share, 500_000);
        let (seqs, sizes) = stored(100);
        assert_eq!(refusals.unmeasured(&seqs).len(), 100);
        refusals.measured(&seqs, sizes);
        assert_eq!(refusals.unmeasured(&seqs), []);
        for seq in 1..=4 {
            assert!(!refusals.is_full(share));
            refusals.keep(&event(seq, 112_000));
        }
        assert!(refusals.is_full(share));
        refusals.keep(&event(1, 112_000));
        refusals.remove(Seq::new(1));
        assert!(!refusals.is_full(share), "it was counted once");
        refusals.remove(Seq::new(1));
        let left = HashMap::from([2, 5].map(|seq| (Seq::new(seq), TextBytes::default())));
        refusals.measured(&left, vec![(Seq::new(5), 400_000)]);
        assert_eq!(refusals.count(), 2);
        assert!(refusals.is_full(share), "512,000 and a little more");
        refusals.remove(Seq::new(2));
        assert!(!refusals.is_full(share));
    }

    /// What the log's size limit counts of the texts of refused events: each destination keeps the responses of its newest ones.
    fn counted_texts(rows: &[RefusedEvent]) -> u64 {
        let kept = usize::try_from(KEPT_ANSWERS).unwrap();
        let responses = rows.iter().rev().take(kept).map(|row| row.response.len());
        let rest = rows.iter().map(|row| row.reason.len() + 200);
        u64::try_from(responses.sum::<usize>() + rest.sum::<usize>()).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_all_destinations_keep_fits_into_a_quarter_of_the_log_but_for_the_last_event_of_each(
            destinations in 1_u64..=20, size in prop_oneof![Just(64_u64 << 20), 64_u64 << 20..1 << 30],
            body in prop_oneof![0_usize..1_000, 0_usize..100_000], reason in 0_usize..2_000,
            response in prop_oneof![Just(4_096_usize), 0_usize..12_289], tried_twice: bool,
        ) {
            let share = share(size, destinations);
            let report = Report { reason: "r".repeat(reason), response: "x".repeat(response), ..report() };
            let (mut refusals, now) = (Refusals::default(), Timestamp::from_unix_ms(0));
            let (mut rows, mut bodies) = (Vec::new(), 0);
            while !refusals.is_full(share) && rows.len() < 3_000 {
                let event = event(i64::try_from(rows.len()).unwrap(), body);
                bodies += u64::try_from(body).unwrap();
                refusals.keep(&event);
                if tried_twice {
                    refusals.refuse(event.seq, Refusal::Status(422), &report, now);
                }
                rows.push(refusals.refuse(event.seq, Refusal::Status(422), &report, now));
            }
            let last = u64::try_from(body + reason + response).unwrap() + ENTRY_BYTES;
            let all = destinations * (bodies + counted_texts(&rows));
            prop_assert!(all <= size / 4 + destinations * last, "{all} of {size}");
            if refusals.is_full(share) {
                prop_assert!(refusals.bytes() >= share);
                rows.iter().for_each(|row| refusals.remove(row.seq));
                prop_assert_eq!(refusals.bytes(), 0);
            }
        }
    }

    #[test]
    fn a_try_that_may_have_met_an_outage_counts_once_something_else_is_accepted() {
        let mut refusals = Refusals::default();
        let (seq, mut now) = (Seq::new(7), Timestamp::from_unix_ms(0));
        let mut row = refusals.refuse(seq, Refusal::Blamed, &report(), now);
        for request in 1..=100 {
            now = refusals.next_due().unwrap();
            assert_eq!(refusals.take_due(now), Some(seq));
            refusals.fail(seq, request, &report(), now);
        }
        assert_eq!(refusals.accept(100, now), [], "sent no later than what failed");
        refusals.forgive();
        assert_eq!(refusals.accept(200, now), []);
        let mut request = 200;
        while row.due_at.is_some() {
            now = refusals.next_due().unwrap();
            assert_eq!(refusals.take_due(now), Some(seq));
            refusals.fail(seq, request, &report(), now);
            [row] = refusals.accept(request + 1, now).try_into().unwrap();
            request += 2;
        }
        assert_eq!((row.tries, refusals.next_due()), (5, None));
    }

    #[test]
    fn a_reload_keeps_what_is_known_of_events_that_have_not_changed() {
        let (mut refusals, now) = (Refusals::default(), Timestamp::from_unix_ms(0));
        let stored = [7, 8].map(|seq| DueEvent {
            seq: Seq::new(seq),
            tries: 1,
            due_at: now,
        });
        refusals.load(&stored);
        for request in [1, 2] {
            let seq = refusals.take_due(now).unwrap();
            refusals.fail(seq, request, &report(), now);
        }
        refusals.load(&stored);
        assert_eq!(refusals.take_due(now), None, "both were tried just now");
        let later = Timestamp::from_unix_ms(1);
        let changed = [
            stored[0],
            DueEvent {
                due_at: later,
                ..stored[1]
            },
        ];
        refusals.load(&changed);
        assert_eq!(
            refusals.take_due(later),
            Some(Seq::new(8)),
            "an administrator asked for it"
        );
        let proven = refusals.accept(3, later);
        assert_eq!(proven.iter().map(|row| row.seq).collect::<Vec<_>>(), [Seq::new(7)]);
    }

    #[test]
    fn a_reload_leaves_alone_what_is_out() {
        let mut refusals = Refusals::default();
        let now = Timestamp::from_unix_ms(1_000_000);
        let stored = [1, 2].map(|seq| DueEvent {
            seq: Seq::new(seq),
            tries: 1,
            due_at: now,
        });
        refusals.load(&stored);
        assert_eq!(refusals.take_due(now), Some(Seq::new(1)));
        refusals.load(&stored);
        assert_eq!(refusals.take_due(now), None);
        refusals.remove(Seq::new(1));
        assert_eq!(refusals.take_due(now), Some(Seq::new(2)));
    }
}

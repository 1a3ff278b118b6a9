use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use proptest::prelude::*;

use super::*;

const fn seq(number: i64) -> Seq {
    Seq::new(number)
}

fn probe(suspects: &Suspects<()>, first: &[i64], later: &[i64], last_was_first: bool) -> (i64, ProbeWait) {
    let events = |events: &[i64]| events.iter().copied().map(Seq::new).collect::<Vec<_>>().into_iter();
    let probe = suspects
        .next_probe(events(first), events(later), last_was_first)
        .unwrap();
    (probe.seq.get(), probe.wait)
}

#[test]
fn an_event_is_blamed_after_three_failures_each_followed_by_evidence() {
    let mut suspects = Suspects::default();
    for strike in 1..=3 {
        suspects.fail(seq(7), 10 * strike, Duration::ZERO, ());
        assert_eq!(
            suspects.accept(10 * strike, Duration::ZERO),
            [],
            "sent before it failed"
        );
        let blamed = suspects.accept(10 * strike + 1, Duration::ZERO);
        assert_eq!(blamed.len(), usize::from(strike == 3));
        assert_eq!(suspects.accept(10 * strike + 2, Duration::ZERO), [], "counts once");
    }
    assert!(!suspects.contains(seq(7)));
}

#[test]
fn an_outage_gives_one_strike_however_long_it_is() {
    let mut suspects = Suspects::default();
    for request in 1..1_000 {
        suspects.fail(seq(7), request, Duration::ZERO, ());
    }
    assert_eq!(suspects.accept(1_000, Duration::ZERO), []);
    assert_eq!(suspects.due(seq(7)), Some((1, PAUSES[0])));
    suspects.clear(seq(7));
    assert_eq!((suspects.count_alone(), suspects.contains(seq(7))), (0, false));
}

#[test]
fn what_is_being_sent_again_is_not_blamed_meanwhile() {
    let mut suspects = Suspects::default();
    suspects.fail(seq(7), 1, Duration::ZERO, ());
    suspects.sent(seq(7));
    suspects.accept(2, Duration::ZERO);
    assert_eq!(suspects.due(seq(7)).unwrap().0, 0, "no strike");
}

#[test]
fn what_failed_together_is_sent_in_smaller_requests_until_it_is_alone() {
    let mut suspects = Suspects::<()>::default();
    let events: Vec<Seq> = (1..=10_000).map(Seq::new).collect();
    assert_eq!(suspects.most(seq(1)), None);
    for expected in [312, 9, 1, 1] {
        let most = suspects.most(seq(1)).unwrap_or(events.len());
        suspects.fail_together(&events[..most]);
        assert_eq!(suspects.most(seq(1)), Some(expected));
    }
    assert_eq!(suspects.most(seq(10_000)), Some(312));
}

#[test]
fn probes_go_round_the_queues_and_then_behind_their_first_events() {
    let mut suspects = Suspects::default();
    let mut tried = Vec::new();
    let mut last_was_first = false;
    for request in 1..=10 {
        let (number, wait) = probe(&suspects, &[1, 2], &[3, 4], last_was_first);
        tried.push((number, wait));
        suspects.fail(seq(number), request, Duration::ZERO, ());
        last_was_first = number < 3;
    }
    let expected = [1, 2, 1, 2, 1, 2, 3, 1, 4, 2].map(|number| (number, ProbeWait::Searching));
    let at_once = |(number, wait)| match number {
        3 | 4 => (number, ProbeWait::AtOnce),
        _ => (number, wait),
    };
    assert_eq!(tried[..9], expected.map(at_once)[..9]);
    assert_eq!(tried[9], (2, ProbeWait::Usual), "everything was tried");
}

#[test]
fn the_search_gives_way_to_growing_pauses() {
    let mut suspects = Suspects::default();
    for number in 1..=32 {
        assert_eq!(
            probe(&suspects, &[number, 100], &[], true),
            (number, ProbeWait::Searching)
        );
        suspects.fail(seq(number), 1, Duration::ZERO, ());
    }
    assert_eq!(probe(&suspects, &[100], &[], true), (100, ProbeWait::Usual));
    assert_eq!(probe(&Suspects::default(), &[1], &[], true), (1, ProbeWait::Searching));
}

/// A stream of one request at a time.
struct Model {
    queues: BTreeMap<u8, VecDeque<i64>>,
    poison: BTreeSet<i64>,
    suspects: Suspects<u8>,
    is_held: bool,
    last_was_first: bool,
    /// In a row.
    failures: u32,
    request: RequestNumber,
    now: Duration,
    accepted: Vec<i64>,
    aside: Vec<i64>,
    /// Of each event, how many of its failures were followed by an acceptance.
    proven: HashMap<i64, (bool, u32)>,
}

impl Model {
    fn firsts(&self) -> Vec<Seq> {
        self.queues
            .values()
            .filter_map(|queue| queue.front())
            .map(|number| seq(*number))
            .collect()
    }

    fn later(&self) -> Vec<Seq> {
        self.queues
            .values()
            .flat_map(|queue| queue.iter().skip(1))
            .map(|number| seq(*number))
            .collect()
    }

    /// The event to send next, as the worker chooses it.
    fn choose(&self) -> Option<Seq> {
        let (firsts, later) = (self.firsts(), self.later());
        if self.is_held {
            let probe = self
                .suspects
                .next_probe(firsts.into_iter(), later.into_iter(), self.last_was_first);
            return probe.map(|probe| probe.seq);
        }
        let due = firsts
            .iter()
            .filter(|first| self.suspects.due(**first).is_some_and(|(_, due)| due <= self.now))
            .min();
        let usual = firsts.iter().filter(|first| !self.suspects.contains(**first)).min();
        // After a failure something else comes first, so that there can be evidence.
        match self.failures {
            0 => due.or(usual).copied(),
            _ => usual.or(due).copied(),
        }
    }

    fn step(&mut self, is_up: bool) {
        self.now += Duration::from_millis(500);
        let Some(chosen) = self.choose() else {
            self.is_held = self.suspects.count_alone() > 0;
            return;
        };
        self.request += 1;
        self.last_was_first = self.firsts().contains(&chosen);
        let number = chosen.get();
        let entity = *self.queues.iter().find(|(_, queue)| queue.contains(&number)).unwrap().0;
        self.suspects.sent(chosen);
        if !is_up || self.poison.contains(&number) {
            self.failures += 1;
            self.is_held |= !self.suspects.contains(chosen) || self.failures >= 3;
            self.suspects.fail(chosen, self.request, self.now, entity);
            self.proven.entry(number).or_default().0 = true;
            return;
        }
        (self.is_held, self.failures) = (false, 0);
        self.accept(entity, number);
    }

    fn accept(&mut self, entity: u8, number: i64) {
        self.accepted.push(number);
        self.suspects.clear(seq(number));
        let before: Vec<i64> = self.queues[&entity]
            .iter()
            .copied()
            .take_while(|before| *before < number)
            .collect();
        self.queues.get_mut(&entity).unwrap().retain(|other| *other != number);
        for (failed, count) in self.proven.values_mut() {
            *count += u32::from(std::mem::take(failed));
        }
        let mut blamed: Vec<i64> = self
            .suspects
            .accept(self.request, self.now)
            .iter()
            .map(|(seq, _)| seq.get())
            .collect();
        for number in &blamed {
            assert!(self.proven[number].1 >= STRIKES, "{number} was blamed without evidence");
        }
        blamed.extend(
            before
                .into_iter()
                .filter(|before| self.suspects.clear(seq(*before)).is_some()),
        );
        for number in blamed {
            assert!(self.proven[&number].1 > 0, "{number} was set aside without evidence");
            self.queues
                .values_mut()
                .for_each(|queue| queue.retain(|other| *other != number));
            self.aside.push(number);
        }
    }
}

proptest! {
    /// Whatever fails and whenever the destination is down: nothing is set aside without evidence, nothing is lost, and once
    /// the destination stays up and other events keep coming, every event ends accepted, or aside if it is at fault. An
    /// entity without an event at fault keeps its order as long as the destination has not been down.
    #[test]
    fn no_event_stops_a_stream(
        entities in proptest::collection::vec(0_u8..6, 1..60),
        poison in proptest::collection::btree_set(1_i64..60, 0..20),
        outages in proptest::collection::vec((0_usize..40, 0_usize..40), 0..6),
    ) {
        let mut model = Model {
            queues: BTreeMap::new(), poison, suspects: Suspects::default(), is_held: false, last_was_first: false, failures: 0, request: 0,
            now: Duration::ZERO, accepted: Vec::new(), aside: Vec::new(), proven: HashMap::new(),
        };
        for (number, entity) in (1..).zip(&entities) {
            model.queues.entry(*entity).or_default().push_back(number);
        }
        for (up, down) in &outages {
            (0..*up).for_each(|_| model.step(true));
            (0..*down).for_each(|_| model.step(false));
        }
        let mut next = 1_000;
        while model.queues.values().flatten().any(|number| *number < 1_000) {
            if next % 4 == 0 {
                model.queues.entry(99).or_default().push_back(next);
            }
            next += 1;
            prop_assert!(next < 3_000, "it does not end: {:?} aside {:?}", model.queues, model.aside);
            model.step(true);
        }
        let ended: BTreeSet<i64> = model.accepted.iter().chain(&model.aside).copied().filter(|number| *number < 1_000).collect();
        let posted = i64::try_from(entities.len()).unwrap();
        prop_assert_eq!(ended, (1..=posted).collect::<BTreeSet<_>>());
        if outages.is_empty() {
            prop_assert!(model.aside.iter().all(|number| model.poison.contains(number)));
            for entity in 0..6 {
                let of_entity: Vec<i64> = model.accepted.iter().copied()
                    .filter(|number| *number < 1_000 && entities[usize::try_from(number - 1).unwrap()] == entity).collect();
                let has_poison = (1..=posted).any(|number| entities[usize::try_from(number - 1).unwrap()] == entity && model.poison.contains(&number));
                prop_assert!(has_poison || of_entity.is_sorted());
            }
        }
    }
}

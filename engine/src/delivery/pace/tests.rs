//! A stream with a backlog sends to simulated receivers; their time is a number.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::*;

const RTT: Duration = Duration::from_millis(50);

/// How a simulated receiver answers.
#[derive(Clone, Copy)]
enum Receiver {
    /// Everything after this time.
    Delay(Duration),
    /// So many requests at a time, each for so long; others wait.
    Queue { workers: usize, service: Duration },
    /// 503 at once if more than so many are in flight, else after this time.
    Limit { requests: usize, delay: Duration },
    /// After this time; every so many-th with 503.
    Faulty { every: u64, delay: Duration },
}

/// A stream and its receiver.
struct Simulation {
    pace: Pace,
    receiver: Receiver,
    now: Duration,
    /// When each request ends: its number, when it was sent, whether it is accepted.
    in_flight: BinaryHeap<Reverse<(Duration, RequestNumber, Duration, bool)>>,
    /// When each worker of a queue is free.
    free_at: Vec<Duration>,
    number: RequestNumber,
    /// What comes in: `None` for a backlog, else at most so many are in flight.
    demand: Option<usize>,
    /// It backs off until then.
    paused_until: Option<Duration>,
    accepted: u64,
    failed: u64,
    highest: usize,
    jitter: u64,
}

impl Simulation {
    fn new(receiver: Receiver) -> Self {
        Self {
            pace: Pace::of_requests(MOST),
            receiver,
            now: Duration::ZERO,
            in_flight: BinaryHeap::new(),
            free_at: Vec::new(),
            number: 0,
            demand: None,
            paused_until: None,
            accepted: 0,
            failed: 0,
            highest: 0,
            jitter: 0,
        }
    }

    /// Every latency is longer by up to a fifth, at random.
    fn jittered(receiver: Receiver) -> Self {
        Self {
            jitter: 42,
            ..Self::new(receiver)
        }
    }

    fn stretched(&mut self, latency: Duration) -> Duration {
        if self.jitter == 0 {
            return latency;
        }
        self.jitter = self
            .jitter
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        latency + latency * u32::try_from((self.jitter >> 33) % 200).unwrap() / 1_000
    }

    fn send(&mut self) {
        self.number += 1;
        let in_flight = self.in_flight.len() + 1;
        self.pace.sent(self.number, in_flight);
        let (latency, is_accepted) = match self.receiver {
            Receiver::Delay(delay) => (self.stretched(delay), true),
            Receiver::Limit { requests, .. } if in_flight > requests => (Duration::from_millis(1), false),
            Receiver::Limit { delay, .. } => (self.stretched(delay), true),
            Receiver::Faulty { every, delay } => (self.stretched(delay), !self.number.is_multiple_of(every)),
            Receiver::Queue { workers, service } => {
                self.free_at.resize(workers, Duration::ZERO);
                let service = self.stretched(service);
                let free_at = self.free_at.iter_mut().min().unwrap();
                *free_at = self.now.max(*free_at) + service;
                (*free_at - self.now, true)
            }
        };
        let ended = (self.now + latency, self.number, self.now, is_accepted);
        self.in_flight.push(Reverse(ended));
    }

    fn run(&mut self, time: Duration) -> Seen {
        let (end, accepted, failed) = (self.now + time, self.accepted, self.failed);
        self.highest = 0;
        while self.now < end {
            let allowed = match self.paused_until {
                Some(until) => usize::from(self.in_flight.is_empty() && until <= self.now),
                None => self.pace.allowed().min(self.demand.unwrap_or(usize::MAX)),
            };
            while self.in_flight.len() < allowed {
                self.send();
            }
            self.highest = self.highest.max(self.pace.limit());
            let Some(Reverse((ends_at, number, sent_at, is_accepted))) = self.in_flight.pop() else {
                self.now = self.paused_until.unwrap();
                continue;
            };
            self.now = ends_at;
            if is_accepted {
                self.accepted += 1;
                let is_probe = self.paused_until.is_some() && self.in_flight.is_empty();
                if is_probe {
                    self.paused_until = None;
                }
                if self.paused_until.is_none() {
                    self.pace.accepted(number, Some(ends_at - sent_at), ends_at);
                }
            } else {
                self.failed += 1;
                if self.paused_until.is_none() && !self.pace.failed(number, self.now) {
                    self.pace.troubled(Trouble::Unavailable(503), self.now);
                    self.paused_until = Some(self.now + Duration::from_secs(1));
                }
            }
        }
        Seen {
            limit: self.pace.limit(),
            highest: self.highest,
            rate: f64::from(u32::try_from(self.accepted - accepted).unwrap()) / time.as_secs_f64(),
            failed: self.failed - failed,
        }
    }
}

/// What happened in a stretch of time.
#[derive(Debug)]
struct Seen {
    limit: usize,
    highest: usize,
    /// Accepted requests a second.
    rate: f64,
    failed: u64,
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_distant_receiver_gets_two_hundred_requests_at_a_time_within_seconds() {
    for mut stream in [
        Simulation::new(Receiver::Delay(RTT)),
        Simulation::jittered(Receiver::Delay(RTT)),
    ] {
        let ramp = stream.run(seconds(3));
        assert!(ramp.limit >= 200, "{ramp:?}");
        let steady = stream.run(seconds(5));
        assert!(steady.rate >= 4_000.0, "{steady:?}");
        assert!(steady.highest <= MOST, "{steady:?}");
    }
}

#[test]
fn a_receiver_that_queues_is_kept_busy_and_no_more() {
    for (workers, service_ms) in [(1, 20), (4, 20), (20, 20), (50, 100), (100, 100)] {
        let service = Duration::from_millis(service_ms);
        for mut stream in [
            Simulation::new(Receiver::Queue { workers, service }),
            Simulation::jittered(Receiver::Queue { workers, service }),
        ] {
            let capacity = f64::from(u32::try_from(workers).unwrap()) / service.as_secs_f64();
            stream.run(seconds(10));
            let steady = stream.run(seconds(20));
            assert!(steady.rate >= 0.8 * capacity, "{workers} workers: {steady:?}");
            assert!(steady.highest <= 2 * workers + 2, "{workers} workers: {steady:?}");
        }
    }
}

#[test]
fn a_receiver_that_answers_503_above_a_number_of_requests_is_kept_below_it() {
    for requests in [5, 20, 40, 100] {
        let delay = Duration::from_millis(20);
        let mut stream = Simulation::jittered(Receiver::Limit { requests, delay });
        let ramp = stream.run(seconds(10));
        assert!(
            ramp.failed <= u64::try_from(requests).unwrap() / 2 + 20,
            "{requests}: {ramp:?}"
        );
        let steady = stream.run(seconds(60));
        assert!(steady.failed <= 24, "{requests}: {steady:?}");
        let capacity = f64::from(u32::try_from(requests).unwrap()) / (delay.as_secs_f64() * 1.1);
        assert!(steady.rate >= 0.6 * capacity, "{requests}: {capacity} {steady:?}");
    }
}

#[test]
fn the_limit_is_back_soon_after_an_outage() {
    let mut stream = Simulation::jittered(Receiver::Delay(RTT));
    let before = stream.run(seconds(5));
    stream.receiver = Receiver::Faulty { every: 1, delay: RTT };
    let outage = stream.run(seconds(10));
    assert_eq!(outage.limit, 1, "{outage:?}");
    stream.receiver = Receiver::Delay(RTT);
    let after = stream.run(seconds(4));
    assert!(after.limit >= before.limit * 9 / 10, "{before:?} {after:?}");
}

#[test]
fn faults_that_have_nothing_to_do_with_load_do_not_bring_it_down() {
    for (every, least) in [(5_000, 3_500.0), (1_000, 1_500.0)] {
        let mut stream = Simulation::jittered(Receiver::Faulty { every, delay: RTT });
        stream.run(seconds(10));
        let steady = stream.run(seconds(60));
        println!("1 in {every}: {steady:?}");
        assert!(steady.rate >= least, "1 in {every}: {steady:?}");
    }
}

#[test]
fn one_failure_halves_the_limit_and_many_at_once_are_trouble() {
    let mut stream = Simulation::jittered(Receiver::Delay(RTT));
    stream.run(seconds(5));
    let (before, sent) = (stream.pace.limit(), stream.number);
    assert!(stream.pace.failed(sent, stream.now));
    assert_eq!(stream.pace.limit(), before / 2);
    assert!(stream.pace.ceiling.is_none());
    let failures = (1..).take_while(|_| stream.pace.failed(sent, stream.now)).count();
    assert!(failures < before / 16, "{failures}");
    stream.pace.troubled(Trouble::Unavailable(503), stream.now);
    assert_eq!(stream.pace.limit(), 1);
}

#[test]
fn a_failure_is_no_single_one_without_many_successes_before() {
    let mut pace = Pace::of_requests(MOST);
    for number in 1..=20 {
        pace.sent(number, pace.allowed());
        pace.accepted(number, Some(RTT), RTT);
    }
    pace.sent(21, pace.allowed());
    assert!(!pace.failed(21, RTT), "twenty are not many");
}

#[test]
fn a_receiver_that_becomes_slower_or_faster_by_itself_gets_as_many_requests() {
    let mut stream = Simulation::jittered(Receiver::Delay(RTT));
    let before = stream.run(seconds(10));
    stream.receiver = Receiver::Delay(RTT * 3);
    stream.run(seconds(60));
    let slower = stream.run(seconds(10));
    assert!(slower.highest >= before.limit / 2, "{before:?} {slower:?}");
    stream.receiver = Receiver::Delay(RTT / 5);
    stream.run(seconds(20));
    let faster = stream.run(seconds(10));
    assert!(faster.highest >= 200, "{faster:?}");
}

#[test]
fn a_receiver_that_loses_and_regains_capacity_is_followed() {
    let service = Duration::from_millis(20);
    let mut stream = Simulation::jittered(Receiver::Queue { workers: 100, service });
    stream.run(seconds(20));
    stream.receiver = Receiver::Queue { workers: 10, service };
    stream.free_at.clear();
    stream.run(seconds(20));
    let fewer = stream.run(seconds(20));
    assert!(fewer.highest <= 25 && fewer.rate >= 0.8 * 500.0 / 1.1, "{fewer:?}");
    stream.receiver = Receiver::Queue { workers: 100, service };
    stream.run(seconds(20));
    let more = stream.run(seconds(20));
    assert!(more.rate >= 0.8 * 5_000.0 / 1.1, "{more:?}");
}

#[test]
fn a_limit_that_is_not_reached_does_not_grow() {
    let mut stream = Simulation::jittered(Receiver::Delay(RTT));
    stream.demand = Some(5);
    let seen = stream.run(seconds(60));
    assert!((5..=8).contains(&seen.limit), "{seen:?}");
}

#[test]
fn trouble_at_one_request_at_a_time_is_no_overload() {
    let mut stream = Simulation::jittered(Receiver::Faulty { every: 1, delay: RTT });
    stream.run(seconds(5));
    stream.receiver = Receiver::Delay(RTT);
    let seen = stream.run(seconds(5));
    assert!(stream.pace.ceiling.is_none() && seen.limit >= 200, "{seen:?}");
}

#[test]
fn without_latencies_it_stays_low() {
    let mut pace = Pace::of_requests(MOST);
    for number in 1..=200 {
        pace.sent(number, pace.allowed());
        pace.accepted(number, None, Duration::ZERO);
    }
    assert_eq!((pace.limit(), pace.allowed()), (16, 16));
}

#[test]
fn trouble_that_is_no_overload_lowers_no_ceiling() {
    for (trouble, ceiling) in [
        (Trouble::Unavailable(429), true),
        (Trouble::Unreached(Unreached::Timeout), true),
        (Trouble::AuthenticationFailing(401), false),
        (Trouble::Blocked, false),
    ] {
        let mut stream = Simulation::new(Receiver::Delay(RTT));
        stream.run(seconds(1));
        stream.pace.troubled(trouble, stream.now);
        assert_eq!(stream.pace.allowed(), 1);
        assert_eq!(stream.pace.ceiling.is_some(), ceiling, "{trouble}");
    }
}

proptest::proptest! {
    #[test]
    fn the_limit_stays_within_its_bounds(steps in proptest::collection::vec((0_u8..8, 0_u32..2_000_000), 1..2_000)) {
        let (mut pace, mut now, mut number) = (Pace::of_requests(MOST), Duration::ZERO, 0);
        for (step, micros) in steps {
            let latency = Duration::from_micros(u64::from(micros));
            now += latency;
            match step {
                0 => pace.troubled(Trouble::Unavailable(503), now),
                _ => {
                    number += 1;
                    pace.sent(number, pace.allowed());
                    pace.accepted(number, (step > 1).then_some(latency), now);
                }
            }
            proptest::prop_assert!((1..=MOST).contains(&pace.limit()) && (1..=pace.limit()).contains(&pace.allowed()));
        }
    }
}

#[test]
fn the_limit_never_grows_above_what_the_destination_allows() {
    for most in [1, 2, 7, 100] {
        let mut simulation = Simulation::new(Receiver::Delay(RTT));
        simulation.pace = Pace::of_requests(most);
        simulation.run(Duration::from_secs(20));
        assert_eq!((simulation.pace.limit(), simulation.highest), (most, most));
    }
    assert_eq!(Pace::of_requests(0).most, 1);
    assert_eq!(Pace::of_requests(1_000).most, MOST);
}

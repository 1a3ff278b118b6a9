use super::*;

fn limiter(max_concurrency: u32, max_rate: Option<u32>) -> Arc<Limiter> {
    let limiter = Arc::<Limiter>::default();
    limiter.configure(1, &limits(max_concurrency, max_rate));
    limiter
}

fn limits(max_concurrency: u32, max_rate: Option<u32>) -> DeliveryLimits {
    DeliveryLimits {
        timeout: Duration::from_secs(1),
        max_concurrency,
        max_rate,
        statuses: domain::policy::StatusRules::default(),
    }
}

/// Sends as much as may be sent for so long, with timers that are so late; the times since the start.
fn times(limiter: &Arc<Limiter>, during: Duration, late: Duration) -> Vec<Duration> {
    let start = Instant::now();
    let (mut now, mut times) = (start, Vec::new());
    while now < start + during {
        match limiter.acquire(Sender::Stream, || now) {
            Ok(mut permit) => {
                permit.used();
                times.push(now - start);
            }
            Err(Wait::Until(until)) => {
                assert!(until > now);
                now = until + late;
            }
            Err(Wait::Freed) => unreachable!("nothing is in flight"),
        }
    }
    times
}

#[test]
fn no_second_has_more_requests_than_the_rate_and_few_less() {
    for late in [Duration::ZERO, Duration::from_millis(2)] {
        for rate in [1_u32, 2, 7, 50, 333, 1_000, 10_000] {
            let most = usize::try_from(rate).unwrap();
            let times = times(&limiter(256, Some(rate)), Duration::from_secs(5), late);
            let burst = most / 50 + 1;
            for (position, first) in times.iter().enumerate() {
                let second = times[position..].partition_point(|time| *time < *first + Duration::from_secs(1));
                assert!(second <= most + burst, "{second} in a second at {rate}");
            }
            assert!(
                times.len() >= 5 * most * 19 / 20,
                "{} at {rate}, {late:?} late",
                times.len()
            );
        }
    }
}

#[test]
fn a_rate_that_was_not_used_is_not_made_up_for() {
    let limiter = limiter(256, Some(10));
    let now = Instant::now();
    limiter.acquire(Sender::Stream, || now).unwrap().used();
    let later = now + Duration::from_secs(60);
    limiter.acquire(Sender::Stream, || later).unwrap().used();
    let wait = limiter.acquire(Sender::Stream, || later).err();
    assert_eq!(wait, Some(Wait::Until(later + Duration::from_millis(100) - BURST)));
}

#[test]
fn a_permit_that_is_not_used_costs_nothing() {
    let limiter = limiter(1, Some(1));
    let now = Instant::now();
    for _ in 0..3 {
        drop(limiter.acquire(Sender::Stream, || now).unwrap());
    }
    let mut permit = limiter.acquire(Sender::Stream, || now).unwrap();
    permit.used();
    assert_eq!(limiter.acquire(Sender::Stream, || now).err(), Some(Wait::Freed));
    drop(permit);
    assert!(matches!(limiter.acquire(Sender::Stream, || now), Err(Wait::Until(_))));
}

#[test]
fn a_probe_waits_for_what_is_in_flight_and_not_for_the_rate() {
    let limiter = limiter(1, Some(1));
    let now = Instant::now();
    let mut permit = limiter.acquire(Sender::Replay, || now).unwrap();
    permit.used();
    assert_eq!(limiter.acquire(Sender::Probe, || now).err(), Some(Wait::Freed));
    drop(permit);
    assert!(limiter.acquire(Sender::Probe, || now).is_ok());
}

#[test]
fn however_many_probes_are_sent_the_next_request_waits_for_two_intervals_at_most() {
    for rate in [1, 10, 1_000] {
        let limiter = limiter(256, Some(rate));
        let now = Instant::now();
        for _ in 0..1_000 {
            limiter.acquire(Sender::Probe, || now).unwrap().used();
        }
        let Err(Wait::Until(until)) = limiter.acquire(Sender::Stream, || now).map(drop) else {
            panic!("probes count against the rate")
        };
        let most = Duration::from_secs(2) / rate;
        assert!(until <= now + most, "{:?} at {rate}", until - now);
        // One that is not sent leaves this as it was.
        drop(limiter.acquire(Sender::Probe, || now).unwrap());
        let wait = limiter.acquire(Sender::Stream, || now).map(drop);
        assert_eq!(wait, Err(Wait::Until(until)));
    }
}

#[test]
fn senders_that_ask_at_the_same_time_share_the_rate() {
    let limiter = limiter(256, Some(10));
    let now = Instant::now();
    let mut permit = limiter.acquire(Sender::Stream, || now).unwrap();
    let wait = limiter.acquire(Sender::Replay, || now).map(drop);
    assert!(matches!(wait, Err(Wait::Until(_))), "{wait:?}");
    permit.used();
    drop(permit);
    let wait = limiter.acquire(Sender::Replay, || now).map(drop);
    assert!(matches!(wait, Err(Wait::Until(_))), "{wait:?}");
}

#[test]
fn the_time_is_not_asked_for_without_a_rate() {
    let limiter = limiter(256, None);
    let permit = limiter.acquire(Sender::Stream, || unreachable!("there is no rate"));
    assert!(permit.is_ok());
}

#[test]
fn the_end_of_a_request_is_reported_to_all_who_wait_for_it() {
    let limiter = limiter(2, None);
    let (stream, replay) = (limiter.subscribe(), limiter.subscribe());
    let now = Instant::now();
    let permits = [Sender::Stream, Sender::Replay].map(|sender| limiter.acquire(sender, || now).unwrap());
    assert!(!stream.has_changed().unwrap(), "nobody waits");
    assert_eq!(limiter.acquire(Sender::Stream, || now).err(), Some(Wait::Freed));
    let [first, second] = permits;
    drop(first);
    assert!(stream.has_changed().unwrap() && replay.has_changed().unwrap());
    drop(second);
}

#[test]
fn a_replay_lets_its_stream_go_first_until_that_is_idle() {
    let limiter = limiter(1, None);
    let (now, replay) = (Instant::now(), limiter.subscribe());
    let permit = limiter.acquire(Sender::Replay, || now).unwrap();
    assert!(limiter.acquire(Sender::Stream, || now).is_err());
    drop(permit);
    assert_eq!(limiter.acquire(Sender::Replay, || now).err(), Some(Wait::Freed));
    drop(limiter.acquire(Sender::Stream, || now).unwrap());
    assert!(limiter.acquire(Sender::Replay, || now).is_ok(), "the stream has sent");
    let permit = limiter.acquire(Sender::Replay, || now).unwrap();
    assert!(limiter.acquire(Sender::Stream, || now).is_err());
    drop(permit);
    assert!(limiter.acquire(Sender::Replay, || now).is_err());
    limiter.stream_is_idle();
    assert!(replay.has_changed().unwrap() && limiter.acquire(Sender::Replay, || now).is_ok());
}

#[test]
fn a_later_version_of_the_settings_applies_at_once_and_an_earlier_one_does_not() {
    let limiter = limiter(1, Some(1));
    let now = Instant::now();
    let mut permit = limiter.acquire(Sender::Stream, || now).unwrap();
    permit.used();
    let mut freed = limiter.subscribe();
    assert!(limiter.acquire(Sender::Stream, || now).is_err());
    limiter.configure(0, &limits(256, None));
    assert!(limiter.acquire(Sender::Stream, || now).is_err());
    limiter.configure(2, &limits(256, Some(1)));
    assert!(freed.has_changed().unwrap());
    freed.mark_unchanged();
    assert!(
        matches!(limiter.acquire(Sender::Stream, || now), Err(Wait::Until(_))),
        "no new burst"
    );
    limiter.configure(3, &limits(256, None));
    assert!(limiter.acquire(Sender::Stream, || now).is_ok());
}

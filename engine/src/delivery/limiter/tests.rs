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
        match limiter.take(Sender::Stream, now) {
            Ok(place) => {
                place.used(now);
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
    limiter.take(Sender::Stream, now).unwrap().used(now);
    let later = now + Duration::from_secs(60);
    limiter.take(Sender::Stream, later).unwrap().used(later);
    let wait = limiter.take(Sender::Stream, later).err();
    assert_eq!(wait, Some(Wait::Until(later + Duration::from_millis(100) - BURST)));
}

#[test]
fn a_place_that_is_not_used_costs_nothing() {
    let limiter = limiter(1, Some(1));
    let now = Instant::now();
    for _ in 0..3 {
        drop(limiter.take(Sender::Stream, now).unwrap());
    }
    let place = limiter.take(Sender::Stream, now).unwrap();
    place.used(now);
    assert_eq!(limiter.take(Sender::Stream, now).err(), Some(Wait::Freed));
    drop(place);
    assert!(matches!(limiter.take(Sender::Stream, now), Err(Wait::Until(_))));
}

#[test]
fn a_probe_waits_for_what_is_in_flight_and_not_for_the_rate() {
    let limiter = limiter(1, Some(1));
    let now = Instant::now();
    let place = limiter.take(Sender::Replay, now).unwrap();
    place.used(now);
    assert_eq!(limiter.take(Sender::Probe, now).err(), Some(Wait::Freed));
    drop(place);
    assert!(limiter.take(Sender::Probe, now).is_ok());
}

#[test]
fn the_end_of_a_request_is_reported_to_all_who_wait_for_it() {
    let limiter = limiter(2, None);
    let (stream, replay) = (limiter.subscribe(), limiter.subscribe());
    let now = Instant::now();
    let places = [Sender::Stream, Sender::Replay].map(|sender| limiter.take(sender, now).unwrap());
    assert!(!stream.has_changed().unwrap(), "nobody waits");
    assert_eq!(limiter.take(Sender::Stream, now).err(), Some(Wait::Freed));
    let [first, second] = places;
    drop(first);
    assert!(stream.has_changed().unwrap() && replay.has_changed().unwrap());
    drop(second);
}

#[test]
fn a_replay_lets_its_stream_go_first_until_that_waits_no_more() {
    let limiter = limiter(1, None);
    let (now, replay) = (Instant::now(), limiter.subscribe());
    let place = limiter.take(Sender::Replay, now).unwrap();
    assert!(limiter.take(Sender::Stream, now).is_err());
    drop(place);
    assert_eq!(limiter.take(Sender::Replay, now).err(), Some(Wait::Freed));
    drop(limiter.take(Sender::Stream, now).unwrap());
    assert!(limiter.take(Sender::Replay, now).is_ok(), "the stream has sent");
    let place = limiter.take(Sender::Replay, now).unwrap();
    assert!(limiter.take(Sender::Stream, now).is_err());
    drop(place);
    assert!(limiter.take(Sender::Replay, now).is_err());
    limiter.stream_waits_no_more();
    assert!(replay.has_changed().unwrap() && limiter.take(Sender::Replay, now).is_ok());
}

#[test]
fn a_later_version_of_the_settings_applies_at_once_and_an_earlier_one_does_not() {
    let limiter = limiter(1, Some(1));
    let now = Instant::now();
    let place = limiter.take(Sender::Stream, now).unwrap();
    place.used(now);
    let mut freed = limiter.subscribe();
    assert!(limiter.take(Sender::Stream, now).is_err());
    limiter.configure(0, &limits(256, None));
    assert!(limiter.take(Sender::Stream, now).is_err());
    limiter.configure(2, &limits(256, Some(1)));
    assert!(freed.has_changed().unwrap());
    freed.mark_unchanged();
    assert!(
        matches!(limiter.take(Sender::Stream, now), Err(Wait::Until(_))),
        "no new burst"
    );
    limiter.configure(3, &limits(256, None));
    assert!(limiter.take(Sender::Stream, now).is_ok());
}

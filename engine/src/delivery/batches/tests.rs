//! Batches over queues of events whose number is their position.

use std::sync::Arc;

use bytes::Bytes;
use domain::event::{EventId, EventType};

use super::{super::queues::QueueIndex, *};
use crate::log::LoggedEvent;

const LIMITS: BatchLimits = BatchLimits {
    events: 4,
    bytes: 100,
    age: Duration::from_secs(60),
    at_once: false,
};
const NOW: Timestamp = Timestamp::from_unix_ms(1);

fn queues(count: i64, bytes: usize) -> EntityQueues {
    let mut queues = EntityQueues::in_log_order();
    for seq in 1..=count {
        queues.push(Arc::new(LoggedEvent {
            seq: Seq::new(seq),
            source: "test".into(),
            id: EventId::parse(&seq.to_string()).unwrap(),
            event_type: EventType::parse("x").unwrap(),
            entity_type: String::new(),
            entity_id: String::new(),
            entity_path: String::new(),
            created_at: NOW,
            received_at: NOW,
            body: Bytes::from(vec![b' '; bytes]),
        }));
    }
    queues
}

#[test]
fn events_are_in_time_until_a_second_batch_could_be_closed() {
    let now = Instant::now();
    let mut batches = Batches::new(LIMITS, None, None);
    let three = queues(3, 1);
    batches.watch(&three, now);
    assert!(batches.is_in_time(&three, now));
    assert_eq!(close(&mut batches, &three, now + LIMITS.age), Some(batch(1, 3)));
    assert!(
        batches.is_in_time(&queues(3, 1), now),
        "less than a batch waits behind it"
    );
    assert!(!batches.is_in_time(&queues(4, 1), now), "a whole batch waits behind it");
}

fn batch(first: i64, last: i64) -> Batch {
    Batch {
        first: Seq::new(first),
        last: Seq::new(last),
        closed_at: NOW,
    }
}

fn close(batches: &mut Batches, queues: &EntityQueues, now: Instant) -> Option<Batch> {
    batches.close(queues, &Suspects::<()>::default(), now, NOW)
}

#[test]
fn a_batch_is_closed_when_it_is_full_or_old() {
    let start = Instant::now();
    for (count, bytes, is_full) in [(0, 1, false), (3, 1, false), (4, 1, true), (2, 50, true), (9, 1, true)] {
        let mut batches = Batches::new(LIMITS, None, None);
        let queues = queues(count, bytes);
        batches.watch(&queues, start);
        assert_eq!(
            close(&mut batches, &queues, start).is_some(),
            is_full,
            "{count} of {bytes}"
        );
        let later = close(&mut batches, &queues, start + LIMITS.age);
        assert_eq!(later.is_some(), !is_full && count > 0);
    }
}

#[test]
fn it_is_sent_only_under_bounds_that_are_stored() {
    let (mut batches, queues) = (Batches::new(LIMITS, None, None), queues(9, 1));
    let closed = close(&mut batches, &queues, Instant::now()).unwrap();
    assert_eq!((closed, batches.stored()), (batch(1, 4), None));
    batches.was_stored(None);
    assert_eq!(batches.stored(), None);
    batches.was_stored(Some(closed));
    assert_eq!(batches.stored(), Some(closed));
    batches.sent(&queues, Instant::now());
    assert_eq!(
        (batches.stored(), close(&mut batches, &queues, Instant::now())),
        (None, None)
    );
    batches.put_back();
    assert_eq!(batches.stored(), Some(closed), "the same again");
    let half = batches.split(Seq::new(2), Refused::Other);
    assert_eq!((half, batches.stored()), (Some(batch(1, 2)), None));
    batches.ended();
    assert!(close(&mut batches, &queues, Instant::now()).is_some());
}

#[test]
fn what_is_left_of_a_split_batch_follows_at_once() {
    let start = Instant::now();
    let (mut batches, queues) = (Batches::new(LIMITS, Some(batch(1, 4)), None), queues(2, 1));
    batches.sent(&queues, start);
    assert_eq!(batches.split(Seq::new(2), Refused::Other), Some(batch(1, 2)));
    batches.was_stored(Some(batch(1, 2)));
    batches.sent(&queues, start);
    batches.ended();
    assert!(close(&mut batches, &queues, start).is_some(), "without waiting again");
}

#[test]
fn an_event_waits_for_others_only_soon_after_another_batch() {
    let start = Instant::now();
    let limits = BatchLimits {
        at_once: true,
        ..LIMITS
    };
    let mut batches = Batches::new(limits, None, None);
    let (none, one, two, full) = (queues(0, 1), queues(1, 1), queues(2, 1), queues(4, 1));
    let mut send = |queues: &EntityQueues, now: Instant| {
        batches.watch(queues, now);
        let closed = close(&mut batches, queues, now);
        let next = batches.next_close();
        if closed.is_some() {
            batches.was_stored(closed);
            batches.sent(&none, now);
            assert_eq!(
                close(&mut batches, queues, now + limits.age),
                None,
                "one batch at a time"
            );
            batches.ended();
        }
        (closed, next)
    };
    assert_eq!(send(&one, start).0, Some(batch(1, 1)), "nothing was sent before");

    let soon = start + Duration::from_secs(1);
    assert_eq!(send(&two, soon), (None, Some(start + limits.age)));
    let in_time = start + limits.age;
    assert_eq!(send(&two, in_time).0, Some(batch(1, 2)), "as much as there is by then");
    assert_eq!(send(&full, in_time).0, Some(batch(1, 4)), "a full batch does not wait");

    assert_eq!(send(&none, in_time), (None, None));
    let later = in_time + limits.age * 2;
    assert_eq!(
        send(&one, later).0,
        Some(batch(1, 1)),
        "after a quiet time, nothing waits"
    );
}

#[test]
fn without_an_event_there_is_nothing_to_wake_up_for() {
    let start = Instant::now();
    let (mut batches, full, empty) = (Batches::new(LIMITS, None, None), queues(4, 1), queues(0, 1));
    batches.watch(&full, start);
    close(&mut batches, &full, start).unwrap();
    batches.sent(&empty, start);
    batches.ended();
    assert_eq!(batches.next_close(), None);
    let later = start + Duration::from_secs(1_000);
    batches.watch(&full, later);
    assert_eq!(
        batches.next_close(),
        Some(later + LIMITS.age),
        "and the next batch has its whole time"
    );
}

#[test]
fn a_batch_that_was_under_way_goes_on() {
    let batches = Batches::new(LIMITS, Some(batch(3, 7)), None);
    assert_eq!(batches.stored(), Some(batch(3, 7)));
    assert_eq!(batches.next_close(), None);
}

#[test]
fn what_failed_is_sent_in_smaller_batches_at_once_and_past_what_failed_alone() {
    let (start, queues) = (Instant::now(), queues(9, 1));
    let mut suspects = Suspects::default();
    suspects.fail_together(&[1, 2, 3].map(Seq::new));
    suspects.fail(Seq::new(1), 1, Duration::ZERO, ());
    let mut batches = Batches::new(LIMITS, None, None);
    assert_eq!(batches.close(&queues, &suspects, start, NOW), Some(batch(2, 2)));
    assert_eq!(batches.close_one(Seq::new(3), batch(3, 3)), None, "there is a batch");
    batches.ended();
    assert_eq!(batches.close_one(Seq::new(2), batch(2, 2)), Some(batch(2, 2)));
    assert_eq!(batches.close_one(Seq::new(2), batch(2, 2)), None, "the same");
    assert_eq!(
        batches.close_one(Seq::new(1), batch(1, 1)),
        Some(batch(1, 1)),
        "in place of the other"
    );
    batches.was_stored(Some(batch(1, 1)));
    batches.sent(&queues, start);
    assert_eq!(batches.close_one(Seq::new(2), batch(2, 2)), None, "it is out");
}

#[test]
fn a_batch_is_read_to_its_end_under_whatever_limits() {
    let batches = Batches::new(LIMITS, Some(batch(3, 7)), None);
    assert!(batches.ends_after(Seq::new(6)));
    assert!(!batches.ends_after(Seq::new(7)));
    assert!(!Batches::new(LIMITS, None, None).ends_after(Seq::new(6)));
}

/// A batch of four that has failed so often.
fn failing(times: u32) -> Batches {
    let (mut batches, queues) = (Batches::new(LIMITS, Some(batch(1, 4)), None), queues(0, 1));
    for time in 0..times {
        batches.sent(&queues, Instant::now());
        batches.fail(RequestNumber::from(time + 1), true);
    }
    batches
}

#[test]
fn a_batch_that_fails_stays_as_it_is_while_nothing_is_accepted() {
    for times in [1, 3, 100] {
        let mut batches = failing(times);
        assert_eq!(batches.stored(), Some(batch(1, 4)), "{times}");
        assert_eq!(
            batches.accept(RequestNumber::from(times)),
            None,
            "sent before the last failure"
        );
        assert_eq!(batches.whole(), Some(batch(1, 4)));
    }
}

#[test]
fn it_is_given_up_when_it_has_failed_three_times_and_a_request_is_accepted_after_that() {
    assert_eq!(failing(2).accept(9), None, "it may have been chance");
    let mut batches = failing(3);
    assert_eq!(batches.accept(4), Some(batch(1, 4)));
    assert!(!batches.is_any());
    let mut batches = failing(3);
    batches.sent(&queues(0, 1), Instant::now());
    assert_eq!(batches.accept(4), None, "it is out");
}

#[test]
fn a_single_event_is_tried_in_its_place_once_after_each_failure() {
    assert_eq!(failing(2).close_one(Seq::new(1), batch(1, 1)), None);
    let mut batches = failing(3);
    assert_eq!(batches.close_one(Seq::new(1), batch(1, 1)), Some(batch(1, 1)));
    assert_eq!((batches.stored(), batches.whole()), (None, Some(batch(1, 4))));
    batches.was_stored(Some(batch(1, 1)));
    batches.sent(&queues(0, 1), Instant::now());
    // It fails, too.
    assert_eq!(batches.resume(), Some(batch(1, 4)));
    assert!(!batches.tries_one());
    assert_eq!(
        batches.close_one(Seq::new(2), batch(2, 2)),
        None,
        "the batch comes first"
    );
    batches.was_stored(Some(batch(1, 4)));
    batches.sent(&queues(0, 1), Instant::now());
    batches.fail(5, true);
    assert_eq!(batches.close_one(Seq::new(5), batch(5, 5)), Some(batch(5, 5)));
    assert!(batches.is_behind(Seq::new(5)) && !batches.is_behind(Seq::new(4)));
    assert_eq!(
        batches.close_one(Seq::new(2), batch(2, 2)),
        Some(batch(2, 2)),
        "in place of the other"
    );
    assert_eq!(batches.close_one(Seq::new(2), batch(2, 2)), None, "the same");
    batches.was_stored(Some(batch(2, 2)));
    batches.sent(&queues(0, 1), Instant::now());
    // It is accepted.
    assert_eq!(batches.accept(6), Some(batch(1, 4)));
    assert!(batches.is_any());
    assert_eq!(batches.resume(), None);
}

#[test]
fn a_batch_of_one_event_that_fails_stays_as_it_is_and_only_others_are_tried() {
    let (mut batches, queues) = (Batches::new(LIMITS, Some(batch(1, 1)), None), queues(3, 1));
    for request in 1..=3 {
        assert!(batches.is_repeated());
        batches.sent(&queues, Instant::now());
        batches.fail(request, false);
    }
    assert!(!batches.tries_one(), "what came in since was not there when it failed");
    batches.sent(&queues, Instant::now());
    batches.fail(4, true);
    assert_eq!(batches.close_one(Seq::new(1), batch(1, 1)), None, "it is no other");
    assert_eq!(batches.close_one(Seq::new(2), batch(2, 2)), Some(batch(2, 2)));
    batches.was_stored(Some(batch(2, 2)));
    batches.sent(&queues, Instant::now());
    assert!(!batches.is_repeated() && batches.is_behind(Seq::new(2)));
    // It is accepted.
    assert_eq!(batches.accept(5), Some(batch(1, 1)));
    batches.ended();
    let mut suspects = Suspects::<()>::default();
    suspects.fail_together(&[Seq::new(1)]);
    let later = Timestamp::from_unix_ms(2);
    let again = batches.close(&queues, &suspects, Instant::now(), later);
    assert_eq!(again, Some(batch(1, 1)), "next, under the same bounds");
    assert!(!batches.is_repeated());
}

/// Sends everything to a receiver that refuses some batches. Returns the sizes of those that it has accepted, and how often it has refused
/// one.
fn send_all(
    batches: &mut Batches,
    queues: &mut EntityQueues,
    refuses: impl Fn(&[Arc<LoggedEvent>]) -> Option<Refused>,
) -> (Vec<usize>, usize) {
    let (mut accepted, mut refused, now) = (Vec::new(), 0, Instant::now());
    while queues.waiting() > 0 {
        if !batches.is_any() {
            batches.watch(queues, now);
            close(batches, queues, now + LIMITS.age).unwrap();
        }
        let (Batch { first, last, .. }, _) = batches.current.unwrap();
        let taken = queues.take_between(QueueIndex::SINGLE, first, last);
        let events: Vec<_> = taken.iter().map(|(_, event)| Arc::clone(event)).collect();
        let refusal = refuses(&events).inspect(|_| refused += 1);
        if let Some(refusal) = refusal.filter(|_| events.len() > 1) {
            for (index, event) in taken.into_iter().rev() {
                queues.put_back(index, event);
            }
            batches.split(events[events.len() / 2 - 1].seq, refusal);
            continue;
        }
        for (index, _) in taken {
            queues.done(index);
        }
        match refusal {
            Some(_) => batches.refused_one(),
            None => {
                let bytes = events.iter().map(|event| event.body.len() + 1).sum();
                let size = BatchSize {
                    events: events.len(),
                    bytes,
                };
                batches.accepted(size);
                accepted.push(events.len());
            }
        }
        batches.ended();
    }
    (accepted, refused)
}

const MANY: BatchLimits = BatchLimits {
    events: 1_000,
    bytes: 10_000_000,
    at_once: true,
    ..LIMITS
};

#[test]
fn batches_stay_below_what_is_too_large_for_the_receiver() {
    let too_large = |events: &[Arc<LoggedEvent>]| {
        let bytes: usize = events.iter().map(|event| event.body.len() + 1).sum();
        (bytes > 100_000).then_some(Refused::TooLarge)
    };
    let mut batches = Batches::new(MANY, None, None);
    let (accepted, refused) = send_all(&mut batches, &mut queues(20_000, 300), too_large);
    assert!(refused <= 12, "{refused} of {}", accepted.len());
    assert!(accepted.len() <= 20_000 / 180, "{}", accepted.len());
    // The receiver takes more from now on.
    let (accepted, refused) = send_all(&mut batches, &mut queues(80_000, 300), |_| None);
    assert_eq!((refused, accepted[accepted.len() - 2]), (0, 1_000));
}

#[test]
fn a_limit_on_the_number_of_events_is_kept_to() {
    let too_many = |events: &[Arc<LoggedEvent>]| (events.len() > 100).then_some(Refused::Other);
    let (accepted, refused) = send_all(&mut Batches::new(MANY, None, None), &mut queues(50_000, 10), too_many);
    assert!(refused <= 60, "{refused} of {}", accepted.len());
}

#[test]
fn one_event_that_is_refused_makes_only_its_own_batch_smaller() {
    for refusal in [Refused::TooLarge, Refused::Other] {
        for bad in [1, 2, 500, 999, 1_000, 1_333] {
            let has_bad =
                |events: &[Arc<LoggedEvent>]| events.iter().any(|event| event.seq.get() == bad).then_some(refusal);
            let (accepted, refused) = send_all(&mut Batches::new(MANY, None, None), &mut queues(4_000, 10), has_bad);
            assert_eq!(accepted.iter().sum::<usize>(), 3_999);
            assert!(
                refused <= 11 && accepted.len() <= 3 + 11,
                "{bad}: {refused}, {accepted:?}"
            );
        }
    }
}

#[test]
fn separators_count() {
    let limits = BatchLimits { events: 100, ..LIMITS };
    let mut batches = Batches::new(limits, None, None);
    let last = close(&mut batches, &queues(100, 9), Instant::now()).unwrap().last;
    assert_eq!(last, Seq::new(10), "100 bytes, with what stands between them");
}

#[test]
fn a_batch_from_before_follows_lower_limits() {
    let at_once = BatchLimits {
        at_once: true,
        ..LIMITS
    };
    let mut batches = Batches::new(at_once, Some(batch(1, 7)), None);
    assert_eq!(batches.shorten(&queues(4, 1)), None, "no more was read yet");
    assert_eq!(batches.shorten(&queues(5, 1)), Some(batch(1, 4)));
    assert_eq!(batches.stored(), None, "it is to be stored");
    batches.was_stored(Some(batch(1, 4)));
    batches.sent(&queues(5, 1), Instant::now());
    batches.ended();
    let mut batches = Batches::new(at_once, Some(batch(1, 4)), None);
    assert_eq!(batches.shorten(&queues(9, 1)), None, "it fits");
    let mut batches = Batches::new(LIMITS, Some(batch(1, 7)), None);
    assert_eq!(batches.shorten(&queues(9, 1)), None, "not in a bucket");
}

#[test]
fn a_batch_from_before_is_measured_from_its_own_first_event() {
    let at_once = BatchLimits {
        at_once: true,
        ..LIMITS
    };
    let mut batches = Batches::new(at_once, Some(batch(3, 6)), None);
    assert_eq!(
        batches.shorten(&queues(9, 1)),
        None,
        "two that failed alone wait before it"
    );
    let mut batches = Batches::new(at_once, Some(batch(9, 9)), None);
    assert_eq!(batches.shorten(&queues(9, 1)), None);
    let mut batches = Batches::new(at_once, Some(batch(3, 9)), None);
    assert_eq!(batches.shorten(&queues(9, 1)), Some(batch(3, 6)));
}

#[test]
fn a_batch_that_was_kept_goes_on_where_it_was() {
    let (whole, single) = (batch(1, 4), batch(2, 2));
    // An endpoint gets the whole batch again, and it fails as often as any other before single events are tried.
    let at_once = BatchLimits {
        at_once: true,
        ..LIMITS
    };
    let mut batches = Batches::new(at_once, Some(single), Some(whole));
    assert_eq!((batches.stored(), batches.kept()), (Some(whole), None));
    batches.sent(&queues(0, 1), Instant::now());
    batches.fail(1, true);
    assert!(batches.is_repeated() && !batches.tries_one());
    // Of S3, the single event may be an object already.
    let mut batches = Batches::new(LIMITS, Some(single), Some(whole));
    assert_eq!((batches.stored(), batches.kept()), (Some(single), Some(whole)));
    assert!(batches.tries_one() && !batches.is_repeated());
    batches.sent(&queues(0, 1), Instant::now());
    assert_eq!(batches.resume(), Some(whole));
    let mut batches = Batches::new(LIMITS, Some(single), Some(whole));
    batches.sent(&queues(0, 1), Instant::now());
    assert_eq!(batches.accept(1), Some(whole), "the destination works: it is given up");
}

use proptest::prelude::*;

use super::*;

const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_ms(seconds * 1000)
}

fn failing(since: i64) -> StreamSeen {
    StreamSeen::Failing { since: at(since) }
}

fn trouble(since: i64, raised_at: Option<i64>, calm_since: Option<i64>) -> StreamTrouble {
    StreamTrouble {
        since: at(since),
        raised_at: raised_at.map(at),
        calm_since: calm_since.map(at),
    }
}

#[test]
fn a_stream_that_refuses_fails_when_two_events_were_refused() {
    let seen = |events| {
        StreamSeen::from(&StreamHealth::Refusing {
            since: at(7),
            reason: "Answered 422.".into(),
            events,
            waiting: 0,
        })
    };
    assert_eq!(seen(1), StreamSeen::Working);
    assert_eq!((seen(2), seen(900)), (failing(7), failing(7)));
}

#[test]
fn each_row_of_the_table() {
    let minutes = FailingMinutes::new(10).unwrap();
    let (noted, raised) = (trouble(0, None, None), trouble(0, Some(600), None));
    let (calm, raised_calm) = (trouble(0, None, Some(700)), trouble(0, Some(600), Some(700)));
    let end = StreamStep::End {
        since: at(0),
        failed_for: Duration::from_secs(700),
    };
    use StreamSeen::{Starting, Stopped, Working};
    use StreamStep::{Forget, Leave, Note, Raise};
    for (stored, seen, now, expected) in [
        // Nothing was wrong so far.
        (None, Working, 900, Leave),
        (None, Starting, 900, Leave),
        (None, Stopped, 900, Leave),
        (None, failing(0), 599, Note(noted)),
        (None, failing(0), 600, Raise(trouble(0, Some(600), None))),
        // It has been failing, not for long.
        (Some(noted), failing(0), 599, Leave),
        (Some(noted), failing(500), 600, Raise(trouble(0, Some(600), None))),
        (Some(noted), Working, 700, Note(calm)),
        (Some(noted), Starting, 900, Leave),
        (Some(noted), Stopped, 900, Forget),
        // It works again since 700.
        (Some(calm), Working, 759, Leave),
        (Some(calm), Working, 760, Forget),
        (Some(calm), failing(710), 711, Raise(trouble(0, Some(711), None))),
        // It was notified.
        (Some(raised), failing(0), 6_000, Leave),
        (Some(raised), Working, 700, Note(raised_calm)),
        (Some(raised), Starting, 900, Leave),
        (Some(raised), Stopped, 900, Leave),
        (Some(raised_calm), failing(710), 711, Note(raised)),
        (Some(raised_calm), Working, 759, Leave),
        (Some(raised_calm), Working, 760, end),
        (Some(raised_calm), Starting, 900, Leave),
        (Some(raised_calm), Stopped, 900, Leave),
    ] {
        assert_eq!(
            step_stream(stored, seen, minutes, at(now)),
            expected,
            "{stored:?} {seen:?} {now}"
        );
    }
}

#[test]
fn a_stream_that_flaps_is_told_once_and_recovers_once() {
    let minutes = FailingMinutes::new(2).unwrap();
    let (mut stored, mut told) = (None, Vec::new());
    for second in 0..1_000 {
        // It fails for 40 seconds of each minute until 600, then works.
        let minute = second / 60 * 60;
        let seen = if second < 600 && second % 60 < 40 {
            failing(minute)
        } else {
            StreamSeen::Working
        };
        let step = step_stream(stored, seen, minutes, at(second));
        match step {
            StreamStep::Leave => {}
            StreamStep::Note(trouble) => stored = Some(trouble),
            StreamStep::Raise(trouble) => {
                stored = Some(trouble);
                told.push((second, step));
            }
            StreamStep::End { .. } | StreamStep::Forget => {
                stored = None;
                told.push((second, step));
            }
        }
    }
    let raised = StreamStep::Raise(trouble(0, Some(120), None));
    let ended = StreamStep::End {
        since: at(0),
        failed_for: Duration::from_secs(580),
    };
    assert_eq!(told, [(120, raised), (640, ended)]);
}

#[test]
fn the_log_is_told_once_about_its_threshold() {
    let share = LogShare::new(80).unwrap();
    for (is_raised, percent, expected) in [
        (false, 79, LogStep::Leave),
        (false, 80, LogStep::Raise),
        (false, 140, LogStep::Raise),
        (true, 99, LogStep::Leave),
        (true, 76, LogStep::Leave),
        (true, 75, LogStep::End),
        (true, 0, LogStep::End),
    ] {
        assert_eq!(step_log(is_raised, percent, share), expected, "{is_raised} {percent}");
    }
}

fn any_seen() -> impl Strategy<Value = StreamSeen> {
    prop_oneof![
        (0_i64..100).prop_map(failing),
        Just(StreamSeen::Working),
        Just(StreamSeen::Starting),
        Just(StreamSeen::Stopped),
    ]
}

proptest! {
    #[test]
    fn a_look_that_is_repeated_tells_nothing_more(
        looks in proptest::collection::vec((any_seen(), 0_i64..120), 1..60),
        minutes in 1_u32..5,
    ) {
        let minutes = FailingMinutes::new(minutes).unwrap();
        let (mut stored, mut now, mut raised) = (None, 100, false);
        for (seen, pause) in looks {
            now += pause;
            let step = step_stream(stored, seen, minutes, at(now));
            match step {
                StreamStep::Leave => {}
                StreamStep::Note(trouble) => stored = Some(trouble),
                StreamStep::Raise(trouble) => {
                    prop_assert!(!raised, "raised twice");
                    (stored, raised) = (Some(trouble), true);
                }
                StreamStep::End { .. } => {
                    prop_assert!(raised, "recovered from nothing");
                    (stored, raised) = (None, false);
                }
                StreamStep::Forget => {
                    prop_assert!(!raised, "forgotten, although it was notified");
                    stored = None;
                }
            }
            let again = step_stream(stored, seen, minutes, at(now));
            prop_assert_eq!(again, StreamStep::Leave, "after {:?}", step);
        }
    }
}

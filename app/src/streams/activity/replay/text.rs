//! What is said about replays.

use std::time::Duration;

use domain::{
    Timestamp,
    view::{ReplayView, WaitName},
};

use crate::{
    model::text::{counted, grouped},
    ui::chart::duration_text,
};

/// The end of a range is shown, and sent, as its last moment.
const TICK: Duration = Duration::from_millis(1);

pub(super) fn last_moment(before: Timestamp) -> Timestamp {
    before.minus(TICK)
}

/// `412 of 1,204 events sent, 1 rejected`.
pub(super) fn progress_text(replay: &ReplayView) -> String {
    let rejected = match replay.refused {
        0 => String::new(),
        refused => format!(", {} rejected", grouped(refused)),
    };
    format!(
        "{} of {} sent{rejected}",
        grouped(replay.sent),
        counted(replay.total, "event")
    )
}

/// ` of type a, b,`; empty for every type. The first three are named.
pub(super) fn types_text(types: &[String]) -> String {
    const NAMED: usize = 3;
    match types {
        [] => String::new(),
        types if types.len() <= NAMED => format!(" of type {},", types.join(", ")),
        types => {
            let more = u64::try_from(types.len() - NAMED).unwrap_or(u64::MAX);
            let named = types.get(..NAMED).unwrap_or_default().join(", ");
            format!(" of type {named} or {} more,", grouped(more))
        }
    }
}

/// What a running replay does. `time` writes a moment.
pub(super) fn wait_text(replay: &ReplayView, time: impl Fn(Timestamp) -> String) -> String {
    let trouble = replay
        .trouble
        .as_deref()
        .unwrap_or("the destination does not accept events");
    match replay.waits_for {
        None => "Sending. The live stream has priority.".to_owned(),
        Some(WaitName::Inactive) => "Waiting: the destination is inactive.".to_owned(),
        Some(WaitName::Paused) => "Waiting until the stream is resumed.".to_owned(),
        Some(WaitName::StreamStarting) => "Waiting for the stream to start.".to_owned(),
        Some(WaitName::StreamRetrying) => {
            format!("Waiting until the destination accepts live events again: {trouble}.")
        }
        Some(WaitName::StreamBehind) => "Waiting until the stream has caught up: live events take priority.".to_owned(),
        Some(WaitName::Limited) => {
            "Sending as fast as the limits of the destination allow. The live stream has priority.".to_owned()
        }
        Some(WaitName::Trouble) => match replay.next_try_at {
            Some(at) => format!("{trouble}; next attempt at {}.", time(at)),
            None => format!("{trouble}; it is retried."),
        },
    }
}

/// `about 4.8 h`.
pub(super) fn estimate_text(seconds: u64) -> String {
    format!("about {}", duration_text(seconds.saturating_mul(1_000_000)))
}

/// How long the rest takes if it goes on as it did so far.
pub(super) fn time_left(replay: &ReplayView, now: Timestamp) -> Option<String> {
    let done = replay.sent.saturating_add(replay.refused);
    let left = replay.total.saturating_sub(done);
    // A limited replay makes progress.
    let waits = replay.waits_for.is_some_and(|wait| wait != WaitName::Limited);
    if waits || done == 0 || left == 0 {
        return None;
    }
    let elapsed = u64::try_from(now.since(replay.created_at).as_millis()).ok()?;
    let seconds = elapsed.saturating_mul(left) / done / 1_000;
    Some(format!("{} left", estimate_text(seconds.max(1))))
}

#[cfg(test)]
pub(super) mod tests {
    use domain::{ids::ReplayId, replay::ReplayState};

    use super::*;

    pub(in super::super) fn replay() -> ReplayView {
        ReplayView {
            id: ReplayId::new(7),
            state: ReplayState::Running,
            from: Timestamp::from_unix_ms(0),
            before: Timestamp::from_unix_ms(86_400_000),
            event_types: vec!["user_created".into()],
            warnings: Vec::new(),
            total: 1_204,
            sent: 412,
            refused: 1,
            waits_for: None,
            trouble: None,
            next_try_at: None,
            last_error: None,
            created_by: "root".into(),
            created_at: Timestamp::from_unix_ms(100_000_000),
            ended_at: None,
        }
    }

    #[test]
    fn progress_and_the_time_left_are_in_numbers() {
        assert_eq!(progress_text(&replay()), "412 of 1,204 events sent, 1 rejected");
        let now = Timestamp::from_unix_ms(100_041_300);
        assert_eq!(time_left(&replay(), now).as_deref(), Some("about 79.0 s left"));
        let waiting = ReplayView {
            waits_for: Some(WaitName::Paused),
            ..replay()
        };
        assert_eq!(time_left(&waiting, now), None);
        let limited = ReplayView {
            waits_for: Some(WaitName::Limited),
            ..replay()
        };
        assert_eq!(time_left(&limited, now), time_left(&replay(), now));
        assert_eq!(estimate_text(17_412), "about 4.8 h");
    }

    #[test]
    fn three_types_are_named_and_the_others_counted() {
        let types = |count: usize| (1..=count).map(|number| format!("t{number}")).collect::<Vec<_>>();
        assert_eq!(types_text(&types(0)), "");
        assert_eq!(types_text(&types(3)), " of type t1, t2, t3,");
        assert_eq!(types_text(&types(1_203)), " of type t1, t2, t3 or 1,200 more,");
    }

    #[test]
    fn each_wait_says_what_ends_it() {
        let text = |waits_for| {
            let replay = ReplayView {
                waits_for,
                trouble: Some("503 from server".into()),
                next_try_at: Some(Timestamp::from_unix_ms(0)),
                ..replay()
            };
            wait_text(&replay, |_| "10:42".to_owned())
        };
        assert_eq!(text(None), "Sending. The live stream has priority.");
        assert!(text(Some(WaitName::StreamRetrying)).ends_with("503 from server."));
        assert_eq!(text(Some(WaitName::Trouble)), "503 from server; next attempt at 10:42.");
        assert!(text(Some(WaitName::StreamBehind)).contains("live events take priority"));
        assert!(text(Some(WaitName::Limited)).contains("the limits of the destination"));
    }
}

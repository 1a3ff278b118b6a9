//! Replays: events of the log that are sent to a destination once more, beside its stream.
//!
//! A replay takes the events of a range of time, by the time that each event gives, as far as its own filter and those of
//! the destination admit them and they were in the log when it was started. What comes in later comes by the stream.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Field, FieldError, FieldErrors, Timestamp,
    activity::Counts,
    destination::{EventFilter, FilterKind},
    policy::Trouble,
};

/// Replays of a destination that are kept, the running one included.
pub const KEPT_REPLAYS: usize = 20;

/// A range of time, without its end, in which events were created. Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayRange {
    from: Timestamp,
    before: Timestamp,
}

impl ReplayRange {
    /// # Errors
    /// A [`FieldError`] on [`Field::CreatedBefore`] if there is no time between the two.
    pub fn new(from: Timestamp, before: Timestamp) -> Result<Self, FieldError> {
        if from < before {
            Ok(Self { from, before })
        } else {
            let rule = "The end of the range must be after its start";
            Err(FieldError::new(Field::CreatedBefore, rule))
        }
    }

    /// The first moment.
    pub const fn from(self) -> Timestamp {
        self.from
    }

    /// The first moment after the last.
    pub const fn before(self) -> Timestamp {
        self.before
    }
}

/// What is to be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayRequest {
    /// Which positions or times are replayed.
    pub range: ReplayRange,
    /// An allowlist beside the destination's own filters, which hold as well.
    pub types: EventFilter,
}

/// A replay as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayDraft {
    /// Created then or later: a time (RFC 3339), or a day in UTC.
    pub created_after: String,
    /// Created then or earlier: a time (RFC 3339), or a day in UTC, which counts whole. Empty for up to now.
    #[serde(default)]
    pub created_before: String,
    /// None chosen replays every type.
    #[serde(default)]
    pub event_types: Vec<String>,
}

impl ReplayDraft {
    /// # Errors
    /// Every field that breaks a rule. Whether the types are known is not decided here.
    pub fn parse(&self, now: Timestamp) -> Result<ReplayRequest, FieldErrors> {
        let mut errors = FieldErrors::default();
        let after = Timestamp::start_of(&self.created_after);
        let from = errors.collect(after.ok_or_else(|| no_moment(Field::CreatedAfter, "Start of the range")));
        let before = match self.created_before.as_str() {
            "" => Some(now),
            text => Timestamp::end_of(text),
        };
        let before = errors.collect(before.ok_or_else(|| no_moment(Field::CreatedBefore, "End of the range")));
        let types = errors.collect_all(EventFilter::parse(FilterKind::Allow, &self.event_types));
        let range = from.zip(before).map(|(from, before)| ReplayRange::new(from, before));
        let range = range.and_then(|range| errors.collect(range));
        match (range, types) {
            (Some(range), Some(types)) => Ok(ReplayRequest { range, types }),
            _ => Err(errors),
        }
    }
}

fn no_moment(field: Field, label: &str) -> FieldError {
    let rule = format!("{label} must be a time such as 2025-10-14T18:00:08Z, or a day such as 2025-10-14");
    FieldError::new(field, rule)
}

/// How long a replay of so many events takes if its requests take as long and hold as many events as those of the stream did, and
/// `in_flight` of them are sent at a time, and not more than `max_rate` per second; `None` if the stream delivered nothing.
pub fn estimate(events: u64, stream: &Counts, in_flight: u32, max_rate: Option<u32>) -> Option<Duration> {
    let (requests, usual) = (stream.latency.count(), stream.latency.percentile(50)?);
    let of_all = usual.as_micros().saturating_mul(requests.into());
    let one_by_one = of_all.saturating_mul(events.into()) / u128::from(stream.delivered.max(1));
    let side_by_side = one_by_one / u128::from(in_flight.max(1));
    let all_requests = u128::from(events).saturating_mul(requests.into()) / u128::from(stream.delivered.max(1));
    let at_rate = max_rate.map_or(0, |rate| {
        all_requests.saturating_mul(1_000_000) / u128::from(rate.max(1))
    });
    let micros = side_by_side.max(at_rate);
    Some(Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX)))
}

/// How far a replay has come. `sent` and `refused` may be less than `total` in the end: if the destination's filters were
/// changed meanwhile, or events have left the log while it was inactive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayProgress {
    /// Events to send, counted at the start.
    pub total: u64,
    /// Those that the destination has accepted.
    pub sent: u64,
    /// Those that it has rejected; they are parked.
    pub refused: u64,
}

/// Whether a replay is under way, and how it ended otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReplayStateName))]
pub enum ReplayState {
    Running,
    /// Everything was sent, or refused.
    Finished,
    Cancelled,
}

impl ReplayState {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the stored name of a state; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Finished, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// What a running replay waits for: the stream goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayWait {
    /// The destination is inactive.
    Inactive,
    /// The stream is paused.
    Paused,
    /// The stream is just being started.
    StreamStarting,
    /// The stream backs off.
    StreamRetrying(Trouble),
    /// The stream is catching up: it has this many log positions still to acknowledge.
    StreamBehind(u64),
    /// As many requests are in flight, or were sent in a second, as the settings of the destination allow.
    Limited,
    /// The replay itself has met with trouble.
    Trouble {
        trouble: Trouble,
        since: Timestamp,
        next_try_at: Timestamp,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_ms(1_772_000_000_000);

    fn draft(after: &str, before: &str) -> ReplayDraft {
        ReplayDraft {
            created_after: after.into(),
            created_before: before.into(),
            event_types: Vec::new(),
        }
    }

    #[test]
    fn an_estimate_follows_the_requests_of_the_stream() {
        let stream = |requests, delivered| {
            let mut counts = Counts {
                delivered,
                ..Counts::default()
            };
            (0..requests).for_each(|_| counts.latency.record(Duration::from_millis(400)));
            counts
        };
        assert_eq!(estimate(10, &stream(0, 0), 1, None), None);
        let one_each = estimate(40_968, &stream(50, 50), 1, None).unwrap();
        assert!((15_000..20_000).contains(&one_each.as_secs()), "{one_each:?}");
        let in_batches = estimate(40_968, &stream(5, 50), 1, None).unwrap();
        assert!((1_500..2_000).contains(&in_batches.as_secs()), "{in_batches:?}");
        let side_by_side = estimate(40_968, &stream(50, 50), 64, None).unwrap();
        assert_eq!(side_by_side.as_micros(), one_each.as_micros() / 64);
        assert!(estimate(u64::MAX, &stream(50, 1), 0, None).is_some());
        let limited = |rate| estimate(40_968, &stream(5, 50), 1, Some(rate)).unwrap();
        assert_eq!(limited(1), Duration::from_secs(4_096), "a tenth as many requests");
        assert_eq!(limited(10_000), in_batches, "the rate is not what limits");
    }

    #[test]
    fn a_day_counts_whole_and_no_end_is_now() {
        let range = draft("2026-02-01", "2026-02-02").parse(NOW).unwrap().range;
        let text = (range.from().to_string(), range.before().to_string());
        assert_eq!(text.0, "2026-02-01T00:00:00.000Z");
        assert_eq!(text.1, "2026-02-03T00:00:00.000Z");
        let open = draft("2026-02-01T00:00:00+01:00", "").parse(NOW).unwrap().range;
        assert_eq!(open.before(), NOW);
    }

    #[test]
    fn each_mistake_is_told_at_its_field() {
        let errors = draft("yesterday", "2026-02-30").parse(NOW).unwrap_err();
        assert!(errors.message_for(Field::CreatedAfter).unwrap().starts_with("Start of"));
        assert!(errors.message_for(Field::CreatedBefore).unwrap().starts_with("End of"));
        let backwards = draft("2026-02-03", "2026-02-01").parse(NOW).unwrap_err();
        assert_eq!(
            backwards.message_for(Field::CreatedBefore),
            Some("The end of the range must be after its start")
        );
        let unknown = ReplayDraft {
            event_types: vec![String::new()],
            ..draft("2026-02-01", "")
        };
        assert!(unknown.parse(NOW).unwrap_err().message_for(Field::EventTypes).is_some());
    }

    #[test]
    fn states_read_back_as_they_are_stored() {
        for state in [ReplayState::Running, ReplayState::Finished, ReplayState::Cancelled] {
            assert_eq!(ReplayState::parse(state.as_str()), Some(state));
        }
        assert_eq!(ReplayState::parse("paused"), None);
    }
}

//! The time range of the charts.

use domain::{
    Timestamp,
    activity::{Span, TimeRange},
};

#[cfg(feature = "ssr")]
use domain::activity::Minute;

/// Ranges shorter than this show nothing that a table of minutes would not.
const SHORTEST_MINUTES: i64 = 5;

/// Counts are kept for so many days.
const KEPT_DAYS: i64 = 8;

const MINUTE_MS: i64 = 60_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RangeChoice {
    /// Up to now.
    Last(Span),
    Between {
        from: Timestamp,
        before: Timestamp,
    },
}

impl RangeChoice {
    /// A range with a beginning and an end.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub(super) fn between(from: Timestamp, before: Timestamp, now: Timestamp) -> Result<Self, &'static str> {
        let minutes = before.unix_ms().saturating_sub(from.unix_ms()) / MINUTE_MS;
        if minutes < SHORTEST_MINUTES {
            return Err("The end must be at least 5 minutes after the start.");
        }
        if before.unix_ms() < now.unix_ms().saturating_sub(KEPT_DAYS * 24 * 60 * MINUTE_MS) {
            return Err("Counts are kept for 8 days. Choose a later time range.");
        }
        let choice = Self::Between { from, before };
        match TimeRange::between(from, before) {
            Some(_) => Ok(choice),
            None => Err("The range is too long. Choose at most 8 days."),
        }
    }

    /// `hour`, `day`, `week`, or the two moments with a slash between them.
    pub(super) fn as_text(self) -> String {
        match self {
            Self::Last(span) => span.as_str().to_owned(),
            Self::Between { from, before } => format!("{from}/{before}"),
        }
    }

    #[cfg(any(feature = "ssr", test))]
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(span) = Span::parse(text) {
            return Some(Self::Last(span));
        }
        let (from, before) = text.split_once('/')?;
        Some(Self::Between {
            from: Timestamp::parse(from).ok()?,
            before: Timestamp::parse(before).ok()?,
        })
    }

    /// `None` if there is no time between the two moments, or too much.
    #[cfg(feature = "ssr")]
    pub(super) fn time_range(self, now: Timestamp) -> Option<TimeRange> {
        match self {
            Self::Last(span) => Some(TimeRange::last(span, Minute::of(now))),
            Self::Between { from, before } => TimeRange::between(from, before),
        }
    }
}

/// `per minute`, `per 15 minutes`, `per hour`, `per day`.
pub(super) fn per_step(minutes: u32) -> String {
    match minutes {
        1 => "per minute".to_owned(),
        60 => "per hour".to_owned(),
        1_440 => "per day".to_owned(),
        minutes if minutes.is_multiple_of(60) => format!("per {} hours", minutes / 60),
        minutes => format!("per {minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_choice_reads_back_as_it_is_written() {
        let between = RangeChoice::Between {
            from: at("2026-03-24T10:00:00Z"),
            before: at("2026-03-24T12:30:00Z"),
        };
        for choice in Span::ALL.map(RangeChoice::Last).into_iter().chain([between]) {
            assert_eq!(RangeChoice::parse(&choice.as_text()), Some(choice));
        }
        assert_eq!(RangeChoice::parse("2026-03-24T10:00:00Z"), None);
    }

    #[test]
    fn a_range_that_can_t_be_shown_says_why() {
        let now = at("2026-03-24T12:00:00Z");
        let between = |from, before| RangeChoice::between(at(from), at(before), now);
        assert!(between("2026-03-24T10:00:00Z", "2026-03-24T10:05:00Z").is_ok());
        let mistakes = [
            ("2026-03-24T10:00:00Z", "2026-03-24T10:04:00Z", "5 minutes"),
            ("2026-03-24T10:00:00Z", "2026-03-23T10:00:00Z", "5 minutes"),
            ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "8 days"),
            ("1970-01-01T00:00:00Z", "2026-03-24T00:00:00Z", "too long"),
        ];
        for (from, before, message) in mistakes {
            assert!(
                between(from, before).is_err_and(|error| error.contains(message)),
                "{from} {before}"
            );
        }
    }

    #[test]
    fn the_length_of_a_point_is_in_the_unit_that_fits() {
        let texts = [1, 15, 60, 180, 1_440].map(per_step);
        assert_eq!(
            texts,
            ["per minute", "per 15 minutes", "per hour", "per 3 hours", "per day"]
        );
    }
}

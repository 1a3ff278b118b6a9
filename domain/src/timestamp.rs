//! Points in time as audit events write them: UTC, whole milliseconds, `2025-10-14T18:00:08.677Z`.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// Milliseconds since 1970-01-01T00:00:00Z, always within the years 0000 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

const A_DAY: Duration = Duration::from_secs(86_400);

/// Nothing is told apart below it.
const TICK: Duration = Duration::from_millis(1);

/// The text was no RFC 3339 date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an ISO 8601 date and time with a zone, for example 2025-10-14T18:00:08.677Z")]
pub struct InvalidTimestamp;

impl Timestamp {
    const EARLIEST_MS: i64 = -62_167_219_200_000;
    const LATEST_MS: i64 = 253_402_300_799_999;

    /// From milliseconds since the epoch; values outside the years 0000 to 9999 move to the nearest end.
    pub const fn from_unix_ms(unix_ms: i64) -> Self {
        if unix_ms < Self::EARLIEST_MS {
            Self(Self::EARLIEST_MS)
        } else if unix_ms > Self::LATEST_MS {
            Self(Self::LATEST_MS)
        } else {
            Self(unix_ms)
        }
    }

    /// Milliseconds since the epoch.
    pub const fn unix_ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Reads RFC 3339 in any zone; what is finer than a millisecond is cut off.
    ///
    /// # Errors
    /// [`InvalidTimestamp`] if the text is anything else, or its UTC year is not within 0000 to 9999.
    pub fn parse(text: &str) -> Result<Self, InvalidTimestamp> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InvalidTimestamp)?;
        let unix_ms = moment.unix_timestamp_nanos().div_euclid(1_000_000);
        match i64::try_from(unix_ms) {
            Ok(unix_ms) if (Self::EARLIEST_MS..=Self::LATEST_MS).contains(&unix_ms) => Ok(Self(unix_ms)),
            _ => Err(InvalidTimestamp),
        }
    }

    /// The first moment of a day, `2025-10-14` in UTC, or the moment itself.
    pub fn start_of(text: &str) -> Option<Self> {
        day(text).or_else(|| Self::parse(text).ok())
    }

    /// The first moment after a day, or after the moment itself.
    pub fn end_of(text: &str) -> Option<Self> {
        let day_after = day(text).map(|day| day.plus(A_DAY));
        let moment_after = || Self::parse(text).ok().map(|moment| moment.plus(TICK));
        day_after.or_else(moment_after)
    }

    /// This much later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let added_ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_unix_ms(self.0.saturating_add(added_ms))
    }

    /// That much earlier.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let taken_ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_unix_ms(self.0.saturating_sub(taken_ms))
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    fn to_utc(self) -> OffsetDateTime {
        let nanos = i128::from(self.0) * 1_000_000;
        OffsetDateTime::from_unix_timestamp_nanos(nanos)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
            .to_offset(UtcOffset::UTC)
    }
}

fn day(text: &str) -> Option<Timestamp> {
    Timestamp::parse(&format!("{text}T00:00:00Z")).ok()
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = self.to_utc();
        let (year, month, day) = (utc.year(), u8::from(utc.month()), utc.day());
        let (hour, minute, second, ms) = utc.to_hms_milli();
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z"
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_utc_with_milliseconds() {
        let moment = Timestamp::parse("2025-10-14T20:00:08.6779+02:00").unwrap();
        assert_eq!(moment.to_string(), "2025-10-14T18:00:08.677Z");
        assert_eq!(moment.unix_ms(), 1_760_464_808_677);
    }

    #[test]
    fn a_date_without_a_zone_is_refused() {
        for text in [
            "",
            "2025-10-14",
            "2025-10-14T18:00:08",
            "yesterday",
            "9999-12-31T23:59:59-23:00",
        ] {
            assert_eq!(Timestamp::parse(text), Err(InvalidTimestamp), "{text}");
        }
    }

    #[test]
    fn days_are_whole_and_moments_count_themselves() {
        let text = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
        for (given, start, end) in [
            ("2026-02-28", "2026-02-28T00:00:00.000Z", "2026-03-01T00:00:00.000Z"),
            (
                "2026-02-28T01:00:00+01:00",
                "2026-02-28T00:00:00.000Z",
                "2026-02-28T00:00:00.001Z",
            ),
        ] {
            assert_eq!(text(Timestamp::start_of(given)).as_deref(), Some(start));
            assert_eq!(text(Timestamp::end_of(given)).as_deref(), Some(end));
        }
        for bad in ["", "yesterday", "2026-02-30", "2026-02-28T00:00:00"] {
            assert_eq!(
                (Timestamp::start_of(bad), Timestamp::end_of(bad)),
                (None, None),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_clock_going_backwards_is_no_time_at_all() {
        assert_eq!(
            Timestamp::from_unix_ms(5).since(Timestamp::from_unix_ms(9)),
            Duration::ZERO
        );
    }

    proptest! {
        #[test]
        fn every_timestamp_reads_back_as_written(unix_ms in Timestamp::EARLIEST_MS..=Timestamp::LATEST_MS) {
            let moment = Timestamp::from_unix_ms(unix_ms);
            prop_assert_eq!(Timestamp::parse(&moment.to_string()), Ok(moment));
        }

        #[test]
        fn parsing_never_panics(text in ".*") {
            let _ignored: Result<Timestamp, InvalidTimestamp> = Timestamp::parse(&text);
        }
    }
}

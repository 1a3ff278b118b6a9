//! Points in time as audit events write them: UTC, whole milliseconds, `2025-10-14T18:00:08.677Z`.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// Milliseconds since 1970-01-01T00:00:00Z, always within the years 0000 to 9999. Serialized as RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

const A_DAY: Duration = Duration::from_secs(86_400);

/// Times that differ by less are equal.
const TICK: Duration = Duration::from_millis(1);

/// Unix times below it are in seconds (until the year 5138), from it on in milliseconds (since March 1973).
const FIRST_IN_MS: u64 = 100_000_000_000;

/// The text was no date and time.
/// A text that is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an ISO 8601 date and time with a zone, for example 2025-10-14T18:00:08.677Z, 2025-10-14 18:00+0200 or \
     20251014T180008Z"
)]
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

    /// The day in UTC, for example `2025-10-14`.
    pub fn date(self) -> String {
        self.to_string().chars().take(10).collect()
    }

    /// Reads ISO 8601 with a zone: RFC 3339, and beyond it without seconds, in basic format, with a comma before the fraction,
    /// with a space before the time or the zone, and with the zones `+0200`, `+02`, `UTC` and `GMT`. What is finer than a
    /// millisecond is cut off.
    ///
    /// # Errors
    /// [`InvalidTimestamp`] if the text is anything else, or its UTC year is not within 0000 to 9999.
    pub fn parse(text: &str) -> Result<Self, InvalidTimestamp> {
        Self::parse_rfc3339(text).or_else(|error| Self::parse_rfc3339(&as_rfc3339(text).ok_or(error)?))
    }

    /// Reads RFC 3339 alone.
    ///
    /// # Errors
    /// As [`Timestamp::parse`].
    pub(crate) fn parse_rfc3339(text: &str) -> Result<Self, InvalidTimestamp> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InvalidTimestamp)?;
        let unix_ms = moment.unix_timestamp_nanos().div_euclid(1_000_000);
        i64::try_from(unix_ms)
            .map_err(|_| InvalidTimestamp)
            .and_then(Self::within_years)
    }

    /// Reads a Unix time as JSON writes a number: seconds, perhaps with a fraction, or milliseconds. Numbers of twelve
    /// digits or more are milliseconds.
    ///
    /// # Errors
    /// [`InvalidTimestamp`] if the text is anything else, or its UTC year is not within 0000 to 9999.
    pub(crate) fn parse_unix(number: &str) -> Result<Self, InvalidTimestamp> {
        let (is_negative, digits) = number
            .strip_prefix('-')
            .map_or((false, number), |digits| (true, digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        if ![whole, fraction].iter().all(|part| is_digits(part)) {
            return Err(InvalidTimestamp);
        }
        let whole: u64 = whole.parse().map_err(|_| InvalidTimestamp)?;
        let ms = if whole < FIRST_IN_MS {
            let thousandths = fraction.bytes().chain(*b"00").take(3);
            let fraction_ms = thousandths.fold(0, |ms, digit| ms * 10 + u64::from(digit - b'0'));
            whole * 1_000 + fraction_ms
        } else {
            whole
        };
        let ms = i64::try_from(ms).map_err(|_| InvalidTimestamp)?;
        Self::within_years(if is_negative { -ms } else { ms })
    }

    fn within_years(unix_ms: i64) -> Result<Self, InvalidTimestamp> {
        let is_within = (Self::EARLIEST_MS..=Self::LATEST_MS).contains(&unix_ms);
        is_within.then_some(Self(unix_ms)).ok_or(InvalidTimestamp)
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

/// Another form of ISO 8601 as RFC 3339; whether the numbers make sense is for its parser to say.
fn as_rfc3339(text: &str) -> Option<String> {
    let (year, rest) = digits(text, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-').unwrap_or(rest), 2)?;
    let (day, rest) = digits(rest.strip_prefix('-').unwrap_or(rest), 2)?;
    let (hour, rest) = digits(rest.strip_prefix(['T', 't', ' '])?, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':').unwrap_or(rest), 2)?;
    let (second, rest) = digits(rest.strip_prefix(':').unwrap_or(rest), 2).unwrap_or(("00", rest));
    let (fraction, zone) = match rest.strip_prefix(['.', ',']) {
        Some(rest) => rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count()),
        None => ("0", rest),
    };
    let zone = zone_of(zone.strip_prefix(' ').unwrap_or(zone))?;
    Some(format!(
        "{year}-{month}-{day}T{hour}:{minute}:{second}.{fraction}{zone}"
    ))
}

fn zone_of(text: &str) -> Option<String> {
    if ["Z", "UTC", "GMT"].iter().any(|utc| text.eq_ignore_ascii_case(utc)) {
        return Some("Z".to_owned());
    }
    let (sign, rest) = text
        .split_at_checked(1)
        .filter(|(sign, _)| matches!(*sign, "+" | "-"))?;
    let (hour, rest) = digits(rest, 2)?;
    let minute = match rest {
        "" => "00",
        rest => {
            digits(rest.strip_prefix(':').unwrap_or(rest), 2)
                .filter(|(_, end)| end.is_empty())?
                .0
        }
    };
    Some(format!("{sign}{hour}:{minute}"))
}

/// So many digits, and what follows them.
fn digits(text: &str, count: usize) -> Option<(&str, &str)> {
    text.split_at_checked(count).filter(|(digits, _)| is_digits(digits))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
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

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).map_err(de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};

    use super::Timestamp;

    impl utoipa::PartialSchema for Timestamp {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
                .examples(["2025-10-14T18:00:08.677Z"])
                .into()
        }
    }

    impl utoipa::ToSchema for Timestamp {
        fn name() -> std::borrow::Cow<'static, str> {
            "Moment".into()
        }
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
    fn every_common_form_of_the_same_moment_is_read() {
        for text in [
            "2025-10-14T18:00:08.677Z",
            "2025-10-14t18:00:08.677z",
            "2025-10-14T18:00:08,677Z",
            "2025-10-14T20:00:08.677+0200",
            "2025-10-14T20:00:08.677+02",
            "2025-10-14 18:00:08.677 UTC",
            "2025-10-14 18:00:08.677 +0000",
            "2025-10-14 13:30:08.677 -0430",
            "20251014T180008.677Z",
            "20251014T200008,677+0200",
            "20251014T180008.677 GMT",
        ] {
            let read = Timestamp::parse(text).map(|moment| moment.to_string());
            assert_eq!(read.as_deref(), Ok("2025-10-14T18:00:08.677Z"), "{text}");
        }
        for text in [
            "2025-10-14T18:00Z",
            "2025-10-14 20:00+02:00",
            "20251014T1800Z",
            "20251014T1800 UTC",
        ] {
            let read = Timestamp::parse(text).map(|moment| moment.to_string());
            assert_eq!(read.as_deref(), Ok("2025-10-14T18:00:00.000Z"), "{text}");
        }
    }

    #[test]
    fn unix_times_are_seconds_or_milliseconds() {
        for (number, expected) in [
            ("1760464808", "2025-10-14T18:00:08.000Z"),
            ("1760464808.6779", "2025-10-14T18:00:08.677Z"),
            ("1760464808.5", "2025-10-14T18:00:08.500Z"),
            ("1760464808677", "2025-10-14T18:00:08.677Z"),
            ("0", "1970-01-01T00:00:00.000Z"),
            ("-1", "1969-12-31T23:59:59.000Z"),
            ("99999999999", "5138-11-16T09:46:39.000Z"),
            ("100000000000", "1973-03-03T09:46:40.000Z"),
        ] {
            let read = Timestamp::parse_unix(number).map(|moment| moment.to_string());
            assert_eq!(read.as_deref(), Ok(expected), "{number}");
        }
        for number in [
            "",
            "-",
            "1.",
            ".5",
            "1e9",
            "1.5e3",
            "+1",
            "0x1",
            "1760464808677000000",
            "99999999999999999999",
        ] {
            assert_eq!(Timestamp::parse_unix(number), Err(InvalidTimestamp), "{number}");
        }
    }

    #[test]
    fn a_date_without_a_zone_is_refused() {
        for text in [
            "",
            "2025-10-14",
            "2025-10-14T18:00:08",
            "yesterday",
            "9999-12-31T23:59:59-23:00",
            "2025-10-14T18:00",
            "20251014T180008",
            "2025-10-14T18Z",
            "2025-10-14T18:00:08.677Z ",
            "2025-10-14T18:00:08.Z",
            "2025-10-14T18:00:08+020",
            "2025-10-14T18:00:08+02:0000",
            "2025-13-14T18:00Z",
            "20251014T2500Z",
            "20251014",
            "1760464808",
            "2025-10-14T18:00:08 CET",
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
        fn parsing_never_panics(text in prop_oneof![".*", "[0-9TZ:+., -]{0,40}"]) {
            let _ignored: Result<Timestamp, InvalidTimestamp> = Timestamp::parse(&text);
            let _ignored: Result<Timestamp, InvalidTimestamp> = Timestamp::parse_unix(&text);
        }
    }
}

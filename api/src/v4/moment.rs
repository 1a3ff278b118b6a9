//! Dates and times in parameters, parsed like GitLab does, with Ruby's `DateTime.parse`.
//!
//! Accepted are ISO 8601 in its extended and basic forms, with a day alone, without seconds, with a comma before the fraction, and
//! with a zone as `Z`, `UTC`, `GMT` or an offset with or without a colon and a space; and RFC 2822 and HTTP dates. A time without a
//! zone is in UTC. The `+` of an offset that was not escaped in the URL arrives as a space, and is read as `+`.

use domain::Timestamp;

/// Parses a time.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let (date, rest) = date(text)?;
    let (time, rest) = match time_after(rest) {
        Some(time) => time,
        None if rest.trim().is_empty() => (Time::MIDNIGHT, ""),
        None => return None,
    };
    let zone = zone(rest)?;
    let Time {
        hour,
        minute,
        second,
        fraction,
    } = time;
    Timestamp::parse(&format!("{date}T{hour}:{minute}:{second}{fraction}{zone}")).ok()
}

/// A time of day, each part in the format of RFC 3339.
struct Time<'text> {
    hour: &'text str,
    minute: &'text str,
    second: &'text str,
    /// With the decimal point; empty without a fraction.
    fraction: String,
}

impl Time<'_> {
    const MIDNIGHT: Self = Self {
        hour: "00",
        minute: "00",
        second: "00",
        fraction: String::new(),
    };
}

/// The date at the start, in the format of RFC 3339, and the rest of the text.
fn date(text: &str) -> Option<(String, &str)> {
    let (year, rest) = match digits(text, 4) {
        Some(year) => year,
        None => return date_in_words(text),
    };
    let separator = ['-', '/'].into_iter().find(|separator| rest.starts_with(*separator));
    let (month, rest) = digits(after(rest, separator)?, 2)?;
    let (day, rest) = digits(after(rest, separator)?, 2)?;
    // `20260228010000` is a date and a time without a separator, which is not supported.
    let is_over = !rest.starts_with(|next: char| next.is_ascii_digit());
    is_over.then(|| (format!("{year}-{month}-{day}"), rest))
}

/// `Sat, 28 Feb 2026`, as in RFC 2822 and HTTP.
fn date_in_words(text: &str) -> Option<(String, &str)> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let text = match text.split_once(',') {
        Some((weekday, rest)) if weekday.chars().all(char::is_alphabetic) => rest.trim_start(),
        _ => text,
    };
    let (day, rest) = digits(text, 2).or_else(|| digits(text, 1))?;
    let rest = rest.strip_prefix([' ', '-'])?;
    let (name, rest) = rest.split_at_checked(3)?;
    let month = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))? + 1;
    let (year, rest) = digits(rest.strip_prefix([' ', '-'])?, 4)?;
    Some((format!("{year}-{month:02}-{day:0>2}"), rest))
}

/// The time after a date, and the rest of the text.
fn time_after(text: &str) -> Option<(Time<'_>, &str)> {
    let text = text.strip_prefix(['T', 't', ' '])?.trim_start();
    let (hour, rest) = digits(text, 2)?;
    let colon = rest.starts_with(':').then_some(':');
    let Some((minute, rest)) = after(rest, colon).and_then(|rest| digits(rest, 2)) else {
        // An hour alone; a colon requires a minute.
        return colon.is_none().then_some((Time { hour, ..Time::MIDNIGHT }, rest));
    };
    let seconds = after(rest, colon).and_then(|rest| digits(rest, 2));
    let Some((second, rest)) = seconds else {
        return Some((
            Time {
                hour,
                minute,
                ..Time::MIDNIGHT
            },
            rest,
        ));
    };
    let (fraction, rest) = fraction(rest)?;
    let time = Time {
        hour,
        minute,
        second,
        fraction,
    };
    Some((time, rest))
}

fn fraction(text: &str) -> Option<(String, &str)> {
    let Some(digits) = text.strip_prefix(['.', ',']) else {
        return Some((String::new(), text));
    };
    let end = digits.find(|next: char| !next.is_ascii_digit()).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at_checked(end)?;
    (!digits.is_empty()).then(|| (format!(".{digits}"), rest))
}

/// The rest of the text as a zone, in the format of RFC 3339.
fn zone(text: &str) -> Option<String> {
    let is_apart = text.starts_with(' ');
    let text = text.trim();
    if text.is_empty() || ["Z", "UTC", "GMT"].iter().any(|name| name.eq_ignore_ascii_case(text)) {
        return Some("Z".to_owned());
    }
    let (sign, offset) = match text.strip_prefix('-') {
        Some(offset) => ('-', offset),
        None => ('+', text.strip_prefix('+').or_else(|| is_apart.then_some(text))?),
    };
    let (hours, rest) = digits(offset, 2)?;
    let minutes = match rest.strip_prefix(':').unwrap_or(rest) {
        "" if rest.is_empty() => "00",
        minutes => digits(minutes, 2).filter(|(_, rest)| rest.is_empty())?.0,
    };
    Some(format!("{sign}{hours}:{minutes}"))
}

/// A number of digits at the start, and the rest of the text.
fn digits(text: &str, count: usize) -> Option<(&str, &str)> {
    let (digits, rest) = text.split_at_checked(count)?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some((digits, rest))
}

fn after(text: &str, separator: Option<char>) -> Option<&str> {
    match separator {
        Some(separator) => text.strip_prefix(separator),
        None => Some(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_read_as_rubys_datetime_reads_them() {
        let midnight = "2026-02-28T00:00:00.000Z";
        let one = "2026-02-28T01:00:00.000Z";
        for (given, read) in [
            ("2026-02-28", midnight),
            ("2026/02/28", midnight),
            ("20260228", midnight),
            (" 2026-02-28 ", midnight),
            ("2026-02-28T01:00:00", one),
            ("2026-02-28t01:00:00z", one),
            ("2026-02-28 01:00", one),
            ("2026-02-28T01", one),
            ("2026-02-28T01:00Z", one),
            ("2026-02-28T0100", one),
            ("20260228T010000Z", one),
            ("20260228T0100+0000", one),
            ("2026-02-28T01:00:00 UTC", one),
            ("2026-02-28 01:00:00 utc", one),
            ("2026-02-28T01:00:00GMT", one),
            ("2026-02-28 01:00:00 +0000", one),
            ("2026-02-28T03:00:00+0200", one),
            ("2026-02-28T03:00:00+02:00", one),
            ("2026-02-28T03:00:00+02", one),
            ("2026-02-28T03:00:00 +02:00", one),
            ("2026-02-28T03:00:00 02:00", one),
            ("2026-02-28T03:00:00 0200", one),
            ("2026-02-28T03:00 02:00", one),
            ("2026-02-27T20:30:00-0430", one),
            ("2026-02-27T20:30:00 -04:30", one),
            ("Sat, 28 Feb 2026 01:00:00 GMT", one),
            ("Sat, 28 Feb 2026 03:00:00 +0200", one),
            ("28 feb 2026 01:00", one),
            ("1-Mar-2026", "2026-03-01T00:00:00.000Z"),
            ("2026-02-28 01:00:00.5", "2026-02-28T01:00:00.500Z"),
            ("2026-02-28T01:00:00,25Z", "2026-02-28T01:00:00.250Z"),
            ("2026-02-28T01:00:00.123456789Z", "2026-02-28T01:00:00.123Z"),
        ] {
            let moment = moment(given).map(|moment| moment.to_string());
            assert_eq!(moment.as_deref(), Some(read), "{given}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for bad in [
            "",
            "soon",
            "2026",
            "2026-02",
            "2026-02-30",
            "2026-13-01",
            "2026-02-28T",
            "2026-02-28T25:00:00",
            "2026-02-28T01:",
            "2026-02-28T01:00:",
            "2026-02-28T01:00:00.",
            "2026-02-28T01:00:00 soon",
            "2026-02-28T01:00:00 0",
            "2026-02-28T01:00:00+",
            "2026-02-28T01:00:00+2",
            "2026-02-28T01:00:00+02:",
            "2026-02-28T01:00:00+02:00 x",
            "2026-02-28 Z",
            "20260228010000",
            "2026-0228",
            "28 Fev 2026",
            "Sat, 28 2026",
            "1760464808",
        ] {
            assert_eq!(moment(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC*") {
            let _: Option<Timestamp> = moment(&text);
        }

        #[test]
        fn what_is_printed_is_read_with_its_plus_escaped_or_not(unix_ms in 0_i64..4_000_000_000_000, hours in 0_i64..14) {
            let expected = Timestamp::from_unix_ms(unix_ms / 1000 * 1000);
            let local = Timestamp::from_unix_ms(expected.unix_ms() + hours * 3_600_000).to_string();
            let local = local.strip_suffix(".000Z").unwrap();
            for zone in [format!("+{hours:02}:00"), format!("+{hours:02}00"), format!(" {hours:02}:00"), format!(" +{hours:02}00")] {
                prop_assert_eq!(moment(&format!("{local}{zone}")), Some(expected));
            }
            let basic = expected.to_string().replace(['-', ':'], "");
            prop_assert_eq!(moment(&basic), Some(expected));
        }
    }
}

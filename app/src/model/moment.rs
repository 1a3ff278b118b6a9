//! Points in time as the page writes them.

use domain::Timestamp;

use super::text::quantity;

const MINUTE_MS: i64 = 60_000;

/// Where the reader is in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewpoint {
    pub now: Timestamp,
    /// Minutes that the reader's zone is ahead of UTC.
    pub offset_minutes: i32,
}

/// `2026-03-03 10:42:07 UTC`: what the server writes, since it does not know the reader's zone.
pub fn utc_text(moment: Timestamp) -> String {
    format!("{} UTC", date_and_time(moment))
}

/// `2026-03-03 11:42:07 +01:00`: the same moment in the reader's zone.
pub fn local_text(moment: Timestamp, offset_minutes: i32) -> String {
    format!(
        "{} {}",
        date_and_time(shifted(moment, offset_minutes)),
        zone_text(offset_minutes)
    )
}

/// `2026-03-03 11:42`: as a reader types it.
pub fn local_minutes(moment: Timestamp, offset_minutes: i32) -> String {
    to_minute(&date_and_time(shifted(moment, offset_minutes))).to_owned()
}

/// `UTC+01:00`.
pub fn zone_name(offset_minutes: i32) -> String {
    format!("UTC{}", zone_text(offset_minutes))
}

/// `11:42:07`, with the date before it unless that is today, and with the zone if it is not that of the viewpoint. All of it in
/// UTC when the reader's zone is not known.
pub fn row_text(moment: Timestamp, offset_minutes: i32, viewpoint: Option<Viewpoint>) -> String {
    let Some(viewpoint) = viewpoint else {
        return date_and_time(moment);
    };
    let local = date_and_time(shifted(moment, offset_minutes));
    let today = date_and_time(shifted(viewpoint.now, viewpoint.offset_minutes));
    let zone = match offset_minutes == viewpoint.offset_minutes {
        true => String::new(),
        false => format!(" {}", zone_text(offset_minutes)),
    };
    match (local.split_once(' '), today.split_once(' ')) {
        (Some((day, time)), Some((this_day, _))) if day == this_day => format!("{time}{zone}"),
        _ => format!("{local}{zone}"),
    }
}

/// `3 min ago`, `in 2 h`: how far a moment is from now.
pub fn distance_text(moment: Timestamp, now: Timestamp) -> String {
    let length = |from: Timestamp, to: Timestamp| {
        let seconds = to.since(from).as_secs();
        match seconds {
            0..=99 => format!("{seconds} s"),
            100..=5_999 => format!("{} min", seconds / 60),
            6_000..=172_799 => format!("{} h", seconds / 3_600),
            _ => format!("{} d", seconds / 86_400),
        }
    };
    if moment > now {
        format!("in {}", length(now, moment))
    } else {
        format!("{} ago", length(moment, now))
    }
}

/// `10:42`, with the date before it unless that is today; in UTC and saying so when the reader's zone is not known.
pub fn clock_text(moment: Timestamp, viewpoint: Option<Viewpoint>) -> String {
    let Some(viewpoint) = viewpoint else {
        return format!("{} UTC", to_minute(&date_and_time(moment)));
    };
    let local = date_and_time(shifted(moment, viewpoint.offset_minutes));
    let today = date_and_time(shifted(viewpoint.now, viewpoint.offset_minutes));
    match (local.split_once(' '), today.split_once(' ')) {
        (Some((day, time)), Some((this_day, _))) if day == this_day => to_minute(time).to_owned(),
        _ => to_minute(&local).to_owned(),
    }
}

/// `38 s`, `4 min`, `2 h`: how long it is until `moment`; None when it has come.
pub fn until_text(moment: Timestamp, now: Timestamp) -> Option<String> {
    let milliseconds = u64::try_from(moment.since(now).as_millis()).unwrap_or(u64::MAX);
    let seconds = milliseconds.div_ceil(1_000);
    match seconds {
        0 => None,
        1..=99 => Some(quantity(seconds, "s")),
        100..=5_999 => Some(quantity(seconds.div_ceil(60), "min")),
        _ => Some(quantity(seconds.div_ceil(3_600), "h")),
    }
}

fn shifted(moment: Timestamp, offset_minutes: i32) -> Timestamp {
    Timestamp::from_unix_ms(moment.unix_ms().saturating_add(i64::from(offset_minutes) * MINUTE_MS))
}

fn date_and_time(moment: Timestamp) -> String {
    let text = moment.to_string();
    let whole_seconds = text.split_once('.').map_or(text.as_str(), |(start, _)| start);
    whole_seconds.replacen('T', " ", 1)
}

fn to_minute(text: &str) -> &str {
    text.rsplit_once(':').map_or(text, |(start, _)| start)
}

fn zone_text(offset_minutes: i32) -> String {
    let sign = if offset_minutes < 0 { '-' } else { '+' };
    let minutes = offset_minutes.unsigned_abs();
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn the_zone_always_stands_beside_the_time() {
        let moment = at("2026-03-03T23:42:07.677Z");
        assert_eq!(utc_text(moment), "2026-03-03 23:42:07 UTC");
        assert_eq!(local_text(moment, 60), "2026-03-04 00:42:07 +01:00");
        assert_eq!(local_text(moment, -210), "2026-03-03 20:12:07 -03:30");
    }

    #[test]
    fn today_needs_no_date() {
        let viewpoint = Viewpoint {
            now: at("2026-03-03T12:00:00Z"),
            offset_minutes: 60,
        };
        assert_eq!(clock_text(at("2026-03-03T09:42:59Z"), Some(viewpoint)), "10:42");
        assert_eq!(
            clock_text(at("2026-03-02T09:42:59Z"), Some(viewpoint)),
            "2026-03-02 10:42"
        );
        assert_eq!(clock_text(at("2026-03-03T09:42:59Z"), None), "2026-03-03 09:42 UTC");
    }

    #[test]
    fn a_row_leaves_out_what_its_head_says() {
        let viewpoint = Viewpoint {
            now: at("2026-03-03T12:00:00Z"),
            offset_minutes: 60,
        };
        let text = |moment: &str, offset| row_text(at(moment), offset, Some(viewpoint));
        assert_eq!(text("2026-03-03T09:42:59.5Z", 60), "10:42:59");
        assert_eq!(text("2026-03-02T09:42:59Z", 60), "2026-03-02 10:42:59");
        assert_eq!(text("2026-07-02T09:42:59Z", 120), "2026-07-02 11:42:59 +02:00");
        assert_eq!(row_text(at("2026-03-03T09:42:59Z"), 60, None), "2026-03-03 09:42:59");
        assert_eq!(local_minutes(at("2026-03-03T09:42:59Z"), 60), "2026-03-03 10:42");
        assert_eq!(zone_name(-210), "UTC-03:30");
    }

    #[test]
    fn distances_are_rounded_down() {
        let now = at("2026-03-03T12:00:00Z");
        for (moment, text) in [
            ("2026-03-03T11:59:21Z", "39 s ago"),
            ("2026-03-03T11:42:00Z", "18 min ago"),
            ("2026-03-03T02:00:00Z", "10 h ago"),
            ("2026-02-01T12:00:00Z", "30 d ago"),
            ("2026-03-03T12:00:05Z", "in 5 s"),
        ] {
            assert_eq!(distance_text(at(moment), now), text);
        }
    }

    #[test]
    fn the_wait_is_in_the_unit_that_fits() {
        let now = at("2026-03-03T12:00:00Z");
        for (moment, text) in [
            ("2026-03-03T12:00:37.100Z", Some("38 s")),
            ("2026-03-03T12:04:00Z", Some("4 min")),
            ("2026-03-03T15:00:00Z", Some("3 h")),
            ("2026-03-03T12:00:00Z", None),
            ("2026-03-03T11:00:00Z", None),
        ] {
            assert_eq!(
                until_text(at(moment), now)
                    .map(|text| text.replace('\u{a0}', " "))
                    .as_deref(),
                text,
                "{moment}"
            );
        }
    }
}

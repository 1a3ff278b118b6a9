//! The range of time of a filter: relative, or from one moment to another.

use domain::Timestamp;

/// The ranges that are one click away, with their names in the address.
pub const RANGES: [(&str, &str); 6] = [
    ("last_15_minutes", "Last 15 minutes"),
    ("last_hour", "Last hour"),
    ("last_24_hours", "Last 24 hours"),
    ("last_7_days", "Last 7 days"),
    ("last_14_days", "Last 14 days"),
    ("this_month", "This month"),
];

/// The label of the Log without a range of time.
pub const ALL_TIME: &str = "All time";

/// The label of a range; `None` if there is no such range.
pub fn range_label(range: &str) -> Option<&'static str> {
    RANGES.iter().find(|(name, _)| *name == range).map(|(_, label)| *label)
}

/// The first moment of a day (`2026-03-01`), or a moment (`2026-03-01T10:00Z`). Without a zone it is one of UTC.
pub fn start(text: &str) -> Option<Timestamp> {
    Timestamp::start_of(&with_zone(text))
}

/// The end of a day, or a moment.
pub fn end(text: &str) -> Option<Timestamp> {
    let text = with_zone(text);
    if is_day(&text) {
        Timestamp::end_of(&text)
    } else {
        Timestamp::start_of(&text)
    }
}

/// Whether a text is as long as a day, such as `2026-11-30`.
pub fn is_day(text: &str) -> bool {
    text.len() == 10
}

/// Whether it is a day and a time without a zone, as the reader types it.
pub fn is_local(text: &str) -> bool {
    let is_time =
        |time: &str| time.len() >= 5 && time.bytes().all(|byte| byte.is_ascii_digit() || b":.".contains(&byte));
    matches!(text.split_once(['T', ' ']), Some((day, time)) if is_day(day) && is_time(time))
}

fn with_zone(text: &str) -> String {
    let text = text.trim();
    if is_local(text) {
        format!("{}Z", text.replacen(' ', "T", 1))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(moment: Option<Timestamp>) -> String {
        moment.map_or_else(String::new, |moment| moment.to_string())
    }

    #[test]
    fn a_day_is_whole_and_a_moment_is_a_moment() {
        assert_eq!(text(start("2026-02-28")), "2026-02-28T00:00:00.000Z");
        assert_eq!(text(end("2026-02-28")), "2026-03-01T00:00:00.000Z");
        for moment in [
            "2026-02-28T10:30Z",
            "2026-02-28T10:30",
            "2026-02-28 10:30",
            "2026-02-28T10:30:00.000Z",
        ] {
            assert_eq!(text(start(moment)), "2026-02-28T10:30:00.000Z", "{moment}");
            assert_eq!(text(end(moment)), "2026-02-28T10:30:00.000Z", "{moment}");
        }
        for wrong in ["yesterday", "2026-02-29", "01/02/2026", "2026-1-1", "10:30", ""] {
            assert_eq!(start(wrong), None, "{wrong}");
        }
        assert!(is_local("2026-02-28 10:30") && !is_local("2026-02-28T10:30Z") && !is_local("2026-02-28"));
    }
}

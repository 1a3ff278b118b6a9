//! Counting for the chart above the table.

use domain::Timestamp;
use engine::{Engine, log::Intervals};

use super::filter::event_filter;
use crate::{
    log::{location::LogLocation, wire::Histogram},
    wire::AppError,
};

/// Bars at most, but for those at the edges.
const MOST_BARS: i64 = 60;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Lengths that a reader can name.
const LENGTHS: [i64; 18] = [
    SECOND,
    5 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    30 * DAY,
    90 * DAY,
    365 * DAY,
];

/// `None` if a text is searched for, or there is too much to be counted quickly.
pub(super) async fn count(engine: &Engine, query: &str) -> Result<Option<Histogram>, AppError> {
    let now = engine.clock().now();
    let filter = event_filter(&LogLocation::from_query(query).filter, now)?;
    let bounds = engine.log().created_bounds().await?;
    let (None, Some((oldest, newest))) = (&filter.text, bounds) else {
        return Ok(None);
    };
    let from = filter.created_from.unwrap_or(oldest);
    let before = filter.created_before.unwrap_or_else(|| newest.max(now));
    let Some(intervals) = intervals(from, before) else {
        return Ok(None);
    };
    let counts = engine.log().histogram(&filter, intervals).await?;
    Ok(counts.map(|counts| Histogram {
        from: intervals.from,
        interval_ms: intervals.length_ms,
        counts,
    }))
}

/// The shortest of the lengths with which the bars are not too many. Intervals start at a multiple of their length.
fn intervals(from: Timestamp, before: Timestamp) -> Option<Intervals> {
    let span = before.unix_ms().saturating_sub(from.unix_ms());
    if span <= 0 {
        return None;
    }
    let fits = |length: &i64| span / length <= MOST_BARS;
    let length_ms = LENGTHS.into_iter().find(fits).unwrap_or(span / MOST_BARS + 1);
    let start = from.unix_ms() - from.unix_ms().rem_euclid(length_ms);
    let count = (before.unix_ms() - 1 - start) / length_ms + 1;
    Some(Intervals {
        from: Timestamp::from_unix_ms(start),
        length_ms,
        count: usize::try_from(count).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(from: &str, before: &str) -> Option<(String, i64, usize)> {
        let moment = |text| Timestamp::parse(text).unwrap();
        let intervals = intervals(moment(from), moment(before))?;
        Some((intervals.from.to_string(), intervals.length_ms, intervals.count))
    }

    #[test]
    fn intervals_have_round_lengths_and_cover_the_range() {
        let quarter = of("2026-03-01T10:00:07Z", "2026-03-01T10:15:07Z");
        assert_eq!(quarter, Some(("2026-03-01T10:00:00.000Z".into(), 15 * SECOND, 61)));
        let week = of("2026-03-01T00:00:00Z", "2026-03-08T00:00:00Z");
        assert_eq!(week, Some(("2026-03-01T00:00:00.000Z".into(), 3 * HOUR, 56)));
        let moment = of("2026-03-01T10:00:00Z", "2026-03-01T10:00:00.001Z");
        assert_eq!(moment, Some(("2026-03-01T10:00:00.000Z".into(), SECOND, 1)));
        assert_eq!(of("2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z"), None);
        let ages = of("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z").unwrap();
        assert!((1..=62).contains(&ages.2), "{ages:?}");
    }
}

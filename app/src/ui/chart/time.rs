//! The times of points, in the reader's zone.

use std::time::Duration;

use domain::Timestamp;

use super::points::Points;
use crate::clock::Clock;

const DAY: Duration = Duration::from_secs(86_400);

/// Below a chart: `10:42`, or `03-24` if the chart is long.
pub(super) fn mark(points: &Points, start: Timestamp, clock: Clock) -> String {
    let text = clock.text(start);
    if points.is_short() {
        time_of_day(&text)
    } else {
        day(&text)
    }
    .to_owned()
}

/// Of one point: `10:42` if it is a minute long, `03-24 10:45–11:00`, or `03-24` if it is a day long.
pub(super) fn range(points: &Points, point: usize, clock: Clock) -> String {
    let (Some(start), Some(end)) = (points.starts.get(point), points.end(point)) else {
        return String::new();
    };
    let (from, to) = (clock.text(*start), clock.text(end));
    range_text(&from, &to, points.step)
}

fn range_text(from: &str, to: &str, step: Duration) -> String {
    match step.as_secs() {
        0..=60 => time_of_day(from).to_owned(),
        _ if step >= DAY => day(from).to_owned(),
        _ => format!("{} {}–{}", day(from), time_of_day(from), time_of_day(to)),
    }
}

/// Of `2026-03-24 10:42:07 UTC`.
fn time_of_day(text: &str) -> &str {
    text.get(11..16).unwrap_or_default()
}

fn day(text: &str) -> &str {
    text.get(5..10).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_says_no_more_than_it_takes() {
        let (from, to) = ("2026-03-24 10:45:00 UTC", "2026-03-24 11:00:00 UTC");
        let text = |seconds| range_text(from, to, Duration::from_secs(seconds));
        assert_eq!(text(60), "10:45");
        assert_eq!(text(900), "03-24 10:45–11:00");
        assert_eq!(text(86_400), "03-24");
    }
}

//! What a stream has done, counted by the minute: for charts and metrics.

mod latency;
mod minutes;
mod range;
mod timings;

pub use self::{
    latency::LatencyHistogram,
    minutes::{Counts, Minute, Point, Span},
    range::TimeRange,
    timings::Timings,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    fn delivered(count: u64) -> Counts {
        Counts {
            delivered: count,
            ..Counts::default()
        }
    }

    #[test]
    fn a_chart_ends_with_the_step_that_is_running_and_loses_nothing() {
        for span in Span::ALL {
            let end = Minute::new(29_000_007);
            let first = span.start(end);
            let points = span.points(end, [(first, delivered(2)), (end, delivered(3)), (end, delivered(4))]);
            assert_eq!(points.len(), usize::try_from(span.minutes() / span.step()).unwrap());
            let (oldest, newest) = (&points[0], &points[points.len() - 1]);
            assert_eq!((oldest.start, oldest.counts.delivered), (first, 2));
            assert_eq!(newest.counts.delivered, 7);
            assert!(newest.start <= end && end < Minute::new(newest.start.number() + i64::from(span.step())));
            assert_eq!(Span::parse(span.as_str()), Some(span));
        }
    }

    #[test]
    fn what_lies_outside_is_left_out() {
        let end = Minute::new(1_000);
        let outside = [(Minute::new(940), delivered(1)), (Minute::new(1_001), delivered(1))];
        let sum: u64 = Span::Hour
            .points(end, outside)
            .iter()
            .map(|point| point.counts.delivered)
            .sum();
        assert_eq!(sum, 0);
    }

    #[test]
    fn a_minute_before_1970_is_a_minute() {
        let minute = Minute::of(Timestamp::from_unix_ms(-1));
        assert_eq!(
            (minute.number(), minute.start()),
            (-1, Timestamp::from_unix_ms(-60_000))
        );
    }
}

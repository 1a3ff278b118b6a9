//! The values of a chart and their places in it: without Leptos.

use std::time::Duration;

use domain::Timestamp;

/// Height of a drawing in its own units, and width of one point.
pub(super) const HEIGHT: u64 = 1_000;
pub(super) const STEP: u64 = 10;

/// What exists is visible, however little it is.
const LEAST_HEIGHT: u64 = 12;

/// Values over time: one list of moments, and columns of values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Points {
    /// The first moment of each point, oldest first.
    pub starts: Vec<Timestamp>,
    /// Length of a point.
    pub step: Duration,
    /// Each as long as `starts`; `None` where there is no value.
    pub columns: Vec<Vec<Option<u64>>>,
}

impl Points {
    /// One column of counts.
    pub fn counts(starts: Vec<Timestamp>, step: Duration, counts: impl IntoIterator<Item = u64>) -> Self {
        Self {
            starts,
            step,
            columns: vec![counts.into_iter().map(Some).collect()],
        }
    }

    /// The value of a column at a point; `None` if nothing was measured, or there is no such point.
    pub fn value(&self, column: usize, point: usize) -> Option<u64> {
        self.column(column).get(point).copied().flatten()
    }

    /// The first moment after a point.
    pub fn end(&self, point: usize) -> Option<Timestamp> {
        self.starts.get(point).map(|start| start.plus(self.step))
    }

    /// Whether all points lie within two days, so that times of day tell them apart.
    pub fn is_short(&self) -> bool {
        let (first, last) = (self.starts.first(), self.starts.last());
        let span = first.zip(last).map(|(first, last)| last.since(*first));
        span.is_none_or(|span| span <= Duration::from_secs(2 * 86_400))
    }

    pub(super) fn column(&self, column: usize) -> &[Option<u64>] {
        self.columns.get(column).map_or(&[], Vec::as_slice)
    }

    /// The point that contains a moment.
    pub(super) fn index_of(&self, moment: Timestamp) -> Option<usize> {
        let after = self.starts.partition_point(|start| *start <= moment);
        let point = after.checked_sub(1)?;
        self.end(point).is_some_and(|end| moment < end).then_some(point)
    }

    /// The value at the upper edge of a chart of these columns: the next of 1, 2, 5, 10, 20, … above all values. `None` if there
    /// is nothing but zeros.
    pub(super) fn top(&self, columns: &[usize]) -> Option<u64> {
        let values = columns.iter().flat_map(|column| self.column(*column)).flatten();
        let highest = values.max().copied().filter(|highest| *highest > 0)?;
        let tens = std::iter::successors(Some(1_u64), |ten| ten.checked_mul(10));
        let mut steps = tens.flat_map(|ten| [ten, ten.saturating_mul(2), ten.saturating_mul(5)]);
        Some(steps.find(|step| *step >= highest).unwrap_or(highest))
    }

    /// A bar for each value.
    pub(super) fn bars(&self, column: usize, top: u64) -> String {
        let values = self.column(column).iter().zip(0_u64..);
        let bars = values.filter_map(|(value, position)| {
            let value = value.filter(|value| *value > 0)?;
            let height = (value.saturating_mul(HEIGHT) / top.max(1)).clamp(LEAST_HEIGHT, HEIGHT);
            let (x, width) = (position * STEP + 1, STEP - 2);
            Some(format!("M{x} {HEIGHT}v-{height}h{width}v{height}z"))
        });
        bars.collect()
    }

    /// A line with gaps where there is no value. A point that stands alone is a short line.
    pub(super) fn line(&self, column: usize, top: u64) -> String {
        let values = self.column(column);
        let (mut path, mut is_drawing) = (String::new(), false);
        for (position, value) in values.iter().enumerate() {
            let Some(value) = value else {
                is_drawing = false;
                continue;
            };
            let start = u64::try_from(position).unwrap_or(0) * STEP;
            let y = HEIGHT - (value.saturating_mul(HEIGHT) / top.max(1)).min(HEIGHT);
            let has_next = values.get(position + 1).is_some_and(Option::is_some);
            let (middle, inset) = (start + STEP / 2, start + 1);
            path.push_str(&match (is_drawing, has_next) {
                (true, _) => format!("L{middle} {y}"),
                (false, true) => format!("M{middle} {y}"),
                (false, false) => format!("M{inset} {y}h{}", STEP - 2),
            });
            is_drawing = true;
        }
        path
    }

    /// Width of the drawing in its own units.
    pub(super) fn width(&self) -> u64 {
        u64::try_from(self.starts.len()).unwrap_or(1).max(1) * STEP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn points(values: &[Option<u64>]) -> Points {
        let starts = (0_i64..).map(|minute| Timestamp::from_unix_ms(minute * 60_000));
        Points {
            starts: starts.take(values.len()).collect(),
            step: MINUTE,
            columns: vec![values.to_vec()],
        }
    }

    #[test]
    fn the_scale_ends_at_a_round_number() {
        let tops = [(1, 1), (3, 5), (12, 20), (50, 50), (51, 100)];
        for (value, top) in tops {
            assert_eq!(points(&[Some(value), None]).top(&[0]), Some(top), "{value}");
        }
        assert!(points(&[Some(u64::MAX)]).top(&[0]).is_some());
        assert_eq!(points(&[Some(0), None]).top(&[0]), None, "nothing to scale");
        assert_eq!(Points::default().top(&[0]), None);
    }

    #[test]
    fn a_line_breaks_where_there_is_no_value() {
        let values = [Some(0), Some(10), None, Some(5)];
        assert_eq!(points(&values).line(0, 10), "M5 1000L15 0M31 500h8");
    }

    #[test]
    fn a_small_value_is_visible_beside_a_large_one() {
        let values = [Some(1), Some(0), Some(1_000_000)];
        assert_eq!(
            points(&values).bars(0, 1_000_000),
            "M1 1000v-12h8v12zM21 1000v-1000h8v1000z"
        );
    }

    #[test]
    fn a_moment_belongs_to_the_point_that_contains_it() {
        let points = points(&[Some(1), Some(2)]);
        let index_of = |ms| points.index_of(Timestamp::from_unix_ms(ms));
        assert_eq!(
            (index_of(0), index_of(59_999), index_of(60_000)),
            (Some(0), Some(0), Some(1))
        );
        assert_eq!((index_of(-1), index_of(120_000)), (None, None));
    }
}

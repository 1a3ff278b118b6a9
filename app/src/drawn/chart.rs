//! Charts as SVG, drawn in the colours of the theme by classes. They stretch to the room there is; words stand beside them
//! in HTML, so that they do not.
//!
//! By our own hand: the libraries that draw charts on a server write colours and text sizes into them, and then they follow
//! neither the theme nor the width of the page.

use leptos::prelude::*;

use crate::model::text::grouped;

/// Height of the drawing in its own units, and width of the place of one point.
const HEIGHT: u64 = 1_000;
const STEP: u64 = 10;

/// What every chart has.
pub(super) struct Frame<'a> {
    pub(super) title: &'a str,
    /// What it comes to, for who does not see it; also told beside the title.
    pub(super) sum: String,
    /// Marks below it, from left to right.
    pub(super) times: &'a [String],
}

/// One line, or one row of bars.
pub(super) struct Series {
    /// Empty if there is no other.
    pub(super) name: &'static str,
    /// `1` to `3`: which of the chart's colours.
    pub(super) colour: u8,
    /// None where there is nothing.
    pub(super) values: Vec<Option<u64>>,
}

/// A bar for each value. `told` says of each point what stands there.
pub(super) fn bars(frame: Frame<'_>, series: &Series, told: &[String]) -> AnyView {
    let top = top_of(std::slice::from_ref(series));
    let bars = series.values.iter().zip(0_u64..).filter_map(|(value, position)| {
        let value = value.filter(|value| *value > 0)?;
        // What is there is seen, however little of it.
        let height = (value.saturating_mul(HEIGHT) / top).max(12);
        Some(view! {
            <rect
                class=class_of(series)
                x=position * STEP + 1
                y=HEIGHT - height
                width=STEP - 2
                height=height
            />
        })
    });
    let drawing = bars.collect_view().into_any();
    framed(frame, top, &grouped, drawing, told, &[])
}

/// A line for each series, with gaps where there is nothing. `unit` writes a value.
pub(super) fn lines(frame: Frame<'_>, series: &[Series], told: &[String], unit: &dyn Fn(u64) -> String) -> AnyView {
    let top = top_of(series);
    let lines = series.iter().map(|series| {
        view! { <path class=class_of(series) d=path_of(&series.values, top) vector-effect="non-scaling-stroke" /> }
    });
    let drawing = lines.collect_view().into_any();
    framed(frame, top, unit, drawing, told, series)
}

fn framed(
    frame: Frame<'_>,
    top: u64,
    unit: &dyn Fn(u64) -> String,
    drawing: AnyView,
    told: &[String],
    series_names: &[Series],
) -> AnyView {
    let width = u64::try_from(told.len()).unwrap_or(1).max(1) * STEP;
    let hints = told.iter().zip(0_u64..).map(|(words, position)| {
        view! {
            <rect class="chart-hint" x=position * STEP y="0" width=STEP height=HEIGHT>
                <title>{words.clone()}</title>
            </rect>
        }
    });
    let legend = series_names.iter().map(|series| {
        view! { <span class=format!("chart-key chart-key-{}", series.colour)>{series.name}</span> }
    });
    let label = format!("{}: {}", frame.title, frame.sum);
    // Beside a legend it would be one list of words too many.
    let sum = series_names.is_empty().then_some(frame.sum);
    view! {
        <figure class="chart">
            <figcaption>
                <span class="chart-title">{frame.title.to_owned()}</span>
                {sum.map(|sum| view! { <span class="chart-sum">{sum}</span> })}
                {legend.collect_view()}
            </figcaption>
            <div class="chart-plot">
                <span class="chart-top" aria-hidden="true">{unit(top)}</span>
                <svg
                    viewBox=format!("0 0 {width} {HEIGHT}")
                    preserveAspectRatio="none"
                    role="img"
                    aria-label=label
                >
                    {drawing}
                    {hints.collect_view()}
                </svg>
            </div>
            <div class="chart-times" aria-hidden="true">
                {frame.times.iter().map(|time| view! { <span>{time.clone()}</span> }).collect_view()}
            </div>
        </figure>
    }
    .into_any()
}

/// A row of small bars without words, for a place that says them.
pub(super) fn spark(values: &[u32]) -> AnyView {
    let series = Series {
        name: "",
        colour: 1,
        values: values.iter().map(|value| Some(u64::from(*value))).collect(),
    };
    let top = top_of(std::slice::from_ref(&series));
    let width = u64::try_from(values.len()).unwrap_or(1).max(1) * STEP;
    let bars = values.iter().zip(0_u64..).map(|(value, position)| {
        let height = (u64::from(*value).saturating_mul(HEIGHT) / top).max(40);
        let class = if *value == 0 { "chart-none" } else { "chart-bar-1" };
        view! { <rect class=class x=position * STEP + 1 y=HEIGHT - height width=STEP - 2 height=height /> }
    });
    view! {
        <svg class="spark" viewBox=format!("0 0 {width} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
            {bars.collect_view()}
        </svg>
    }
    .into_any()
}

fn class_of(series: &Series) -> String {
    match series.name {
        "" => format!("chart-bar-{}", series.colour),
        _ => format!("chart-line-{}", series.colour),
    }
}

/// The value at the upper edge: the next of 1, 2, 5, 10, 20, … above everything.
fn top_of(series: &[Series]) -> u64 {
    let highest = series.iter().flat_map(|series| &series.values).flatten().max().copied();
    let highest = highest.unwrap_or(0).max(1);
    let tens = std::iter::successors(Some(1_u64), |ten| ten.checked_mul(10));
    let steps = tens.flat_map(|ten| [ten, ten.saturating_mul(2), ten.saturating_mul(5)]);
    steps.into_iter().find(|step| *step >= highest).unwrap_or(highest)
}

/// A point that stands alone is a short line.
fn path_of(values: &[Option<u64>], top: u64) -> String {
    let (mut path, mut is_drawing) = (String::new(), false);
    for (position, value) in values.iter().enumerate() {
        let Some(value) = value else {
            is_drawing = false;
            continue;
        };
        let start = u64::try_from(position).unwrap_or(0) * STEP;
        let y = HEIGHT - value.saturating_mul(HEIGHT) / top;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[u64]) -> Series {
        Series {
            name: "",
            colour: 1,
            values: values.iter().copied().map(Some).collect(),
        }
    }

    #[test]
    fn the_scale_ends_at_a_round_number() {
        for (values, top) in [
            (&[0_u64][..], 1),
            (&[1], 1),
            (&[3], 5),
            (&[7, 12], 20),
            (&[50], 50),
            (&[51], 100),
        ] {
            assert_eq!(top_of(&[series(values)]), top, "{values:?}");
        }
        assert_eq!(top_of(&[]), 1);
        assert!(top_of(&[series(&[u64::MAX])]) > 0);
    }

    #[test]
    fn a_line_breaks_where_there_is_nothing() {
        let values = [Some(0), Some(10), None, Some(5)];
        assert_eq!(path_of(&values, 10), "M5 1000L15 0M31 500h8");
    }
}

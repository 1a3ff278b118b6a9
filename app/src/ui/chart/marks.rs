//! The marks of time below a chart.

use leptos::prelude::*;

use super::{points::Points, time};
use crate::clock::Clock;

/// Marks from the first point to the last.
const MARKS: usize = 5;

pub(super) fn marks(points: Signal<Points>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    move || {
        points.with(|points| {
            let last = points.starts.len().saturating_sub(1);
            let marks = (0..MARKS).filter_map(|mark| points.starts.get(last * mark / (MARKS - 1)));
            let marks = marks.map(|start| view! { <span>{time::mark(points, *start, clock)}</span> });
            marks.collect_view()
        })
    }
}

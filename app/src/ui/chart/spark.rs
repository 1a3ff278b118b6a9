//! A row of small bars without text, for a place that says what they are.

use std::time::Duration;

use leptos::prelude::*;

use super::points::{HEIGHT, Points, STEP};

/// A row of bars without an axis, one per value. It is decoration: say the numbers beside it.
#[component]
pub fn Spark(#[prop(into)] values: Signal<Vec<u32>>) -> impl IntoView {
    let points = Memo::new(move |_| {
        let counts: Vec<u64> = values.with(|values| values.iter().copied().map(u64::from).collect());
        let width = counts.len();
        (Points::counts(Vec::new(), Duration::ZERO, counts), width)
    });
    let width = move || points.with(|(_, count)| u64::try_from(*count).unwrap_or(1).max(1) * STEP);
    let bars = move || points.with(|(points, _)| points.bars(0, points.top(&[0]).unwrap_or(1)));
    view! {
        <svg
            class="spark"
            viewBox=move || format!("0 0 {} {HEIGHT}", width())
            preserveAspectRatio="none"
            aria-hidden="true"
        >
            <path class="chart-base" d=move || format!("M0 {HEIGHT}h{}", width()) vector-effect="non-scaling-stroke" />
            <path class="chart-bars-accent" d=bars />
        </svg>
    }
}

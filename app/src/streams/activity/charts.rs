//! Figures and charts of what a stream has delivered in a time range.

mod chooser;

use std::time::Duration;

use domain::{
    Timestamp,
    activity::Span,
    health::Concurrency,
    ids::DestinationId,
    view::{ActivityCounts, ActivityView, HealthView, LatencyMicros},
};
use leptos::prelude::*;

use self::chooser::RangeChooser;
use super::{
    range::{RangeChoice, per_step},
    server_fns::show_activity,
};
use crate::{
    clock::Clock,
    model::text::grouped,
    ui::{
        LinesSkeleton, Live,
        chart::{Chart, ChartTable, Colour, Column, Cursor, Points, Series, Shape, Unit, duration_text},
    },
};

/// Columns of the points.
const DELIVERED: usize = 0;
const FAILED: usize = 1;
const P50: usize = 2;
const P95: usize = 3;
const P99: usize = 4;

const EVENTS: Unit = Unit::Count("event");
const FAILED_ATTEMPTS: Unit = Unit::Count("failed attempt");

#[component]
pub(super) fn Charts(id: DestinationId, health: Signal<HealthView>) -> impl IntoView {
    let choice = RwSignal::new(RangeChoice::Last(Span::Hour));
    view! {
        <section aria-label="Deliveries over time">
            <RangeChooser id choice />
            <Live
                source=choice
                ask=move |choice: RangeChoice, known| show_activity(id, choice.as_text(), known)
                what="The activity can't be shown."
                skeleton=|| view! { <LinesSkeleton lines=6 /> }
                view=move |activity| view! { <Shown activity health choice /> }.into_any()
            />
        </section>
    }
}

#[component]
fn Shown(activity: Signal<ActivityView>, health: Signal<HealthView>, choice: RwSignal<RangeChoice>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let points = Memo::new(move |_| activity.with(points_of));
    let total = Memo::new(move |_| activity.with(|activity| activity.total));
    let per = Memo::new(move |_| activity.with(|activity| per_step(activity.step_minutes)));
    let cursor = Cursor::new();
    let zoom = Callback::new(move |(from, before): (Timestamp, Timestamp)| {
        // A click on one point reads it.
        let is_one_point = before.since(from) <= points.with_untracked(|points| points.step);
        if let (false, Ok(range)) = (is_one_point, RangeChoice::between(from, before, clock.now())) {
            choice.set(range);
        }
    });
    let columns = vec![
        Column::new("Delivered", DELIVERED, EVENTS),
        Column::new("Failed attempts", FAILED, FAILED_ATTEMPTS),
        Column::new("p50", P50, Unit::Micros),
        Column::new("p95", P95, Unit::Micros),
        Column::new("p99", P99, Unit::Micros),
    ];
    view! {
        <Figures total health />
        <div class="charts">
            <Chart
                title=Signal::derive(move || format!("Events delivered {}", per.get()))
                summary=Signal::derive(move || grouped(total.get().delivered))
                points
                series=vec![Series::only(DELIVERED, Colour::Accent)]
                shape=Shape::Bars
                unit=EVENTS
                empty="No events were delivered in this time range."
                cursor
                on_select=zoom
            />
            <Chart
                title=Signal::derive(move || format!("Failed attempts {}", per.get()))
                summary=Signal::derive(move || grouped(total.get().failed))
                points
                series=vec![Series::only(FAILED, Colour::Bad)]
                shape=Shape::Bars
                unit=FAILED_ATTEMPTS
                empty="No attempt failed in this time range."
                cursor
                on_select=zoom
            />
            <Chart
                title="Latency of accepted requests"
                summary=Signal::derive(move || latency_text(total.get().latency))
                points
                series=vec![
                    Series::named("p50", P50, Colour::Accent),
                    Series::named("p95", P95, Colour::Busy),
                    Series::named("p99", P99, Colour::Warning),
                ]
                shape=Shape::Lines
                unit=Unit::Micros
                empty="No request was accepted in this time range."
                cursor
                on_select=zoom
            />
        </div>
        <ChartTable label="Deliveries" points columns />
    }
}

#[component]
fn Figures(total: Memo<ActivityCounts>, health: Signal<HealthView>) -> impl IntoView {
    let percentile = move |read: fn(LatencyMicros) -> u64| {
        move || {
            total
                .get()
                .latency
                .map_or_else(|| "–".to_owned(), |latency| duration_text(read(latency)))
        }
    };
    let waiting = Memo::new(move |_| health.with(|health| health.waiting.unwrap_or(0)));
    let parked = Memo::new(move |_| health.with(|health| health.parked));
    let concurrency = Memo::new(move |_| health.with(|health| health.concurrency));
    let figure = |label: &'static str, value: AnyView| {
        view! {
            <div class="figure-small" role="group" aria-label=label>
                <p class="figure-label">{label}</p>
                <p class="figure-value">{value}</p>
            </div>
        }
    };
    view! {
        <div class="figures-small">
            {figure("Delivered", (move || grouped(total.get().delivered)).into_any())}
            {figure("Failed attempts", (move || grouped(total.get().failed)).into_any())}
            {figure("Latency p50", percentile(|latency| latency.p50).into_any())}
            {figure("p95", percentile(|latency| latency.p95).into_any())}
            {figure("p99", percentile(|latency| latency.p99).into_any())}
            {figure("Waiting", (move || grouped(waiting.get())).into_any())}
            {figure("Parked", (move || grouped(parked.get())).into_any())}
            {figure("Requests in flight", in_flight(concurrency))}
        </div>
    }
}

pub(super) fn in_flight(concurrency: Memo<Option<Concurrency>>) -> AnyView {
    view! {
        {move || concurrency_text(concurrency.get())}
        <span class="figure-note">{move || limited_text(concurrency.get())}</span>
    }
    .into_any()
}

/// How many requests are in flight, and the current limit.
pub(super) fn concurrency_text(concurrency: Option<Concurrency>) -> String {
    concurrency.map_or_else(
        || "–".to_owned(),
        |Concurrency { limit, in_flight, .. }| format!("{in_flight} of {limit}"),
    )
}

/// Shown if the settings of the destination limit what is sent; empty otherwise.
pub(super) fn limited_text(concurrency: Option<Concurrency>) -> String {
    match concurrency {
        Some(concurrency) if concurrency.limited_by_rate => "limited by its maximum requests per second".to_owned(),
        Some(concurrency) if concurrency.limited_by_settings => {
            format!("limited to {} by its settings", concurrency.maximum)
        }
        Some(_) | None => String::new(),
    }
}

fn points_of(activity: &ActivityView) -> Points {
    let column = |read: &dyn Fn(&ActivityCounts) -> Option<u64>| {
        activity
            .points
            .iter()
            .map(|point| read(&point.counts))
            .collect::<Vec<_>>()
    };
    Points {
        starts: activity.points.iter().map(|point| point.start).collect(),
        step: Duration::from_secs(u64::from(activity.step_minutes) * 60),
        columns: vec![
            column(&|counts| Some(counts.delivered)),
            column(&|counts| Some(counts.failed)),
            column(&|counts| counts.latency.map(|latency| latency.p50)),
            column(&|counts| counts.latency.map(|latency| latency.p95)),
            column(&|counts| counts.latency.map(|latency| latency.p99)),
        ],
    }
}

fn latency_text(latency: Option<LatencyMicros>) -> String {
    latency.map_or_else(
        || "no accepted request".to_owned(),
        |latency| {
            let text = |micros| duration_text(micros);
            format!(
                "p50 {}, p95 {}, p99 {}",
                text(latency.p50),
                text(latency.p95),
                text(latency.p99)
            )
        },
    )
}

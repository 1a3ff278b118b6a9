//! What came in and went out in the last hour.

use std::time::Duration;

use domain::{Timestamp, view::TrafficView};
use leptos::prelude::*;

use super::server_fns::Instance;
use crate::{
    model::text::grouped,
    ui::chart::{Chart, ChartTable, Colour, Column, Cursor, Points, Series, Shape, Unit},
};

const MINUTE: Duration = Duration::from_secs(60);
const EVENTS: Unit = Unit::Count("event");

#[component]
pub(super) fn Traffic(instance: Signal<Instance>) -> impl IntoView {
    let points = Memo::new(move |_| instance.with(|instance| points_of(&instance.overview.traffic)));
    let sum = move |column| Signal::derive(move || points.with(|points| sum_of(points, column)));
    let cursor = Cursor::new();
    view! {
        <section class="card" aria-label="Last hour">
            <h2>"Last hour"</h2>
            <div class="charts">
                <Chart
                    title="Events received per minute"
                    summary=sum(0)
                    points
                    series=vec![Series::only(0, Colour::Busy)]
                    shape=Shape::Bars
                    unit=EVENTS
                    empty="No events were received."
                    cursor
                />
                <Chart
                    title="Events delivered per minute"
                    summary=sum(1)
                    points
                    series=vec![Series::only(1, Colour::Accent)]
                    shape=Shape::Bars
                    unit=EVENTS
                    empty="No events were delivered."
                    cursor
                />
            </div>
            <ChartTable
                label="Events per minute"
                points
                columns=vec![Column::new("Received", 0, EVENTS), Column::new("Delivered", 1, EVENTS)]
            />
        </section>
    }
}

fn points_of(traffic: &[TrafficView]) -> Points {
    let starts: Vec<Timestamp> = traffic.iter().map(|minute| minute.start).collect();
    let column = |count: fn(&TrafficView) -> u64| traffic.iter().map(|minute| Some(count(minute))).collect();
    Points {
        starts,
        step: MINUTE,
        columns: vec![column(|minute| minute.received), column(|minute| minute.delivered)],
    }
}

fn sum_of(points: &Points, column: usize) -> String {
    let values = (0..points.starts.len()).filter_map(|point| points.value(column, point));
    grouped(values.sum())
}

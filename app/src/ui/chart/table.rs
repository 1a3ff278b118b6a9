//! The values of a chart as a table: for those who can't see the chart, and for exact values.

use leptos::prelude::*;

use super::{points::Points, time, unit::Unit};
use crate::clock::Clock;

/// A column of the points as a column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    heading: &'static str,
    column: usize,
    unit: Unit,
}

impl Column {
    /// A column of the table that shows a column of the points.
    pub const fn new(heading: &'static str, column: usize, unit: Unit) -> Self {
        Self { heading, column, unit }
    }
}

/// Points with nothing but zeros are left out; the newest is first.
#[component]
pub fn ChartTable(
    /// Name of the table.
    label: &'static str,
    #[prop(into)] points: Signal<Points>,
    columns: Vec<Column>,
) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let headings = columns
        .iter()
        .map(|column| view! { <th scope="col">{column.heading}</th> })
        .collect_view();
    let rows = {
        let columns = columns.clone();
        Memo::new(move |_| points.with(|points| rows_of(points, &columns)))
    };
    let row = move |(point, cells): (usize, Vec<String>)| {
        let time = move || points.with(|points| time::range(points, point, clock));
        let cells = cells.into_iter().map(|cell| view! { <td>{cell}</td> }).collect_view();
        view! {
            <tr>
                <th scope="row">{time}</th>
                {cells}
            </tr>
        }
    };
    let key = move |(point, cells): &(usize, Vec<String>)| {
        let start = points.with_untracked(|points| points.starts.get(*point).copied());
        (start, *point, cells.clone())
    };
    view! {
        <details class="more">
            <summary>"Show as a table"</summary>
            <div class="chart-table" tabindex="0" role="group" aria-label=label>
                <table aria-label=label>
                    <thead>
                        <tr>
                            <th scope="col">"Time"</th>
                            {headings}
                        </tr>
                    </thead>
                    <tbody>
                        <For each=move || rows.get() key=key children=row />
                    </tbody>
                </table>
                {move || rows.with(Vec::is_empty).then(|| view! { <p class="quiet">"There are no values in this time range."</p> })}
            </div>
        </details>
    }
}

fn rows_of(points: &Points, columns: &[Column]) -> Vec<(usize, Vec<String>)> {
    let has_values = |point: &usize| {
        columns
            .iter()
            .any(|column| points.value(column.column, *point).unwrap_or(0) > 0)
    };
    let cells = |point: usize| {
        let texts = columns.iter().map(|column| {
            let value = points.value(column.column, point);
            value.map_or_else(|| "–".to_owned(), |value| column.unit.short(value))
        });
        (point, texts.collect())
    };
    (0..points.starts.len()).rev().filter(has_values).map(cells).collect()
}

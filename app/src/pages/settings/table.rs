//! A table of the page, and the buttons of its rows.

use leptos::prelude::*;

use super::handle::Settings;
use crate::{
    ui::Moment,
    wire::settings::{Cell, Row, RowAction, Table, Tone},
};

pub(super) fn draw_table(table: Table, settings: Settings) -> AnyView {
    if table.rows.is_empty() {
        return view! { <p class="quiet">{table.empty}</p> }.into_any();
    }
    let headings = table
        .headings
        .iter()
        .map(|heading| view! { <th scope="col">{heading.clone()}</th> });
    let headings = headings.collect_view();
    let rows = table
        .rows
        .into_iter()
        .map(|row| draw_row(row, &table.headings, settings));
    view! {
        <table class="data-table" aria-label=table.label>
            <thead>
                <tr>
                    {headings} <th scope="col">
                        <span class="visually-hidden">"Actions"</span>
                    </th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn draw_row(row: Row, headings: &[String], settings: Settings) -> AnyView {
    let cells = row.cells.into_iter().zip(headings);
    let cells = cells.map(|(cell, heading)| view! { <td data-label=heading.clone()>{draw_cell(cell)}</td> });
    let actions = row.actions.into_iter().map(|action| draw_action(action, settings));
    view! {
        <tr>
            {cells.collect_view()} <td class="data-actions">{actions.collect_view()}</td>
        </tr>
    }
    .into_any()
}

pub(super) fn draw_cell(cell: Cell) -> AnyView {
    match cell {
        Cell::Text(text) => view! { <bdi>{text}</bdi> }.into_any(),
        Cell::Code(text) => view! { <code>{text}</code> }.into_any(),
        Cell::At(at) => view! { <Moment at /> }.into_any(),
        Cell::Badge(tone, word) => {
            let class = match tone {
                Tone::Good => "badge badge-good",
                Tone::Bad => "badge badge-bad",
                Tone::Quiet => "badge",
            };
            view! { <span class=class>{word}</span> }.into_any()
        }
    }
}

fn draw_action(action: RowAction, settings: Settings) -> AnyView {
    let name = format!("{} {}", action.label, action.about);
    let label = action.label.clone();
    view! {
        <button
            type="button"
            class="button"
            aria-label=name
            disabled=settings.is_early
            on:click=move |_| settings.ask(&action)
        >
            {label}
        </button>
    }
    .into_any()
}

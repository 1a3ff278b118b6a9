//! A table of the page, and the buttons of its rows.

use leptos::prelude::*;

use super::{
    button::{Button, draw_button},
    draw_all,
    handle::Settings,
};
use crate::{
    ui::Moment,
    wire::settings::{Kind, Part},
};

pub(super) fn draw_table(table: Part, settings: Settings) -> AnyView {
    let Some(first) = table.parts.first().cloned() else {
        return view! { <p class="quiet">{table.note}</p> }.into_any();
    };
    let headings = draw_all(first.parts, settings, draw_heading);
    let rows = draw_all(table.parts, settings, draw_row);
    view! {
        <table class="data-table" aria-label=table.label>
            <thead>
                <tr>{headings} {heading("Actions".to_owned(), true)}</tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn draw_heading(cell: Part, _: Settings) -> AnyView {
    match cell.kind {
        Kind::Action => ().into_any(),
        _ => heading(cell.label, false),
    }
}

fn heading(words: String, is_unseen: bool) -> AnyView {
    view! {
        <th scope="col">
            <span class:visually-hidden=is_unseen>{words}</span>
        </th>
    }
    .into_any()
}

fn draw_row(row: Part, settings: Settings) -> AnyView {
    let (mut cells, mut actions) = (Vec::new(), Vec::new());
    for part in row.parts {
        match part.kind {
            Kind::Action => actions.push(draw_action(part, settings)),
            _ => cells.push(column("", part.label.clone(), vec![draw_cell(part, settings)])),
        }
    }
    cells.push(column("data-actions", String::new(), actions));
    view! { <tr>{cells}</tr> }.into_any()
}

fn column(class: &'static str, label: String, content: Vec<AnyView>) -> AnyView {
    view! {
        <td class=class data-label=label>
            {content}
        </td>
    }
    .into_any()
}

pub(super) fn draw_cell(cell: Part, _: Settings) -> AnyView {
    if let Some(at) = cell.at {
        return view! { <Moment at /> }.into_any();
    }
    let class = match cell.kind {
        Kind::Code => "field-code",
        Kind::Good => "badge badge-good",
        Kind::Bad => "badge badge-bad",
        Kind::Quiet => "badge",
        _ => "",
    };
    view! { <bdi class=class>{cell.text}</bdi> }.into_any()
}

fn draw_action(action: Part, settings: Settings) -> AnyView {
    let button = Button {
        label: action.label.clone(),
        about: action.name.clone(),
        class: "button",
        ..Button::default()
    };
    draw_button(button, settings, Box::new(move |_| settings.ask(&action)))
}

//! The rows of one page.

use leptos::prelude::*;

use super::row::LogTableRow;
use crate::{model::log_location::LogLocation, wire::LogRow};

pub(super) const TABLE_ID: &str = "log-table";

const COLUMNS: [&str; 6] = ["Author", "Object", "Action", "Target", "IP Address", "Date"];

/// The roles are spelled out because the style turns rows into blocks on narrow screens, which would take them away.
#[component]
pub(super) fn LogTable(rows: Vec<LogRow>, location: Memo<LogLocation>) -> impl IntoView {
    let rows = rows
        .into_iter()
        .map(|row| view! { <LogTableRow row location /> })
        .collect_view();
    view! {
        <table id=TABLE_ID class="log-table" tabindex="-1" role="table" aria-label="Log">
            <colgroup>
                <col class="col-author" />
                <col class="col-object" />
                <col class="col-action" />
                <col class="col-target" />
                <col class="col-ip" />
                <col class="col-date" />
            </colgroup>
            <thead role="rowgroup">
                <tr role="row">{COLUMNS.map(|column| view! { <th role="columnheader" scope="col">{column}</th> })}</tr>
            </thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
}

//! The rows of one page.

use leptos::prelude::*;

use super::row::LogTableRow;
use crate::{model::log_location::LogLocation, wire::LogRow};

pub(super) const TABLE_ID: &str = "log-table";

const COLUMNS: [&str; 6] = ["Author", "Object", "Action", "Target", "IP Address", "Date"];

/// The roles are spelled out because the style turns rows into blocks on narrow screens, which would take them away.
#[component]
pub(super) fn LogTable(
    /// What came in late, above the others.
    late: Vec<LogRow>,
    rows: Vec<LogRow>,
    location: Memo<LogLocation>,
) -> impl IntoView {
    let late_rows = late.len();
    let rows = late.into_iter().chain(rows).enumerate();
    let rows = rows.map(|(number, row)| view! { <LogTableRow row is_late=number < late_rows location /> });
    let rows = rows.collect_view();
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

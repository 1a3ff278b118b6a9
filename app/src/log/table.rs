//! The rows of one page.

use leptos::prelude::*;

use super::row::LogTableRow;
use crate::{model::log_location::LogLocation, wire::LogRow};

#[component]
pub(super) fn LogTable(rows: Vec<LogRow>, location: Memo<LogLocation>) -> impl IntoView {
    let rows = rows
        .into_iter()
        .map(|row| view! { <LogTableRow row location /> })
        .collect_view();
    view! {
        <div class="table-frame" role="region" aria-label="Log" tabindex="0">
            <table class="log-table">
                <thead>
                    <tr>
                        <th scope="col">"Author"</th>
                        <th scope="col">"Object"</th>
                        <th scope="col">"Action"</th>
                        <th scope="col">"Target"</th>
                        <th scope="col">"IP Address"</th>
                        <th scope="col">"Date"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

//! The rows that are shown.

use leptos::prelude::*;

use super::{location::LogLocation, row::LogTableRow, shown::Shown};
use crate::{clock::Clock, model::moment::zone_name};

pub(super) const TABLE_ID: &str = "log-table";

const COLUMNS: [&str; 6] = ["Author", "Object", "Action", "Event type", "Target", "IP Address"];

/// The roles are spelled out because the style turns rows into blocks on narrow screens, which would take them away.
#[component]
pub(super) fn LogTable(shown: RwSignal<Shown>, location: Memo<LogLocation>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let zone = Memo::new(move |_| clock.viewpoint().map(|viewpoint| zone_name(viewpoint.offset_minutes)));
    let date = move || format!("Date ({})", zone.get().unwrap_or_else(|| "UTC".to_owned()));
    let late = move || shown.with(|shown| shown.late.clone());
    let rows = move || shown.with(|shown| shown.rows.clone());
    view! {
        <table id=TABLE_ID class="log-table" tabindex="-1" role="table" aria-label="Log">
            <colgroup>
                <col class="col-author" />
                <col class="col-object" />
                <col class="col-action" />
                <col class="col-type" />
                <col class="col-target" />
                <col class="col-ip" />
                <col class="col-date" />
            </colgroup>
            <thead role="rowgroup">
                <tr role="row">
                    {COLUMNS.map(|column| view! { <th role="columnheader" scope="col">{column}</th> })}
                    <th role="columnheader" scope="col">
                        {date}
                    </th>
                </tr>
            </thead>
            <tbody role="rowgroup">
                <For each=late key=|row| row.seq let:row>
                    <LogTableRow row is_late=true location />
                </For>
                <For each=rows key=|row| row.seq let:row>
                    <LogTableRow row is_late=false location />
                </For>
            </tbody>
        </table>
    }
}

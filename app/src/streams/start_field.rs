//! Where a new stream begins.

use domain::Field;
use leptos::prelude::*;

use super::editing::Editing;
use crate::{
    browser,
    ui::{field_foot, field_head},
};

/// Chosen, but not told yet which. The server refuses it at this field.
const SOME_TIME: &str = "a time";

const BEGINNING: &str = "beginning";

/// Which of the events that are in the log already a new destination receives.
pub(super) fn start_field(editing: Editing) -> AnyView {
    let id = editing.field_id("start");
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described_by = format!("{hint_id} {error_id}");
    let start = editing.text(Field::StartFrom);
    let has_time = Signal::derive(move || start.with(|start| !start.is_empty() && start != BEGINNING));
    let error = editing.message(Field::StartFrom);
    let is_wrong = Signal::derive(move || error.with(Option::is_some).then_some("true"));
    let choose = move |value: String| editing.update(|editor| editor.set_text(Field::StartFrom, value));
    view! {
        <div class="field">
            {field_head(id.clone(), "Start from".to_owned(), true)}
            <div class="field-pair">
                <select
                    class="field-input"
                    id=id
                    aria-invalid=is_wrong
                    aria-describedby=described_by
                    on:change:target=move |event| choose(event.target().value())
                >
                    <option value="">"Now"</option>
                    <option value=SOME_TIME>"A chosen time"</option>
                    <option value=BEGINNING>"The beginning of the log"</option>
                </select>
                <input
                    class="field-input"
                    type="datetime-local"
                    step="1"
                    aria-label="Start time"
                    hidden=move || !has_time.get()
                    on:input:target=move |event| {
                        choose(browser::utc_of_local(&event.target().value()).unwrap_or_else(|| SOME_TIME.to_owned()));
                    }
                />
            </div>
            {field_foot(
                hint_id,
                "Events that were received before are not sent to it. Times are in your zone.".to_owned(),
                error_id,
                error,
            )}
        </div>
    }
    .into_any()
}

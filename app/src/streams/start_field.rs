//! Where a new stream begins.

use domain::Field;
use leptos::{html, prelude::*};

use super::editing::Editing;
use crate::{
    browser,
    model::editor::EditorState,
    ui::{field_foot, field_head},
};

/// Chosen, but not told yet which. The server refuses it at this field.
const SOME_TIME: &str = "a time";

const BEGINNING: &str = "beginning";

/// Which of the events that are in the log already a new destination receives. Drawn anew for each kind, since each has its
/// own text.
pub(super) fn start_field(editing: Editing) -> AnyView {
    let kind = editing.get(EditorState::kind);
    let field = move || {
        kind.track();
        draw(editing)
    };
    view! { {field} }.into_any()
}

fn draw(editing: Editing) -> AnyView {
    let id = editing.field_id("start");
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let start = editing.text(Field::StartFrom);
    let chosen = Signal::derive(move || {
        start.with(|start| match start.as_str() {
            "" | BEGINNING => start.clone(),
            _ => SOME_TIME.to_owned(),
        })
    });
    let error = editing.message(Field::StartFrom);
    let input = draw_choice(editing, id.clone(), format!("{hint_id} {error_id}"), chosen, error);
    let hint = "Events that were received before are not sent to it. Times are in your zone.".to_owned();
    view! {
        <div class="field">
            {field_head(id, "Start from".to_owned(), true)} {input} {field_foot(hint_id, hint, error_id, error)}
        </div>
    }
    .into_any()
}

fn draw_choice(
    editing: Editing,
    id: String,
    described_by: String,
    chosen: Signal<String>,
    error: Signal<Option<String>>,
) -> AnyView {
    let time = NodeRef::<html::Input>::new();
    let is_wrong = Signal::derive(move || error.with(Option::is_some).then_some("true"));
    let set = move |value: String| editing.update(|editor| editor.set_text(Field::StartFrom, value));
    let typed = move || {
        let text = time.get_untracked().map(|time| time.value()).unwrap_or_default();
        browser::utc_of_local(&text).unwrap_or_else(|| SOME_TIME.to_owned())
    };
    let choose = move |value: String| set(if value == SOME_TIME { typed() } else { value });
    let before = editing
        .text(Field::StartFrom)
        .with_untracked(|start| browser::local_of_utc(start));
    view! {
        <div class="field-pair">
            <select
                class="field-input"
                id=id
                aria-invalid=is_wrong
                aria-describedby=described_by
                prop:value=chosen
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
                node_ref=time
                hidden=move || chosen.get() != SOME_TIME
                prop:value=before
                on:input=move |_| set(typed())
            />
        </div>
    }
    .into_any()
}

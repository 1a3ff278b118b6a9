//! Where a new stream begins.

use domain::Field;
use leptos::{html, prelude::*};

use super::{
    editing::Editing,
    message::foot,
    state::{EditorState, FieldMessage},
};
use crate::{browser, ui::field_head};

/// A time is to be entered. It is no valid start.
const SOME_TIME: &str = "a time";

const BEGINNING: &str = "beginning";

/// Which of the events that are in the log already a new destination receives. Rendered again when another kind is chosen, with
/// what its form holds.
pub(super) fn start_field(editing: Editing) -> AnyView {
    let kind = editing.get(EditorState::kind);
    let field = move || {
        kind.track();
        render(editing)
    };
    view! { {field} }.into_any()
}

fn render(editing: Editing) -> AnyView {
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
    let input = choice_and_time(editing, id.clone(), format!("{hint_id} {error_id}"), chosen, error);
    let hint = "Only events received after this time are sent. Times are in your time zone.";
    view! {
        <div class="field">
            {field_head(id, "Start from".to_owned(), true)} {input} {foot(hint_id, hint, error_id, error)}
        </div>
    }
    .into_any()
}

fn choice_and_time(
    editing: Editing,
    id: String,
    described_by: String,
    chosen: Signal<String>,
    error: Signal<Option<FieldMessage>>,
) -> AnyView {
    let time = NodeRef::<html::Input>::new();
    let is_wrong = Signal::derive(move || error.with(Option::is_some).then_some("true"));
    let set = move |value: String| editing.update(|editor| editor.set_text(Field::StartFrom, value));
    let typed = move || {
        let text = time.get_untracked().map(|time| time.value()).unwrap_or_default();
        let moment = local_iso(&text).and_then(|text| browser::utc_of_local(&text));
        moment.unwrap_or_else(|| SOME_TIME.to_owned())
    };
    let choose = move |value: String| set(if value == SOME_TIME { typed() } else { value });
    let before = editing
        .text(Field::StartFrom)
        .with_untracked(|start| browser::local_of_utc(start).replacen('T', " ", 1));
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
                type="text"
                placeholder="2026-01-31 09:30"
                autocomplete="off"
                aria-label="Start time"
                aria-required="true"
                aria-invalid=is_wrong
                node_ref=time
                hidden=move || chosen.get() != SOME_TIME
                prop:value=before
                on:input=move |_| set(typed())
                on:blur=move |_| editing.leave(Field::StartFrom)
            />
        </div>
    }
    .into_any()
}

/// `2026-01-31 09:30`, with or without seconds, or the date alone, as browsers read a local time.
fn local_iso(text: &str) -> Option<String> {
    let (date, time) = text.trim().split_once([' ', 'T']).unwrap_or((text.trim(), "00:00"));
    let is_date = has_shape(date, "0000-00-00");
    let is_time = has_shape(time, "00:00") || has_shape(time, "00:00:00");
    (is_date && is_time).then(|| format!("{date}T{time}"))
}

/// Whether digits are where the shape has zeros, and everything else is the same.
fn has_shape(text: &str, shape: &str) -> bool {
    let is_same = |(one, wanted): (u8, u8)| {
        if wanted == b'0' {
            one.is_ascii_digit()
        } else {
            one == wanted
        }
    };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(is_same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_it_is_shown_elsewhere() {
        for (text, iso) in [
            ("2026-01-31 09:30", Some("2026-01-31T09:30")),
            (" 2026-01-31 09:30:15 ", Some("2026-01-31T09:30:15")),
            ("2026-01-31T09:30", Some("2026-01-31T09:30")),
            ("2026-01-31", Some("2026-01-31T00:00")),
            ("31/01/2026 09:30", None),
            ("2026-01-31 9:30", None),
            ("1", None),
            ("", None),
        ] {
            assert_eq!(local_iso(text).as_deref(), iso, "{text}");
        }
    }
}

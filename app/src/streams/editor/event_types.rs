//! *Filter by audit event type*: a button that says what is chosen, and the list to choose from.

mod button;
pub(super) mod options;
mod picker;
mod sheet;

use domain::destination::FilterKind;
use leptos::prelude::*;

pub(in crate::streams) use self::{button::PickerButton, picker::Picker};
use super::{editing::Editing, state::EditorState};
use crate::ui::Icon;

#[component]
pub(super) fn EventTypes(editing: Editing) -> impl IntoView {
    let names = editing.read(|editor| editor.event_types().to_vec());
    let choose = Callback::new(move |names| editing.update(|editor| editor.set_event_types(names)));
    let kind = editing.read(EditorState::filter_kind);
    let picker = Picker::new(editing.field_id("types"), names, choose, Some(kind)).after_presses(editing.presses);
    let (label_id, hint_id) = (picker.id("label"), picker.id("hint"));
    let hint = editing.read(|editor| match (editor.event_types(), editor.filter_kind()) {
        ([], _) => "No filter: every event is sent.",
        (_, FilterKind::Allow) => "Only events of these types are sent.",
        (_, FilterKind::Deny) => {
            "Every event is sent, also of types that are added later, except events of these types."
        }
    });
    let warning = editing.read(EditorState::filter_warning);
    view! {
        <section class="field" aria-label="Event filtering">
            <p class="field-label">"Event filtering " <span class="field-optional">"(optional)"</span></p>
            <span class="field-hint" id=label_id.clone()>
                "Filter by audit event type"
            </span>
            <div class="field field-set" role="radiogroup" aria-labelledby=label_id.clone()>
                {kind_choice(editing, FilterKind::Allow, "Only these event types")}
                {kind_choice(editing, FilterKind::Deny, "All except these event types")}
            </div>
            <PickerButton picker labelled_by=label_id described_by=hint_id.clone() />
            <p class="field-hint" id=hint_id>
                {hint}
            </p>
            <div role="status">
                {move || warning.get().map(|warning| view! { <p class="field-warning"><Icon icon=icondata_lu::LuTriangleAlert />{warning}</p> })}
            </div>
            <p class="field-error" role="status">
                {editing.read(EditorState::filter_message)}
            </p>
        </section>
    }
}

fn kind_choice(editing: Editing, kind: FilterKind, title: &'static str) -> AnyView {
    let title_id = editing.field_id(&format!("types-{}-title", kind.as_str()));
    let is_chosen = editing.read(move |editor| editor.filter_kind() == kind);
    view! {
        <label class="choice">
            <input
                type="radio"
                name=editing.field_id("types-kind")
                prop:checked=is_chosen
                aria-labelledby=title_id.clone()
                on:change=move |_| editing.update(|editor| editor.set_filter_kind(kind))
            />
            <span class="choice-title" id=title_id>
                {title}
            </span>
        </label>
    }
    .into_any()
}

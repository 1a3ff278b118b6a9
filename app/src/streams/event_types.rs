//! *Filter by audit event type*: a button that says what is chosen, and the list to choose from.

mod picker;
mod sheet;

use domain::destination::FilterKind;
use leptos::{
    ev::{self, FocusEvent, KeyboardEvent, PointerEvent},
    html,
    prelude::*,
    wasm_bindgen::JsCast,
};
use web_sys::Node;

use self::{picker::Picker, sheet::Sheet};
use super::editing::Editing;
use crate::{
    model::{
        editor::EditorState,
        type_picker::{TypeSheet, summary},
    },
    ui::Icon,
};

#[component]
pub(super) fn EventTypes(editing: Editing) -> impl IntoView {
    let picker = Picker {
        editing,
        sheet: RwSignal::new(TypeSheet::default()),
    };
    let frame = NodeRef::<html::Div>::new();
    let text = editing.read(|editor| summary(editor.event_types()));
    let is_open = Memo::new(move |_| picker.sheet.with(TypeSheet::is_open));
    Effect::new(move |_| {
        if is_open.get() {
            let pressed =
                window_event_listener(ev::pointerdown, move |event| close_when_pressed(picker, frame, &event));
            on_cleanup(move || pressed.remove());
        }
    });
    let (label_id, button_id, hint_id) = (picker.id("label"), picker.id("button"), picker.id("hint"));
    let hint = editing.read(|editor| match (editor.event_types(), editor.filter_kind()) {
        ([], _) => "No filter: every event is sent.",
        (_, FilterKind::Allow) => "Only events of these types are sent.",
        (_, FilterKind::Deny) => {
            "Every event is sent, also of types that are added later, except events of these types."
        }
    });
    let warning = editing.read(EditorState::filter_warning);
    let toggle = move |_| match is_open.get_untracked() {
        true => picker.close(),
        false => picker.load(),
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" && is_open.get_untracked() {
            event.stop_propagation();
            picker.close();
        }
    };
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
            <div class="picker" node_ref=frame on:keydown=on_key on:focusout=move |event| close_when_left(picker, frame, &event)>
                <button
                    type="button"
                    id=button_id.clone()
                    class="picker-button"
                    aria-haspopup="dialog"
                    aria-expanded=Signal::derive(move || is_open.get().to_string())
                    aria-labelledby=format!("{label_id} {button_id}")
                    aria-describedby=hint_id.clone()
                    on:click=toggle
                >
                    <span class="picker-text">{text}</span>
                    <Icon icon=icondata_lu::LuChevronDown />
                </button>
                {move || is_open.get().then(|| view! { <Sheet picker /> })}
            </div>
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

fn close_when_left(picker: Picker, frame: NodeRef<html::Div>, event: &FocusEvent) {
    let to = event.related_target().and_then(|to| to.dyn_into::<Node>().ok());
    // Focus that goes nowhere says nothing: another window may be in front, or the browser gives buttons no focus.
    let (Some(to), Some(frame)) = (to, frame.try_get_untracked().flatten()) else {
        return;
    };
    if !frame.contains(Some(&to)) {
        picker.sheet.update(TypeSheet::close);
    }
}

/// Outside of it; the focus goes where the pointer leads it.
fn close_when_pressed(picker: Picker, frame: NodeRef<html::Div>, event: &PointerEvent) {
    let on = event.target().and_then(|on| on.dyn_into::<Node>().ok());
    let frame = frame.try_get_untracked().flatten();
    if frame.is_some_and(|frame| !frame.contains(on.as_ref())) {
        picker.sheet.try_update(TypeSheet::close);
    }
}

//! The button that says what is chosen, and opens the list.

use leptos::{
    ev::{self, FocusEvent, KeyboardEvent, MouseEvent},
    html,
    prelude::*,
    wasm_bindgen::JsCast,
};
use web_sys::Node;

use super::{
    options::{TypeSheet, summary},
    picker::Picker,
    sheet::Sheet,
};
use crate::ui::Icon;

#[component]
pub(in crate::streams) fn PickerButton(
    picker: Picker,
    /// Ids of the elements that name and describe it.
    labelled_by: String,
    described_by: String,
) -> impl IntoView {
    let frame = NodeRef::<html::Div>::new();
    let text = move || picker.names.with(|names| summary(names));
    let is_open = Memo::new(move |_| picker.sheet.with(TypeSheet::is_open));
    Effect::new(move |_| {
        if is_open.get() {
            let pressed = window_event_listener(ev::click, move |event| close_when_pressed(picker, frame, &event));
            on_cleanup(move || pressed.remove());
        }
    });
    let button_id = picker.id("button");
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
        <div class="picker" node_ref=frame on:keydown=on_key on:focusout=move |event| close_when_left(picker, frame, &event)>
            <button
                type="button"
                id=button_id.clone()
                class="picker-button"
                aria-haspopup="dialog"
                aria-expanded=Signal::derive(move || is_open.get().to_string())
                aria-labelledby=format!("{labelled_by} {button_id}")
                aria-describedby=described_by
                on:click=toggle
            >
                <span class="picker-text">{text}</span>
                <Icon icon=icondata_lu::LuChevronDown />
            </button>
            {move || is_open.get().then(|| view! { <Sheet picker /> })}
        </div>
    }
}

fn close_when_left(picker: Picker, frame: NodeRef<html::Div>, event: &FocusEvent) {
    let to = event.related_target().and_then(|to| to.dyn_into::<Node>().ok());
    // Focus that goes nowhere says nothing: another window may be in front, or the browser gives buttons no focus.
    let (Some(to), Some(frame)) = (to, frame.try_get_untracked().flatten()) else {
        return;
    };
    if frame.contains(Some(&to)) {
        return;
    }
    // A press that took the focus away has to reach its target before the page becomes shorter.
    let close = move || picker.leave();
    match picker.presses {
        Some(presses) => presses.after(close),
        None => close(),
    }
}

/// Outside of it, when the click has done what it does there; the focus goes where the pointer leads it.
fn close_when_pressed(picker: Picker, frame: NodeRef<html::Div>, event: &MouseEvent) {
    // The option that was clicked may have been rendered anew by now.
    let path = event.composed_path();
    let frame = frame.try_get_untracked().flatten();
    if frame.is_some_and(|frame| !path.includes(&frame, 0)) {
        picker.leave();
    }
}

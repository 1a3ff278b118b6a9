//! The button that starts a new stream, and the kinds to choose from.

use domain::destination::DestinationKind;
use leptos::{
    ev::{FocusEvent, KeyboardEvent},
    html,
    prelude::*,
    wasm_bindgen::JsCast,
};
use web_sys::Node;

use super::{
    context::Streams,
    editor::{Editing, Form},
    ids::ADD_BUTTON_ID,
};
use crate::{browser, ui::Icon};

fn item_id(position: usize) -> String {
    format!("add-stream-{position}")
}

#[component]
pub(super) fn AddMenu() -> impl IntoView {
    let open = RwSignal::new(false);
    let frame = NodeRef::<html::Div>::new();
    let toggle = move |_| {
        open.update(|open| *open = !*open);
        if open.get_untracked() {
            browser::focus(item_id(0));
        }
    };
    let on_key = move |event: KeyboardEvent| match (event.key().as_str(), open.get_untracked()) {
        ("Escape", true) => {
            open.set(false);
            browser::focus(ADD_BUTTON_ID);
        }
        ("ArrowDown", false) => {
            event.prevent_default();
            open.set(true);
            browser::focus(item_id(0));
        }
        _ => {}
    };
    view! {
        <div class="menu needs-script" node_ref=frame on:keydown=on_key on:focusout=close_when_left(frame, open)>
            <button
                type="button"
                id=ADD_BUTTON_ID
                class="button button-primary"
                aria-haspopup="menu"
                aria-expanded=move || open.get().to_string()
                on:click=toggle
            >
                "Add streaming destination"
                <Icon icon=icondata_lu::LuChevronDown />
            </button>
            <Show when=move || open.get()>
                <div class="menu-sheet" role="menu" aria-labelledby=ADD_BUTTON_ID>
                    {DestinationKind::ALL
                        .into_iter()
                        .enumerate()
                        .map(|(position, kind)| view! { <MenuItem position kind open /> })
                        .collect_view()}
                </div>
            </Show>
        </div>
    }
}

#[component]
fn MenuItem(position: usize, kind: DestinationKind, open: RwSignal<bool>) -> impl IntoView {
    let streams = expect_context::<Streams>();
    let choose = move |_| {
        open.set(false);
        streams.state.update(|state| state.begin_adding(kind));
        browser::focus(Editing::new(streams, Form::Add).field_id("name"));
    };
    let on_key = move |event: KeyboardEvent| {
        let last = DestinationKind::ALL.len() - 1;
        let next = match event.key().as_str() {
            "ArrowDown" if position == last => 0,
            "ArrowDown" => position + 1,
            "ArrowUp" if position == 0 => last,
            "ArrowUp" => position - 1,
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        browser::focus(item_id(next));
    };
    view! {
        <button
            type="button"
            id=item_id(position)
            class="menu-item"
            role="menuitem"
            tabindex="-1"
            on:click=choose
            on:keydown=on_key
        >
            {kind.spec().label}
        </button>
    }
}

fn close_when_left(frame: NodeRef<html::Div>, open: RwSignal<bool>) -> impl Fn(FocusEvent) {
    move |event| {
        let to = event.related_target().and_then(|to| to.dyn_into::<Node>().ok());
        // The menu may just have been taken away, and its owner with it.
        let frame = frame.try_get_untracked().flatten();
        let stays = frame.is_some_and(|frame| frame.contains(to.as_ref()));
        if !stays {
            open.set(false);
        }
    }
}

//! A button that opens a panel below it. It is a `details` element, so it opens without the program, too.

use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast};
use web_sys::{Element, Node};

use crate::{browser, ui::Icon};

#[component]
pub(super) fn Menu(
    /// Id of the button.
    id: &'static str,
    icon: icondata_core::Icon,
    #[prop(into)] label: String,
    /// Open from the start, for example because something in it is wrong.
    #[prop(optional)]
    is_open: bool,
    /// Highlights the button.
    #[prop(optional)]
    is_set: bool,
    children: Children,
) -> impl IntoView {
    let frame = NodeRef::<html::Details>::new();
    let on_key = move |event: ev::KeyboardEvent| {
        if let (Some(frame), "Escape") = (frame.get_untracked(), event.key().as_str())
            && frame.open()
            && !is_in_dialog(&event)
        {
            event.stop_propagation();
            frame.set_open(false);
            browser::focus(id);
        }
    };
    close_from_outside(frame);
    view! {
        <details class="drop" name="log-menus" open=is_open node_ref=frame on:keydown=on_key>
            <summary id=id class="button" class:is-set=is_set>
                <Icon icon />
                <span class="drop-label">{label}</span>
                <Icon icon=icondata_lu::LuChevronDown />
            </summary>
            <div class="drop-panel" role="group" aria-labelledby=id>
                {children()}
            </div>
        </details>
    }
}

/// Closes the menu that contains the element; the focus goes to the button with this id.
pub(super) fn close_menu_of(element: &Element, id: &'static str) {
    let menu = element.closest("details").ok().flatten();
    if let Some(menu) = menu.and_then(|menu| menu.dyn_into::<web_sys::HtmlDetailsElement>().ok()) {
        menu.set_open(false);
        browser::focus(id);
    }
}

/// A dialog that the panel opened closes alone.
fn is_in_dialog(event: &ev::KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| target.closest("dialog").is_ok_and(|dialog| dialog.is_some()))
}

fn close_from_outside(frame: NodeRef<html::Details>) {
    Effect::new(move |_| {
        let listener = window_event_listener(ev::pointerdown, move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
            if let Some(frame) = frame.get_untracked()
                && !frame.contains(target.as_ref())
            {
                frame.set_open(false);
            }
        });
        on_cleanup(move || listener.remove());
    });
}

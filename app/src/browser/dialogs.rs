//! Dialogs of the page.

use leptos::{html, prelude::*, wasm_bindgen::JsCast};
use web_sys::HtmlDialogElement;

fn dialog(id: &str) -> Option<HtmlDialogElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// Opens the dialog with this id, unless it is open.
pub(crate) fn open_dialog(id: &str) {
    if let Some(dialog) = dialog(id).filter(|dialog| !dialog.open()) {
        dialog.show_modal().unwrap_or_default();
    }
}

/// Closes the dialog with this id; the focus returns to where it was.
pub(crate) fn close_dialog(id: &str) {
    if let Some(dialog) = dialog(id) {
        dialog.close();
    }
}

/// Whether the dialog is closed. Its `close` event comes later than that: the dialog may be open again by then.
pub(crate) fn is_closed(dialog: NodeRef<html::Dialog>) -> bool {
    dialog.try_get_untracked().flatten().is_none_or(|dialog| !dialog.open())
}

fn open_dialogs() -> Vec<HtmlDialogElement> {
    let found = document().query_selector_all("dialog[open]");
    let found = found
        .into_iter()
        .flat_map(|list| (0..list.length()).map(move |position| list.get(position)));
    found.flatten().filter_map(|dialog| dialog.dyn_into().ok()).collect()
}

pub(crate) fn is_dialog_open() -> bool {
    !open_dialogs().is_empty()
}

/// Whether any was open.
pub(crate) fn close_dialogs() -> bool {
    let open = open_dialogs();
    open.iter().for_each(HtmlDialogElement::close);
    !open.is_empty()
}

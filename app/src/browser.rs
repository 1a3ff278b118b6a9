//! What only the browser can do. Called from event handlers and effects, which never run on the server.

mod clipboard;
mod dialogs;
mod paint;
mod theme;
mod time;

use leptos::{
    prelude::*,
    wasm_bindgen::{JsCast, closure::Closure},
};
use web_sys::{File, FormData, HtmlElement, HtmlFormElement, HtmlInputElement, HtmlTextAreaElement, UrlSearchParams};

pub(crate) use self::{
    clipboard::copy,
    dialogs::{close_dialog, close_dialogs, is_closed, is_dialog_open, open_dialog},
    paint::{after_paint, is_out_of_sight},
    theme::{choose_theme, stored_theme},
    time::{local_of_utc, now, offset_minutes, utc_of_local},
};

/// Digits that no other call returns.
pub(crate) fn random_digits() -> String {
    js_sys::Math::random().to_string().replace('.', "")
}

/// Loads another page of this site anew.
pub(crate) fn leave_for(path: &str) {
    if window().location().assign(path).is_err() {
        leptos::logging::error!("cannot leave for {path}");
    }
}

/// Whole address of this page.
pub(crate) fn current_address() -> String {
    window().location().href().unwrap_or_default()
}

/// Whether the focus or the pointer is in the element with this id.
pub(crate) fn is_in_use(id: &str) -> bool {
    let page = document();
    let Some(element) = page.get_element_by_id(id) else {
        return false;
    };
    let active = page.active_element();
    active.is_some_and(|active| element.contains(Some(&active))) || element.matches(":hover") == Ok(true)
}

/// False while the page is in a background tab.
pub(crate) fn is_visible() -> bool {
    !document().hidden()
}

/// Moves the focus to the element with this id, once what is about to be rendered is there.
pub(crate) fn focus(id: impl Into<String>) {
    let id = id.into();
    request_animation_frame(move || {
        let element = document().get_element_by_id(&id);
        if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            focus_element(&element);
        }
    });
}

/// Whether a field holds only a part of a value, such as a date without its time; its value is empty then.
pub(crate) fn is_incomplete(id: &str) -> bool {
    let field = document().get_element_by_id(id);
    field
        .and_then(|field| field.dyn_into::<HtmlInputElement>().ok())
        .is_some_and(|field| !field.check_validity())
}

/// Scrolls as little as is needed to show the element with this id, once what is about to be rendered is there.
pub(crate) fn show(id: String) {
    request_animation_frame(move || {
        if let Some(element) = document().get_element_by_id(&id) {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            element.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
}

/// Where the focus was can't always be given back; that is no reason to fail.
pub(crate) fn focus_element(element: &HtmlElement) {
    element.focus().unwrap_or_default();
}

/// The address's query to which a plain form leads; empty if the browser can't say.
pub(crate) fn form_query(form: &HtmlFormElement) -> String {
    form_fields(form)
        .map(|query| query.to_string().into())
        .unwrap_or_default()
}

/// Dates with times travel in UTC: the server does not know the reader's zone.
fn form_fields(form: &HtmlFormElement) -> Option<UrlSearchParams> {
    let fields = FormData::new_with_form(form).ok()?;
    let fields = UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()?;
    let moments = form.query_selector_all("[type=datetime-local]").ok()?;
    for position in 0..moments.length() {
        let field = moments
            .get(position)
            .and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
        if let Some((field, moment)) =
            field.and_then(|field| utc_of_local(&field.value()).map(|moment| (field, moment)))
        {
            fields.set(&field.name(), &moment);
        }
    }
    Some(fields)
}

/// What a file begins with, which is all of it unless somebody chose a large one by mistake.
pub(crate) async fn file_text(file: &File) -> Option<String> {
    let start = file.slice_with_i32_and_i32(0, 65_536).ok()?;
    start.text().await.ok()?.as_string()
}

/// Moves the focus to the first wrong field of the form with this id, once that is shown.
pub(crate) fn focus_mistake(form: String) {
    request_animation_frame(move || {
        let form = document().get_element_by_id(&form);
        let field = form.and_then(|form| form.query_selector("[aria-invalid=true]").ok().flatten());
        if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
            // A field that is folded away can't have the focus.
            if let Ok(Some(folded)) = field.closest("details") {
                folded.set_attribute("open", "").unwrap_or_default();
            }
            focus_element(&field);
        }
    });
}

/// Whether the form with this id holds something else than what it showed at first.
pub(crate) fn is_form_changed(form: &str) -> bool {
    let fields = document()
        .get_element_by_id(form)
        .and_then(|form| form.query_selector_all("input:not([type=hidden]), textarea").ok());
    let fields = fields
        .into_iter()
        .flat_map(|fields| (0..fields.length()).filter_map(move |position| fields.get(position)));
    fields
        .into_iter()
        .any(|field| match field.dyn_into::<HtmlInputElement>() {
            Ok(input) if matches!(input.type_().as_str(), "checkbox" | "radio") => {
                input.checked() != input.default_checked()
            }
            Ok(input) => input.value() != input.default_value(),
            Err(field) => field
                .dyn_into::<HtmlTextAreaElement>()
                .is_ok_and(|lines| lines.default_value().is_ok_and(|stored| lines.value() != stored)),
        })
}

/// Shows in the form with this id what is stored, instead of what was typed, once what is stored is rendered.
pub(crate) fn reset_form(form: String) {
    request_animation_frame(move || {
        let form = document().get_element_by_id(&form);
        if let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
            form.reset();
        }
    });
}

/// Opens a popover.
pub(crate) fn show_popover(id: &str) {
    let element = document().get_element_by_id(id);
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        element.show_popover().unwrap_or_default();
    }
}

/// Whether the top of the element with this id was scrolled out of the window.
pub(crate) fn is_above_window(id: &str) -> bool {
    let element = document().get_element_by_id(id);
    element.is_some_and(|element| element.get_bounding_client_rect().top() < 0.0)
}

/// Moves the focus to the element with this id, once it is there, and scrolls its content to the top.
pub(crate) fn focus_at_top(id: String) {
    request_animation_frame(move || {
        let element = document().get_element_by_id(&id);
        if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            element.set_scroll_top(0);
            focus_element(&element);
        }
    });
}

/// Closes a popover, if it is open.
pub(crate) fn hide_popover(id: &str) {
    let element = document().get_element_by_id(id);
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        element.hide_popover().unwrap_or_default();
    }
}

/// Whether a popover is open, which the Escape key closes.
pub(crate) fn is_popover_open() -> bool {
    document().query_selector(":popover-open").ok().flatten().is_some()
}

/// Calls `listener` before any other one sees the event, as long as the caller's owner lives.
pub(crate) fn on_window_capture(name: &'static str, listener: impl FnMut(web_sys::Event) + 'static) {
    let listener = Closure::<dyn FnMut(web_sys::Event)>::new(listener);
    let function = listener.as_ref().unchecked_ref();
    window()
        .add_event_listener_with_callback_and_bool(name, function, true)
        .unwrap_or_default();
    let listener = StoredValue::new_local(Some(listener));
    on_cleanup(move || {
        if let Some(listener) = listener.try_update_value(Option::take).flatten() {
            let function = listener.as_ref().unchecked_ref();
            window()
                .remove_event_listener_with_callback_and_bool(name, function, true)
                .unwrap_or_default();
        }
    });
}

/// Shows another address of this site without loading it.
pub(crate) fn push_address(address: &str) {
    let history = window().history();
    let pushed = history
        .and_then(|history| history.push_state_with_url(&leptos::wasm_bindgen::JsValue::NULL, "", Some(address)));
    pushed.unwrap_or_default();
}

pub(crate) fn go_back() {
    let history = window().history();
    history.and_then(|history| history.back()).unwrap_or_default();
}

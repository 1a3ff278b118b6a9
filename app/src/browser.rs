//! What only the browser can do. Called from event handlers and effects, which never run on the server.

use domain::Timestamp;
use leptos::{prelude::*, task::spawn_local, wasm_bindgen::JsCast};
use web_sys::{
    File, FormData, HtmlElement, HtmlFormElement, HtmlInputElement, HtmlTextAreaElement, RequestInit, Response,
    UrlSearchParams,
};

use crate::model::theme::Theme;

const THEME_KEY: &str = "theme";

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_ms(whole(js_sys::Date::now()))
}

/// Minutes that the reader's zone is ahead of UTC at that moment.
pub(crate) fn offset_minutes(moment: Timestamp) -> i32 {
    let milliseconds = js_sys::Number::from(to_number(moment.unix_ms()));
    let behind = js_sys::Date::new(&milliseconds).get_timezone_offset();
    i32::try_from(whole(-behind)).unwrap_or(0)
}

/// Minutes that the reader's zone is ahead of UTC now, as the server functions that draw want it.
pub(crate) fn offset_now() -> Option<i32> {
    Some(offset_minutes(now()))
}

#[expect(
    clippy::as_conversions,
    reason = "JavaScript's numbers are floats; dates and offsets are whole and small"
)]
const fn whole(number: f64) -> i64 {
    number as i64
}

#[expect(
    clippy::as_conversions,
    reason = "JavaScript's numbers are floats; dates are well below 2^53"
)]
const fn to_number(whole: i64) -> f64 {
    whole as f64
}

/// The moment in UTC that a field for date and time holds in the reader's zone; none if it holds none.
pub(crate) fn utc_of_local(text: &str) -> Option<String> {
    let moment = js_sys::Date::new(&text.into());
    (!moment.get_time().is_nan()).then(|| moment.to_iso_string().into())
}

/// What a field for date and time shows of a moment in UTC, in the reader's zone; empty for a text that is none.
pub(crate) fn local_of_utc(text: &str) -> String {
    let moment = js_sys::Date::new(&text.into());
    let milliseconds = moment.get_time();
    if !text.ends_with('Z') || milliseconds.is_nan() {
        return String::new();
    }
    let offset = moment.get_timezone_offset() * 60_000.0;
    let shifted = js_sys::Date::new(&js_sys::Number::from(milliseconds - offset));
    let local: String = shifted.to_iso_string().into();
    local.get(..19).unwrap_or_default().to_owned()
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

/// Does nothing if there is no element with this id.
pub(crate) fn set_attribute(id: &str, name: &str, value: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        element.set_attribute(name, value).unwrap_or_default();
    }
}

/// Sends what a form holds. Whether the answer is a good one, and its text; None if there was no whole answer.
pub(crate) async fn post_form(path: &str, form: &HtmlFormElement) -> Option<(bool, String)> {
    let body = form_fields(form)?;
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_body(&body);
    let response = window().fetch_with_str_and_init(path, &request).await.ok()?;
    let response: Response = response.dyn_into().ok()?;
    let text = response.text().ok()?.await.ok()?;
    Some((response.ok(), text.as_string()?))
}

/// Moves the focus to the first field of the form that was refused, once that is shown.
pub(crate) fn focus_mistake(form: HtmlFormElement) {
    request_animation_frame(move || {
        let field = form.query_selector("[aria-invalid=true]").ok().flatten();
        if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
            focus_element(&field);
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

/// Copies a text and says whether that worked.
pub(crate) fn copy(text: String, done: impl FnOnce(bool) + 'static) {
    if !window().is_secure_context() {
        done(copy_by_selection(&text).is_some());
        return;
    }
    spawn_local(async move {
        done(window().navigator().clipboard().write_text(&text).await.is_ok());
    });
}

/// The way that also works over plain http: the clipboard of scripts is only there on https and on localhost.
fn copy_by_selection(text: &str) -> Option<()> {
    let page = document();
    let area: HtmlTextAreaElement = page.create_element("textarea").ok()?.dyn_into().ok()?;
    area.set_class_name("off-screen");
    area.set_value(text);
    let host = page.active_element().and_then(|active| active.parent_element());
    let host = host.or_else(|| page.body().map(Into::into))?;
    host.append_child(&area).ok()?;
    area.select();
    let copied = page.unchecked_ref::<web_sys::HtmlDocument>().exec_command("copy");
    area.remove();
    copied.ok().filter(|copied| *copied).map(|_| ())
}

pub(crate) fn stored_theme() -> Theme {
    let stored = window().local_storage().ok().flatten();
    let name = stored.and_then(|storage| storage.get_item(THEME_KEY).ok().flatten());
    name.as_deref().map_or(Theme::System, Theme::from_name)
}

/// Shows the theme now and after every later load.
pub(crate) fn choose_theme(theme: Theme) {
    if let Some(storage) = window().local_storage().ok().flatten() {
        let remembered = match theme {
            Theme::System => storage.remove_item(THEME_KEY),
            Theme::Light | Theme::Dark => storage.set_item(THEME_KEY, theme.name()),
        };
        remembered.unwrap_or_default();
    }
    let Some(root) = document().document_element() else {
        return;
    };
    let shown = match theme {
        Theme::System => root.remove_attribute("data-theme"),
        Theme::Light | Theme::Dark => root.set_attribute("data-theme", theme.name()),
    };
    shown.unwrap_or_default();
}

//! Plain forms that lead to another address of the Log. With the program, the page stays and the address changes.

use leptos::{ev::SubmitEvent, prelude::*, wasm_bindgen::JsCast};
use web_sys::HtmlFormElement;

use super::{filter::times, location::LogLocation};
use crate::browser;

/// What a form sends along because it has no field for it.
pub(super) fn kept(location: &LogLocation, without: &[&str]) -> AnyView {
    let mut pairs = location.filter.pairs();
    pairs.push(("tab", "log"));
    if location.live {
        pairs.push(("live", "on"));
    }
    let kept = pairs.into_iter().filter(|(name, _)| !without.contains(name));
    let fields = kept.map(|(name, value)| {
        let value = value.to_owned();
        view! { <input type="hidden" name=name value=value /> }
    });
    fields.collect_view().into_any()
}

/// Goes where the form leads, and moves the focus to the element with this id.
pub(super) fn submit(go: Callback<String>, focus_id: &'static str) -> impl Fn(SubmitEvent) + Copy {
    move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(form) = event.target().and_then(|target| target.dyn_into().ok()) {
            follow(&form, go, focus_id);
        }
    }
}

pub(super) fn follow(form: &HtmlFormElement, go: Callback<String>, focus_id: &'static str) {
    let mut location = LogLocation::from_query(&browser::form_query(form));
    let filter = &mut location.filter;
    for text in [&mut filter.created_after, &mut filter.created_before] {
        if times::is_local(text)
            && let Some(moment) = browser::utc_of_local(&text.replacen(' ', "T", 1))
        {
            *text = moment;
        }
    }
    // Its fields show what the address says.
    form.reset();
    go.run(location.href());
    browser::focus(focus_id);
}

/// The message about a field, under the id that the field names as its description.
pub(super) fn message(text: Option<&str>, id: &'static str) -> Option<AnyView> {
    let text = text?.to_owned();
    Some(view! { <p id=id class="field-error">{text}</p> }.into_any())
}

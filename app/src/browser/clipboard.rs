//! Copying texts.

use leptos::{prelude::*, task::spawn_local, wasm_bindgen::JsCast};
use web_sys::HtmlTextAreaElement;

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

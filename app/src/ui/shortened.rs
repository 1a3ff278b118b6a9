//! A text that may be longer than its place: both ends stay, and the whole shows on hover and on focus.

use leptos::prelude::*;

use crate::model::text::shorten_middle;

#[component]
pub(crate) fn Shortened(#[prop(into)] text: String, max_chars: usize) -> impl IntoView {
    let short = shorten_middle(&text, max_chars);
    if short == text {
        let whole = text.clone();
        return view! { <bdi title=text>{whole}</bdi> }.into_any();
    }
    view! {
        <span class="shortened" tabindex="0">
            <bdi aria-hidden="true">{short}</bdi>
            <bdi class="shortened-whole">{text}</bdi>
        </span>
    }
    .into_any()
}

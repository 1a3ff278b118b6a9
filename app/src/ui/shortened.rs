//! A text that may be longer than its place: both ends stay, and the whole shows on hover and on focus.

use leptos::prelude::*;

use crate::model::text::split_tail;

const TAIL_CHARS: usize = 9;

#[component]
pub(crate) fn Shortened(
    #[prop(into)] text: String,
    /// So many characters always fit.
    enough: usize,
) -> impl IntoView {
    let Some((head, tail)) = split_tail(&text, enough, TAIL_CHARS) else {
        return view! { <bdi>{text}</bdi> }.into_any();
    };
    let (head, tail) = (head.to_owned(), tail.to_owned());
    view! {
        <span class="shortened" tabindex="0">
            <span class="shortened-ends" dir="auto" aria-hidden="true">
                <span class="shortened-head">{head}</span>
                <span>{tail}</span>
            </span>
            <bdi class="shortened-whole">{text}</bdi>
        </span>
    }
    .into_any()
}

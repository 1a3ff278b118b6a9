//! What stands where something is about to be, of the same size.

use leptos::prelude::*;

/// Rows of a table.
#[component]
pub(crate) fn TableSkeleton(rows: usize) -> impl IntoView {
    let row = || view! { <div class="skeleton-row"><span class="skeleton-bar"></span></div> };
    view! {
        <div class="skeleton-table" role="status">
            <span class="visually-hidden">"Loading"</span>
            {(0..rows).map(|_| row()).collect_view()}
        </div>
    }
}

/// Lines of text.
#[component]
pub(crate) fn LinesSkeleton(lines: usize) -> impl IntoView {
    let line = || view! { <div class="skeleton-line"><span class="skeleton-bar"></span></div> };
    view! {
        <div class="skeleton-lines" role="status">
            <span class="visually-hidden">"Loading"</span>
            {(0..lines).map(|_| line()).collect_view()}
        </div>
    }
}

/// Fields of a form, each with its label and its hint, and a button.
#[component]
pub(crate) fn FormSkeleton(fields: usize) -> impl IntoView {
    let field = || {
        view! {
            <div class="skeleton-field">
                <span class="skeleton-bar"></span>
                <span class="skeleton-bar skeleton-input"></span>
                <span class="skeleton-bar"></span>
            </div>
        }
    };
    view! {
        <div class="skeleton-form" role="status">
            <span class="visually-hidden">"Loading"</span>
            {(0..fields).map(|_| field()).collect_view()}
            <span class="skeleton-bar skeleton-button"></span>
        </div>
    }
}

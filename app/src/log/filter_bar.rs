//! What the reader wants to see, in one row: text, filters, time, order, saved views, exports.

use domain::Field;
use leptos::{
    ev::{Custom, Event},
    prelude::*,
    wasm_bindgen::JsCast,
};
use web_sys::HtmlInputElement;

use super::{
    chips::Chips,
    export::{ExportMenu, Exports},
    filter::{NEWEST_FIRST, OLDEST_FIRST},
    filter_menu::FilterMenu,
    forms::{follow, kept, message, submit},
    location::{AUDIT_EVENTS, LogLocation},
    time_menu::TimeMenu,
    views_menu::{Views, ViewsMenu},
    wire::Suggestions,
};
use crate::{resource::JsonResource, ui::Icon, wire::AppError};

const TEXT_ID: &str = "log-text";
const SORT_ID: &str = "log-sort";

/// `location` is that of the first page; `go` leads to another address. The menus are rendered anew when the filter changes, and
/// the search is not: what is typed there stays.
#[component]
pub(super) fn FilterBar(
    location: Memo<LogLocation>,
    go: Callback<String>,
    suggestions: JsonResource<Result<Suggestions, AppError>>,
    views: Views,
    exports: Exports,
) -> impl IntoView {
    view! {
        <SearchForm location go />
        {move || {
            let location = location.get();
            view! {
                <FilterMenu location=location.clone() go suggestions />
                <TimeMenu location=location.clone() go />
                <ViewsMenu location=location.clone() views />
                <ExportMenu location=location.clone() exports />
                <Chips location />
            }
        }}
    }
}

/// The box for a text, and the order.
#[component]
fn SearchForm(location: Memo<LogLocation>, go: Callback<String>) -> impl IntoView {
    let text = Memo::new(move |_| location.with(|location| location.filter.text.clone()));
    let oldest_first = Memo::new(move |_| location.with(|location| location.filter.oldest_first()));
    let wrong_sort = Memo::new(move |_| {
        let errors = location.with(|location| location.filter.errors());
        errors.message_for(Field::Sort).map(str::to_owned)
    });
    let kept = move || location.with(|location| kept(location, &["text", "sort"]));
    let sort_changed = move |event: Event| {
        let field = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let form = field.and_then(|field| field.closest("form").ok().flatten());
        if let Some(form) = form.and_then(|form| form.dyn_into().ok()) {
            follow(&form, go, SORT_ID);
        }
    };
    clear_by_button(go);
    view! {
        <form class="log-search" role="search" aria-label="Log" action=AUDIT_EVENTS on:submit=submit(go, TEXT_ID)>
            {kept}
            <div class="log-text">
                <input
                    class="field-input"
                    type="search"
                    id=TEXT_ID
                    name="text"
                    aria-label="Search text in details"
                    placeholder="Search text in details"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    maxlength="255"
                    prop:value=text
                    value=text
                />
                <button type="submit" class="button" aria-label="Search">
                    <Icon icon=icondata_lu::LuSearch />
                </button>
            </div>
            <div class="field log-sort">
                <select class="field-input" id=SORT_ID name="sort" aria-label="Sort by" on:change=sort_changed>
                    <option value=NEWEST_FIRST prop:selected=move || !oldest_first.get()>
                        "Last created"
                    </option>
                    <option value=OLDEST_FIRST selected=oldest_first prop:selected=oldest_first>
                        "Oldest created"
                    </option>
                </select>
                {move || message(wrong_sort.get().as_deref(), "log-sort-error")}
            </div>
        </form>
    }
}

/// The browser's own button that empties the box is a search for everything.
fn clear_by_button(go: Callback<String>) {
    Effect::new(move |_| {
        let listener = window_event_listener(Custom::<Event>::new("search"), move |event| {
            let field = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
            let form = field.filter(|field| field.id() == TEXT_ID && field.value().is_empty());
            if let Some(form) = form.and_then(|field| field.form()) {
                follow(&form, go, TEXT_ID);
            }
        });
        on_cleanup(move || listener.remove());
    });
}

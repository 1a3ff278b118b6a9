//! What the reader wants to see: a plain form whose answer is an address, so it works before and without the program.
//!
//! With it, a choice takes effect at once and the page stays; what is chosen stands in the address either way.

use domain::{Field, FieldErrors};
use leptos::{
    ev::{Event, SubmitEvent},
    prelude::*,
    wasm_bindgen::JsCast,
};
use web_sys::{HtmlFormElement, HtmlInputElement};

use super::chips::chips;
use crate::{
    browser,
    model::{
        log_filter::{LogFilter, NEWEST_FIRST, OLDEST_FIRST, RANGES, Token},
        log_location::{AUDIT_EVENTS, LogLocation},
    },
    ui::Icon,
};

const VALUE_ID: &str = "log-value";
const FORM_ID: &str = "log-filter";

/// Id of the suggestions for a token; they come with the page.
pub(super) fn known_id(token: &str) -> String {
    let is_user = token == Token::ByOrAboutUser.name();
    format!("known-{}", if is_user { Token::User.name() } else { token })
}

/// `location` is that of the first page. `go` leads to another address. On a narrow screen the form is there while it is
/// `open`, or has something wrong in it.
pub(super) fn filter_bar(location: &LogLocation, go: Callback<String>, open: RwSignal<bool>) -> AnyView {
    let filter = &location.filter;
    let errors = filter.errors();
    let is_wrong = !errors.is_empty();
    let is_open = Signal::derive(move || is_wrong || open.get());
    let is_expanded = Signal::derive(move || is_open.get().to_string());
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(form) = event.target().and_then(|target| target.dyn_into().ok()) {
            follow(&form, VALUE_ID, go);
        }
    };
    let kept = kept_pairs(location).into_iter();
    let kept = kept.map(|(name, value)| view! { <input type="hidden" name=name value=value /> });
    view! {
        <button
            type="button"
            class="button log-filter-button needs-script"
            aria-expanded=is_expanded
            aria-controls=FORM_ID
            on:click=move |_| open.update(|open| *open = !*open)
        >
            <Icon icon=icondata_lu::LuSlidersHorizontal />
            "Filter and export"
        </button>
        <form
            id=FORM_ID
            class="log-filter"
            class:is-open=is_open
            role="search"
            aria-label="Log"
            action=AUDIT_EVENTS
            on:submit=on_submit
            on:change=move |event| changed(&event, go)
        >
            <input type="hidden" name="tab" value="log" />
            {kept.collect_view()}
            <div class="log-filter-row">
                {token_fields(&errors)}
                {sort_field(filter, &errors)}
                {export_links(location)}
            </div>
            <div class="log-filter-row">
                {range_links(location)}
                {day_field("From", "created_after", &filter.created_after, errors.message_for(Field::CreatedAfter))}
                {day_field("To", "created_before", &filter.created_before, errors.message_for(Field::CreatedBefore))}
                <span class="field-hint">"Whole days, UTC"</span>
            </div>
        </form>
        {chips(location)}
    }
    .into_any()
}

/// What the form sends on because no field of it does.
fn kept_pairs(location: &LogLocation) -> Vec<(&'static str, String)> {
    let filter = &location.filter;
    let live = if location.live { "on" } else { "" };
    let pairs = [
        ("author_username", filter.author.as_str()),
        ("entity_type", &filter.entity_type),
        ("entity_id", &filter.entity),
        ("event_type", &filter.event_type),
        ("ip_address", &filter.ip_address),
        ("text", &filter.text),
        ("range", &filter.range),
        ("live", live),
    ];
    let given = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    given.map(|(name, value)| (name, value.to_owned())).collect()
}

fn token_fields(errors: &FieldErrors) -> AnyView {
    let options = Token::ALL.map(|token| view! { <option value=token.name()>{token.label()}</option> });
    view! {
        <div class="field log-search">
            <div class="field-with-button">
                <select class="field-input" name="filter" aria-label="Filter by">
                    {options.into_iter().collect_view()}
                </select>
                <span>"is"</span>
                <input
                    class="field-input"
                    id=VALUE_ID
                    name="is"
                    aria-label="Value"
                    placeholder="Search or filter"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    maxlength="255"
                    list=known_id(Token::User.name())
                />
                <button type="submit" class="button">
                    <Icon icon=icondata_lu::LuSearch />
                    "Search"
                </button>
            </div>
            {message(errors.message_for(Field::Filter), "log-filter-error")}
        </div>
    }
    .into_any()
}

fn sort_field(filter: &LogFilter, errors: &FieldErrors) -> AnyView {
    let oldest_first = filter.oldest_first();
    view! {
        <div class="field">
            <select class="field-input" id="log-sort" name="sort" aria-label="Sort by">
                <option value=NEWEST_FIRST>"Last created"</option>
                <option value=OLDEST_FIRST selected=oldest_first>
                    "Oldest created"
                </option>
            </select>
            {message(errors.message_for(Field::Sort), "log-sort-error")}
        </div>
    }
    .into_any()
}

fn export_links(location: &LogLocation) -> AnyView {
    let link = |format: &str, label: &'static str| {
        view! {
            <a class="button" href=location.export_href(format) rel="external" download="">
                <Icon icon=icondata_lu::LuDownload />
                {label}
            </a>
        }
    };
    view! { <div class="log-exports">{link("csv", "Export as CSV")} {link("jsonl", "Export as JSON Lines")}</div> }
        .into_any()
}

fn range_links(location: &LogLocation) -> AnyView {
    let filter = &location.filter;
    let days = filter.created_after.is_empty() && filter.created_before.is_empty();
    let link = |(range, label): (&str, &'static str)| {
        let href = location.clone().with_filter(filter.clone().over(range)).href();
        let current = (days && filter.range == range).then_some("true");
        view! {
            <a class="button" href=href data-noscroll="true" aria-current=current>
                {label}
            </a>
        }
    };
    let ranges = RANGES.into_iter().chain([("", "All time")]).map(link);
    view! { <div class="log-ranges" role="group" aria-label="Created">{ranges.collect_view()}</div> }.into_any()
}

/// A value that is no day has no place in the browser's own field; the message says what is wrong with it.
fn day_field(label: &'static str, name: &'static str, value: &str, error: Option<&str>) -> AnyView {
    let shown = if error.is_some() {
        String::new()
    } else {
        value.to_owned()
    };
    let error_id = format!("log-{name}-error");
    let (invalid, described_by) = (error.map(|_| "true"), error.map(|_| error_id.clone()));
    view! {
        <div class="field">
            <label class="log-day">
                {label}
                <input
                    class="field-input"
                    type="date"
                    id=format!("log-{name}")
                    name=name
                    value=shown
                    aria-invalid=invalid
                    aria-describedby=described_by
                />
            </label>
            {message(error, &error_id)}
        </div>
    }
    .into_any()
}

fn message(error: Option<&str>, id: &str) -> Option<AnyView> {
    let (error, id) = (error?.to_owned(), id.to_owned());
    Some(view! { <p class="field-error" id=id>{error}</p> }.into_any())
}

/// Another token has other suggestions; another order or day takes effect at once. A day that is being typed is in the
/// first centuries for a while.
fn changed(event: &Event, go: Callback<String>) {
    let Some(target) = event.target() else { return };
    let field: HtmlInputElement = target.unchecked_into();
    let value = field.value();
    match field.name().as_str() {
        "filter" => browser::set_attribute(VALUE_ID, "list", &known_id(&value)),
        "is" => {}
        _ if value.as_str() < "1970" && !value.is_empty() => {}
        _ => {
            if let Some(form) = field.form() {
                follow(&form, &field.id(), go);
            }
        }
    }
}

/// Where the form leads, and the focus with it. What was typed goes: fields show what the address says.
fn follow(form: &HtmlFormElement, focus_id: &str, go: Callback<String>) {
    let href = LogLocation::from_query(&browser::form_query(form)).href();
    form.reset();
    browser::set_attribute(VALUE_ID, "list", &known_id(Token::User.name()));
    go.run(href);
    browser::focus(focus_id);
}

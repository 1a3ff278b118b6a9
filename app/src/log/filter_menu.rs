//! The menu that adds a filter: a field, an operator and a value.

use domain::Field;
use leptos::prelude::*;

use super::{
    filter::FilterField,
    forms::{kept, message, submit},
    location::{AUDIT_EVENTS, LogLocation},
    menu::Menu,
    wire::Suggestions,
};
use crate::{resource::JsonResource, ui::suspended, wire::AppError};

const MENU_ID: &str = "log-filter";
const ERROR_ID: &str = "log-filter-error";
const HINT_ID: &str = "log-filter-hint";

fn list_id(field: &str) -> String {
    format!("log-known-{field}")
}

#[component]
pub(super) fn FilterMenu(
    location: LogLocation,
    go: Callback<String>,
    suggestions: JsonResource<Result<Suggestions, AppError>>,
) -> impl IntoView {
    let errors = location.filter.errors();
    let wrong = errors.message_for(Field::Filter).map(str::to_owned);
    let field = RwSignal::new(FilterField::Author);
    let choose = move |name: String| {
        let chosen = FilterField::OFFERED.into_iter().find(|field| field.name() == name);
        field.set(chosen.unwrap_or(FilterField::Author));
    };
    let options = FilterField::OFFERED.map(|field| view! { <option value=field.name()>{field.label()}</option> });
    let (kept, is_set) = (kept(&location, &[]), !location.filter.conditions().is_empty());
    view! {
        <Menu
            id=MENU_ID
            icon=icondata_lu::LuListFilter
            label="Filter"
            is_open=wrong.is_some()
            is_set
        >
            <form class="drop-form" aria-label="Add a filter" action=AUDIT_EVENTS on:submit=submit(go, MENU_ID)>
                {kept}
                <label class="field">
                    <span class="field-label">"Field"</span>
                    <select class="field-input" name="field" on:change:target=move |event| choose(event.target().value())>
                        {options.into_iter().collect_view()}
                    </select>
                </label>
                <label class="field">
                    <span class="field-label">"Operator"</span>
                    <select class="field-input" name="operator">
                        <option value="is">"is"</option>
                        <option value="is_not">"is not"</option>
                    </select>
                </label>
                <label class="field">
                    <span class="field-label">"Value"</span>
                    <input
                        class="field-input"
                        name="value"
                        required
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        maxlength="255"
                        aria-describedby=HINT_ID
                        list=move || list_id(field.get().name())
                    />
                </label>
                <p id=HINT_ID class="field-hint">
                    {move || field.get().hint()}
                </p>
                {message(wrong.as_deref(), ERROR_ID)}
                <button type="submit" class="button button-primary">
                    "Add filter"
                </button>
            </form>
            <Suspense>
                // Without suggestions, values are typed.
                {move || suspended(suggestions, |lists| {
                    lists.map(|lists| lists.into_iter().map(value_list).collect_view()).ok()
                })}
            </Suspense>
        </Menu>
    }
}

fn value_list((field, values): (String, Vec<String>)) -> AnyView {
    let options = values.into_iter().map(|value| view! { <option value=value></option> });
    view! { <datalist id=list_id(&field)>{options.collect_view()}</datalist> }.into_any()
}

//! The open list: search, options by category, and what the choice would admit.

use leptos::prelude::*;

use super::{
    options::{Group, TypeOption, TypePicker, TypeSheet, toggled},
    picker::Picker,
};
use crate::{
    model::text::grouped,
    ui::{ErrorView, Icon, Rows},
};

#[component]
pub(super) fn Sheet(picker: Picker) -> impl IntoView {
    let chosen = Memo::new(move |_| picker.names.get());
    provide_context(picker);
    let groups = Memo::new(move |_| {
        let list = |sheet: &TypeSheet| sheet.list().map(|list| chosen.with(|chosen| list.groups(chosen)));
        picker.sheet.with(list).unwrap_or_default()
    });
    let failure = move || {
        let error = picker.sheet.with(|sheet| sheet.error().cloned())?;
        let retry = move |()| picker.retry();
        Some(view! { <ErrorView what="The event types can't be shown." error on_retry=retry /> }.into_any())
    };
    let note = Signal::derive(move || picker.sheet.with(|sheet| sheet.note().to_owned()));
    let active = Memo::new(move |_| picker.sheet.with(|sheet| sheet.list().and_then(TypePicker::active)));
    let has_options = Signal::derive(move || active.get().is_some());
    let is_expanded = Signal::derive(move || has_options.get().to_string());
    let has_none = Signal::derive(move || active.get().is_none());
    let forecast = Memo::new(move |_| {
        let kind = picker.kind?.get();
        picker
            .sheet
            .with(|sheet| sheet.list().map(|list| list.forecast(kind, &chosen.get())))
    });
    let count = Signal::derive(move || {
        format!(
            "{} selected",
            grouped(chosen.with(Vec::len).try_into().unwrap_or(u64::MAX))
        )
    });
    let active_id = Signal::derive(move || active.get().map(|position| picker.id(&position.to_string())));
    view! {
        <div class="picker-sheet" id=picker.id("sheet") role="dialog" aria-label="Select events" tabindex="-1">
            <div class="picker-head">
                <strong>"Select events"</strong>
                <button type="button" class="button button-small" on:click=move |_| select_all(picker)>
                    "Select all"
                </button>
                <button type="button" class="button button-small" on:click=move |_| unselect_all(picker)>
                    "Unselect all"
                </button>
            </div>
            <input
                class="field-input"
                id=picker.id("search")
                type="search"
                role="combobox"
                aria-label="Search"
                placeholder="Search"
                autocomplete="off"
                spellcheck="false"
                aria-expanded=is_expanded
                aria-autocomplete="list"
                aria-controls=picker.id("list")
                aria-activedescendant=active_id
                on:input:target=move |event| picker.search.typed(event.target().value())
                on:keydown=move |event| picker.on_key(&event)
            />
            <p class="picker-caption" hidden=has_none>
                "Events in the last 24 h"
            </p>
            <div class="picker-list" hidden=has_options>
                <p class="picker-note" role="status">
                    {note}
                </p>
                {failure}
            </div>
            <div
                class="picker-list"
                id=picker.id("list")
                role="listbox"
                aria-multiselectable="true"
                aria-label="Audit event types"
                tabindex="-1"
                hidden=has_none
                on:scroll:target=move |event| picker.on_scroll(&event.target())
            >
                <Rows
                    rows=groups
                    key=|group| group.heading.clone()
                    row=|group| view! { <OptionGroup group /> }.into_any()
                />
            </div>
            <p class="picker-foot" role="status">
                <strong>{count}</strong>
                " "
                {forecast}
            </p>
        </div>
    }
}

fn select_all(picker: Picker) {
    if let Some(all) = picker.read(|list| list.select_all(&picker.chosen())) {
        picker.choose(all);
    }
}

fn unselect_all(picker: Picker) {
    if let Some(left) = picker.read(|list| list.unselect_all(&picker.chosen())) {
        picker.choose(left);
    }
}

#[component]
fn OptionGroup(group: Signal<Group>) -> impl IntoView {
    let picker = expect_context::<Picker>();
    let heading = group.with_untracked(|group| group.heading.clone());
    let heading_id = picker.id(&format!("group-{}", heading.replace(' ', "-")));
    let labelled_by = heading_id.clone();
    let options = Signal::derive(move || group.with(|group| group.options.clone()));
    view! {
        <div role="group" aria-labelledby=labelled_by>
            <div class="picker-heading" id=heading_id role="presentation">
                {heading}
            </div>
            <Rows rows=options key=|option| option.name.clone() row=|option| view! { <OptionRow option /> }.into_any() />
        </div>
    }
}

#[component]
fn OptionRow(option: Signal<TypeOption>) -> impl IntoView {
    let picker = expect_context::<Picker>();
    // What differs while the list is open; the rest belongs to the name.
    let first = option.get_untracked();
    let place = Memo::new(move |_| option.with(|option| (option.position, option.total)));
    let is_chosen = Memo::new(move |_| option.with(|option| option.is_chosen));
    let is_active = Memo::new(move |_| option.with(|option| option.is_active));
    let icon = move || match is_chosen.get() {
        true => icondata_lu::LuSquareCheck,
        false => icondata_lu::LuSquare,
    };
    let name = first.name.clone();
    view! {
        <div
            class="picker-option"
            id=move || picker.id(&place.get().0.to_string())
            role="option"
            aria-selected=move || is_chosen.get().to_string()
            aria-posinset=move || (place.get().0 + 1).to_string()
            aria-setsize=move || place.get().1.to_string()
            data-active=move || is_active.get().then_some("")
            title=first.description
            on:mousedown=|event| event.prevent_default()
            on:click=move |_| picker.choose(toggled(&picker.chosen(), &name))
        >
            {move || view! { <Icon icon=icon() /> }}
            <span class="picker-title">
                {first.title} <code>{first.name}</code>
            </span>
            <span class="picker-count">{first.count}</span>
        </div>
    }
}

//! The open list: search, options by category, and what the choice would admit.

use leptos::prelude::*;

use super::picker::Picker;
use crate::{
    model::{
        editor::EditorState,
        text::grouped,
        type_picker::{Group, TypeOption, TypePicker, toggled},
    },
    ui::{ErrorView, Icon},
};

#[component]
pub(super) fn Sheet(picker: Picker) -> impl IntoView {
    let chosen = picker.editing.get(|editor| editor.event_types().to_vec());
    let chosen = Memo::new(move |_| chosen.get().unwrap_or_default());
    let body = move || {
        let groups = picker
            .sheet
            .with(|sheet| sheet.list().map(|list| list.groups(&chosen.get())));
        options(picker, groups.unwrap_or_default())
    };
    let failure = move || {
        let error = picker.sheet.with(|sheet| sheet.error().cloned())?;
        let retry = move |()| picker.load();
        Some(view! { <ErrorView what="The event types can't be shown." error on_retry=retry /> }.into_any())
    };
    let note = Signal::derive(move || picker.sheet.with(|sheet| sheet.note().to_owned()));
    let active = Memo::new(move |_| picker.sheet.with(|sheet| sheet.list().and_then(TypePicker::active)));
    let has_options = Signal::derive(move || active.get().is_some());
    let is_expanded = Signal::derive(move || has_options.get().to_string());
    let has_none = Signal::derive(move || active.get().is_none());
    let kind = picker.editing.read(EditorState::filter_kind);
    let forecast = Signal::derive(move || {
        let forecast = picker
            .sheet
            .with(|sheet| sheet.list().map(|list| list.forecast(kind.get(), &chosen.get())));
        forecast.unwrap_or_default()
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
                on:input:target=move |event| picker.sheet.update(|sheet| sheet.search(event.target().value()))
                on:keydown=move |event| picker.on_key(&event)
            />
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
            >
                {body}
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

fn options(picker: Picker, groups: Vec<Group>) -> AnyView {
    let group = |(number, group): (usize, Group)| {
        let heading_id = picker.id(&format!("group-{number}"));
        let labelled_by = heading_id.clone();
        view! {
            <div role="group" aria-labelledby=labelled_by>
                <div class="picker-heading" id=heading_id role="presentation">
                    {group.heading}
                </div>
                {group.options.into_iter().map(|option| option_view(picker, option)).collect_view()}
            </div>
        }
    };
    groups.into_iter().enumerate().map(group).collect_view().into_any()
}

fn option_view(picker: Picker, option: TypeOption) -> impl IntoView {
    let name = option.name.clone();
    view! {
        <div
            class="picker-option"
            id=picker.id(&option.position.to_string())
            role="option"
            aria-selected=if option.is_chosen { "true" } else { "false" }
            data-active=option.is_active.then_some("")
            title=option.description
            on:mousedown=|event| event.prevent_default()
            on:click=move |_| picker.choose(toggled(&picker.chosen(), &name))
        >
            <Icon icon=icondata_lu::LuCheck />
            <span class="picker-title">
                {option.title} <code>{option.name}</code>
            </span>
            <span class="picker-count">{option.count}</span>
        </div>
    }
}

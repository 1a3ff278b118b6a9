//! *Filter by audit event type*: a button that says what is chosen, and the list to choose from.

use leptos::{
    ev::{FocusEvent, KeyboardEvent},
    html,
    prelude::*,
    wasm_bindgen::JsCast,
};
use web_sys::Node;

use super::editing::Editing;
use crate::{
    browser,
    model::{
        text::grouped,
        type_picker::{Group, TypeOption, TypePicker, summary, toggled},
    },
    server_fns::destinations::list_event_types,
    ui::{ErrorView, Icon},
    wire::AppError,
};

/// The list of one form.
#[derive(Clone, Copy)]
struct Picker {
    editing: Editing,
    /// None while it is closed.
    open: RwSignal<Option<Opened>>,
}

#[derive(Clone)]
enum Opened {
    Loading,
    Failed(AppError),
    List(TypePicker),
}

impl Picker {
    fn id(self, part: &str) -> String {
        self.editing.field_id(&format!("types-{part}"))
    }

    fn chosen(self) -> Vec<String> {
        self.editing
            .now(|editor| editor.event_types().to_vec())
            .unwrap_or_default()
    }

    fn choose(self, names: Vec<String>) {
        self.editing.update(|editor| editor.set_event_types(names));
    }

    fn change(self, change: impl FnOnce(&mut TypePicker)) {
        self.open.update(|open| {
            if let Some(Opened::List(picker)) = open {
                change(picker);
            }
        });
    }

    fn read<T>(self, read: impl FnOnce(&TypePicker) -> T) -> Option<T> {
        self.open.with_untracked(|open| match open {
            Some(Opened::List(picker)) => Some(read(picker)),
            _ => None,
        })
    }

    fn load(self) {
        self.open.set(Some(Opened::Loading));
        leptos::task::spawn_local(async move {
            let loaded = match list_event_types().await {
                Ok(types) => Opened::List(TypePicker::open(types, &self.chosen())),
                Err(error) => Opened::Failed(error),
            };
            // It may have been closed, or its form taken away, meanwhile.
            self.open.try_update(|open| {
                if open.is_some() {
                    *open = Some(loaded);
                }
            });
            browser::focus(self.id("search"));
            browser::show(self.id("sheet"));
        });
    }

    fn close(self) {
        self.open.set(None);
        browser::focus(self.id("button"));
    }

    fn on_key(self, event: &KeyboardEvent) {
        match event.key().as_str() {
            "ArrowDown" => self.change(|picker| picker.step(1)),
            "ArrowUp" => self.change(|picker| picker.step(-1)),
            "PageDown" => self.change(|picker| picker.step(10)),
            "PageUp" => self.change(|picker| picker.step(-10)),
            "Enter" => {
                if let Some(name) = self.read(TypePicker::active_name).flatten() {
                    self.choose(toggled(&self.chosen(), &name));
                }
            }
            _ => return,
        }
        event.prevent_default();
        if let Some(position) = self.read(TypePicker::active).flatten() {
            browser::show(self.id(&position.to_string()));
        }
    }
}

#[component]
pub(super) fn EventTypes(editing: Editing) -> impl IntoView {
    let picker = Picker {
        editing,
        open: RwSignal::new(None),
    };
    let frame = NodeRef::<html::Div>::new();
    let text = editing.read(|editor| summary(editor.event_types()));
    let is_open = Memo::new(move |_| picker.open.with(Option::is_some));
    let (label_id, button_id, hint_id) = (picker.id("label"), picker.id("button"), picker.id("hint"));
    let hint = editing.read(|editor| match editor.event_types().len() {
        0 => "No filter: every event is sent.",
        _ => "Only events of these types are sent.",
    });
    let toggle = move |_| match is_open.get_untracked() {
        true => picker.close(),
        false => picker.load(),
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" && is_open.get_untracked() {
            event.stop_propagation();
            picker.close();
        }
    };
    view! {
        <section class="field" aria-label="Event filtering">
            <p class="field-label">"Event filtering " <span class="field-optional">"(optional)"</span></p>
            <span class="field-hint" id=label_id.clone()>
                "Filter by audit event type"
            </span>
            <div class="picker" node_ref=frame on:keydown=on_key on:focusout=move |event| close_when_left(picker, frame, &event)>
                <button
                    type="button"
                    id=button_id.clone()
                    class="picker-button"
                    aria-haspopup="listbox"
                    aria-expanded=Signal::derive(move || is_open.get().to_string())
                    aria-labelledby=format!("{label_id} {button_id}")
                    aria-describedby=hint_id.clone()
                    on:click=toggle
                >
                    <span class="picker-text">{text}</span>
                    <Icon icon=icondata_lu::LuChevronDown />
                </button>
                {move || is_open.get().then(|| view! { <Sheet picker /> })}
            </div>
            <p class="field-hint" id=hint_id>
                {hint}
            </p>
            <p class="field-error" role="status">
                {editing.message(domain::Field::EventTypes)}
            </p>
        </section>
    }
}

#[component]
fn Sheet(picker: Picker) -> impl IntoView {
    let chosen = picker.editing.get(|editor| editor.event_types().to_vec());
    let chosen = Memo::new(move |_| chosen.get().unwrap_or_default());
    let body = move || {
        picker.open.with(|open| match open {
            None => ().into_any(),
            Some(Opened::Loading) => view! { <p class="picker-note" role="status">"Loading…"</p> }.into_any(),
            Some(Opened::Failed(error)) => {
                view! { <ErrorView what="The event types can't be shown." error=error.clone() on_retry=move |()| picker.load() /> }.into_any()
            }
            Some(Opened::List(list)) => options(picker, list.groups(&chosen.get())),
        })
    };
    let forecast = Signal::derive(move || {
        picker.open.with(|open| match open {
            Some(Opened::List(list)) => list.forecast(&chosen.get()),
            _ => String::new(),
        })
    });
    let count = Signal::derive(move || {
        format!(
            "{} selected",
            grouped(chosen.with(Vec::len).try_into().unwrap_or(u64::MAX))
        )
    });
    let active = Signal::derive(move || {
        picker.open.with(|open| match open {
            Some(Opened::List(list)) => list.active().map(|position| picker.id(&position.to_string())),
            _ => None,
        })
    });
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
                aria-expanded="true"
                aria-autocomplete="list"
                aria-controls=picker.id("list")
                aria-activedescendant=active
                on:input:target=move |event| picker.change(|list| list.search(event.target().value()))
                on:keydown=move |event| picker.on_key(&event)
            />
            <div class="picker-list" id=picker.id("list") role="listbox" aria-multiselectable="true" aria-label="Audit event types" tabindex="-1">
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
    let all = picker.read(|list| list.select_all(&picker.chosen()));
    picker.choose(all.unwrap_or_default());
}

fn unselect_all(picker: Picker) {
    let left = picker.read(|list| list.unselect_all(&picker.chosen()));
    picker.choose(left.unwrap_or_default());
}

fn options(picker: Picker, groups: Vec<Group>) -> AnyView {
    if groups.is_empty() {
        return view! { <p class="picker-note">"No results found"</p> }.into_any();
    }
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

fn close_when_left(picker: Picker, frame: NodeRef<html::Div>, event: &FocusEvent) {
    let to = event.related_target().and_then(|to| to.dyn_into::<Node>().ok());
    // The list may just have been taken away, and the form with it.
    let frame = frame.try_get_untracked().flatten();
    if frame.is_some_and(|frame| !frame.contains(to.as_ref())) {
        picker.open.set(None);
    }
}

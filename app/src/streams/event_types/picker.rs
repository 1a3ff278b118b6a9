//! The list of one form: whether it is open, what is in it, and what the keyboard does there.

use leptos::{ev::KeyboardEvent, prelude::*};

use crate::{
    browser,
    model::type_picker::{TypePicker, toggled},
    server_fns::destinations::list_event_types,
    streams::editing::Editing,
    wire::AppError,
};

/// The list of one form.
#[derive(Clone, Copy)]
pub(super) struct Picker {
    pub(super) editing: Editing,
    /// None while it is closed.
    pub(super) open: RwSignal<Option<Opened>>,
}

#[derive(Clone)]
pub(super) enum Opened {
    Loading,
    Failed(AppError),
    List(TypePicker),
}

impl Picker {
    pub(super) fn id(self, part: &str) -> String {
        self.editing.field_id(&format!("types-{part}"))
    }

    pub(super) fn chosen(self) -> Vec<String> {
        self.editing
            .now(|editor| editor.event_types().to_vec())
            .unwrap_or_default()
    }

    pub(super) fn choose(self, names: Vec<String>) {
        self.editing.update(|editor| editor.set_event_types(names));
    }

    pub(super) fn change(self, change: impl FnOnce(&mut TypePicker)) {
        self.open.update(|open| {
            if let Some(Opened::List(picker)) = open {
                change(picker);
            }
        });
    }

    pub(super) fn read<T>(self, read: impl FnOnce(&TypePicker) -> T) -> Option<T> {
        self.open.with_untracked(|open| match open {
            Some(Opened::List(picker)) => Some(read(picker)),
            _ => None,
        })
    }

    pub(super) fn load(self) {
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

    pub(super) fn close(self) {
        self.open.set(None);
        browser::focus(self.id("button"));
    }

    pub(super) fn on_key(self, event: &KeyboardEvent) {
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

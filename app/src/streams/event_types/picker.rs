//! The list of one form: whether it is open, what is in it, and what the keyboard does there.

use leptos::{ev::KeyboardEvent, prelude::*};

use crate::{
    browser,
    model::type_picker::{TypePicker, TypeSheet, toggled},
    server_fns::destinations::list_event_types,
    streams::editing::Editing,
};

/// The list of one form.
#[derive(Clone, Copy)]
pub(super) struct Picker {
    pub(super) editing: Editing,
    pub(super) sheet: RwSignal<TypeSheet>,
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
        self.sheet.update(|sheet| {
            if let Some(list) = sheet.list_mut() {
                change(list);
            }
        });
    }

    pub(super) fn read<T>(self, read: impl FnOnce(&TypePicker) -> T) -> Option<T> {
        self.sheet.with_untracked(|sheet| sheet.list().map(read))
    }

    pub(super) fn load(self) {
        let Some(asked) = self.sheet.try_update(TypeSheet::load) else {
            return;
        };
        browser::focus(self.id("search"));
        leptos::task::spawn_local(async move {
            let answer = list_event_types().await;
            // It may have been closed, or its form taken away, meanwhile.
            let chosen = self.chosen();
            let is_shown = self.sheet.try_update(|sheet| sheet.loaded(asked, answer, &chosen));
            if is_shown == Some(true) {
                browser::show(self.id("sheet"));
            }
        });
    }

    pub(super) fn close(self) {
        self.sheet.update(TypeSheet::close);
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

//! A button that says which event types are chosen, and the list to choose from: whether that is open, what is in it, and what the
//! keyboard does there.

use domain::destination::FilterKind;
use leptos::{ev::KeyboardEvent, prelude::*};

use super::options::{TypePicker, TypeSheet, toggled};
use crate::{
    browser,
    deadline::in_time,
    streams::editor::server_fns::list_event_types,
    ui::{Presses, SearchText},
};

/// The list of one form.
#[derive(Clone, Copy)]
pub(in crate::streams) struct Picker {
    /// Before the id of each part; no other form of the page has it.
    prefix: StoredValue<String>,
    pub(super) names: Signal<Vec<String>>,
    choose: Callback<Vec<String>>,
    /// What the chosen types are for: then the list says how many recent events they admit.
    pub(super) kind: Option<Signal<FilterKind>>,
    pub(super) sheet: RwSignal<TypeSheet>,
    pub(super) search: SearchText,
    pub(super) presses: Option<Presses>,
}

impl Picker {
    pub(in crate::streams) fn new(
        prefix: String,
        names: Signal<Vec<String>>,
        choose: Callback<Vec<String>>,
        kind: Option<Signal<FilterKind>>,
    ) -> Self {
        let sheet = RwSignal::new(TypeSheet::default());
        Self {
            prefix: StoredValue::new(prefix),
            names,
            choose,
            kind,
            sheet,
            search: SearchText::new(move |text| sheet.update(|sheet| sheet.search(text))),
            presses: None,
        }
    }

    /// Lets a press on a button of the form reach it before the list closes.
    pub(in crate::streams) fn after_presses(self, presses: Option<Presses>) -> Self {
        Self { presses, ..self }
    }

    pub(in crate::streams) fn id(self, part: &str) -> String {
        self.prefix.with_value(|prefix| format!("{prefix}-{part}"))
    }

    pub(super) fn chosen(self) -> Vec<String> {
        self.names.try_get_untracked().unwrap_or_default()
    }

    /// Each name once, in order.
    pub(super) fn choose(self, mut names: Vec<String>) {
        names.sort_unstable();
        names.dedup();
        self.choose.run(names);
    }

    /// Changes the list, which has what was searched for last.
    pub(super) fn change(self, change: impl FnOnce(&mut TypePicker)) {
        self.search.apply_now();
        self.sheet.update(|sheet| {
            if let Some(list) = sheet.list_mut() {
                change(list);
            }
        });
    }

    /// Reads the list, which has what was searched for last.
    pub(super) fn read<T>(self, read: impl FnOnce(&TypePicker) -> T) -> Option<T> {
        self.search.apply_now();
        self.sheet.with_untracked(|sheet| sheet.list().map(read))
    }

    pub(super) fn load(self) {
        if let Some(asked) = self.sheet.try_update(TypeSheet::load) {
            browser::focus(self.id("search"));
            self.request(asked);
        }
    }

    pub(super) fn retry(self) {
        if let Some(asked) = self.sheet.try_update_untracked(TypeSheet::ask_again) {
            self.request(asked);
        }
    }

    fn request(self, asked: u32) {
        leptos::task::spawn_local(async move {
            let answer = in_time(list_event_types()).await;
            // It may have been closed, or its form taken away, meanwhile.
            let chosen = self.chosen();
            let is_shown = self.sheet.try_update(|sheet| sheet.loaded(asked, answer, &chosen));
            if is_shown == Some(true) {
                browser::show(self.id("sheet"));
            }
        });
    }

    /// Renders more options when the end of those that are rendered is nearly in sight.
    pub(super) fn on_scroll(self, list: &web_sys::Element) {
        let below = list.scroll_height() - list.scroll_top() - list.client_height();
        let has_more = |sheet: &TypeSheet| sheet.list().is_some_and(TypePicker::has_more);
        if below < list.client_height() && self.sheet.with_untracked(has_more) {
            self.change(TypePicker::render_more);
        }
    }

    /// Closes the list; the focus stays where it is.
    pub(super) fn leave(self) {
        self.search.forget();
        self.sheet.try_update(TypeSheet::close);
    }

    pub(super) fn close(self) {
        self.leave();
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

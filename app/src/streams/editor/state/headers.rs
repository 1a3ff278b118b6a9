//! The rows of custom headers, and the chosen event types, in a form.

use domain::{
    Field,
    destination::{FilterKind, HeaderDraft, MAX_HEADERS},
    ids::HeaderId,
};

use super::EditorState;
use crate::{streams::editor::event_types::options::unknown_types_warning, wire::AppError};

impl EditorState {
    /// The custom headers, in order.
    pub fn headers(&self) -> &[HeaderDraft] {
        &self.draft.target.headers
    }

    /// A custom header by its row, counted from 0.
    pub fn header(&self, row: u8) -> Option<&HeaderDraft> {
        self.headers().get(usize::from(row))
    }

    /// Whether there is room for another custom header.
    pub fn can_add_header(&self) -> bool {
        self.headers().len() < MAX_HEADERS
    }

    /// Adds an empty custom header, if there is room.
    pub fn add_header(&mut self) {
        if self.can_add_header() {
            self.draft.target.headers.push(HeaderDraft::new());
            self.touched();
        }
    }

    /// Takes the row away; those below it move up, with what is known of them.
    pub fn remove_header(&mut self, row: u8) {
        if usize::from(row) >= self.headers().len() {
            return;
        }
        self.draft.target.headers.remove(usize::from(row));
        let visited = std::mem::take(&mut self.visited);
        self.visited = visited.into_iter().filter_map(|field| moved_up(field, row)).collect();
        if let Some(AppError::Invalid(errors)) = &mut self.refused {
            errors.rename(|field| moved_up(field, row));
        }
        self.changed(Field::Headers);
    }

    /// Sets whether a custom header is sent.
    pub fn set_header_active(&mut self, row: u8, active: bool) {
        self.change_header(row, |header| header.active = active);
        self.touched();
    }

    /// Whether the row has a stored value that is neither shown nor replaced.
    pub fn is_header_hidden(&self, row: u8) -> bool {
        self.header(row)
            .is_some_and(|header| header.id.is_some() && header.value.is_none())
    }

    /// Shows the stored value of a header. That changes nothing that could be saved.
    pub fn reveal_header(&mut self, id: HeaderId, value: &str) {
        let stored = self.stored.as_mut().map(|stored| &mut stored.draft);
        for draft in stored.into_iter().chain([&mut self.draft]) {
            let mut headers = draft.target.headers.iter_mut();
            if let Some(header) = headers.find(|header| header.id == Some(id) && header.value.is_none()) {
                header.value = Some(value.to_owned());
            }
        }
    }

    /// Names, in alphabetical order.
    pub fn event_types(&self) -> &[String] {
        &self.draft.event_types
    }

    /// Replaces the chosen event types. Order and repetitions do not matter.
    pub fn set_event_types(&mut self, mut names: Vec<String>) {
        names.sort_unstable();
        names.dedup();
        self.draft.event_types = names;
        self.filter_changed();
    }

    /// Whether only the chosen event types are sent, or all types except these.
    pub const fn filter_kind(&self) -> FilterKind {
        self.draft.filter_kind
    }

    /// Sets whether only the chosen event types are sent, or all types except these.
    pub fn set_filter_kind(&mut self, kind: FilterKind) {
        self.draft.filter_kind = kind;
        self.filter_changed();
    }

    /// What is wrong with the chosen event types.
    pub fn filter_message(&self) -> Option<String> {
        let mut lists = FilterKind::ALL.into_iter();
        lists
            .find_map(|list| self.message_for(list.field()))
            .map(|message| message.text)
    }

    /// What is said of chosen event types that the instance does not know.
    pub fn filter_warning(&self) -> Option<String> {
        let mut unknown = self.stored.as_ref()?.unknown_types.clone();
        unknown.retain(|name| self.draft.event_types.contains(name));
        unknown_types_warning(&unknown)
    }

    fn filter_changed(&mut self) {
        for list in FilterKind::ALL {
            self.changed(list.field());
        }
    }

    pub(super) fn change_header(&mut self, row: u8, change: impl FnOnce(&mut HeaderDraft)) {
        if let Some(header) = self.draft.target.headers.get_mut(usize::from(row)) {
            change(header);
        }
    }

    /// A stored value that was never shown is kept as long as nothing is typed in its place.
    pub(super) fn set_header_value(&mut self, row: u8, text: String) {
        let id = self.header(row).and_then(|header| header.id);
        let keeps = text.is_empty() && id.is_some_and(|id| !self.is_revealed(id));
        self.change_header(row, |header| header.value = (!keeps).then_some(text));
    }

    fn is_revealed(&self, id: HeaderId) -> bool {
        let stored = self.stored.iter().flat_map(|stored| &stored.draft.target.headers);
        stored
            .filter(|header| header.id == Some(id))
            .any(|header| header.value.is_some())
    }
}

/// The same field after the row `gone` was taken away; none if it was in that row.
fn moved_up(field: Field, gone: u8) -> Option<Field> {
    match field {
        Field::HeaderName(row) | Field::HeaderValue(row) if row == gone => None,
        Field::HeaderName(row) if row > gone => Some(Field::HeaderName(row - 1)),
        Field::HeaderValue(row) if row > gone => Some(Field::HeaderValue(row - 1)),
        other => Some(other),
    }
}

#[cfg(test)]
mod tests;

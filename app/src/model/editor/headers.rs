//! The rows of custom headers, and the chosen event types, in a form.

use domain::{
    Field,
    destination::{HeaderDraft, MAX_HEADERS},
    ids::HeaderId,
};

use super::EditorState;
use crate::wire::HeaderView;

impl EditorState {
    pub fn headers(&self) -> &[HeaderDraft] {
        &self.draft.headers
    }

    pub fn header(&self, row: u8) -> Option<&HeaderDraft> {
        self.draft.headers.get(usize::from(row))
    }

    pub fn can_add_header(&self) -> bool {
        self.draft.headers.len() < MAX_HEADERS
    }

    pub fn add_header(&mut self) {
        if self.can_add_header() {
            self.draft.headers.push(HeaderDraft::new());
            self.touched();
        }
    }

    /// Takes the row away; those below it move up, with what is known of them.
    pub fn remove_header(&mut self, row: u8) {
        if self.header(row).is_none() {
            return;
        }
        self.draft.headers.remove(usize::from(row));
        let visited = std::mem::take(&mut self.visited);
        self.visited = visited.into_iter().filter_map(|field| moved_up(field, row)).collect();
        self.refused = None;
        self.touched();
    }

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
        let stored = self.stored.as_mut().map(|stored| &mut stored.draft.headers);
        for header in stored.into_iter().flatten().filter(|header| header.id == Some(id)) {
            header.value = Some(value.to_owned());
        }
        let mut shown = self.draft.headers.iter_mut();
        if let Some(header) = shown.find(|header| header.id == Some(id) && header.value.is_none()) {
            header.value = Some(value.to_owned());
        }
    }

    /// Names, in alphabetical order.
    pub fn event_types(&self) -> &[String] {
        &self.draft.event_types
    }

    pub fn set_event_types(&mut self, mut names: Vec<String>) {
        names.sort_unstable();
        names.dedup();
        self.draft.event_types = names;
        self.changed(Field::EventTypes);
    }

    pub(super) fn change_header(&mut self, row: u8, change: impl FnOnce(&mut HeaderDraft)) {
        if let Some(header) = self.draft.headers.get_mut(usize::from(row)) {
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
        let stored = self.stored.iter().flat_map(|stored| &stored.draft.headers);
        stored
            .filter(|header| header.id == Some(id))
            .any(|header| header.value.is_some())
    }

    fn touched(&mut self) {
        self.saved = false;
    }
}

pub(super) fn header_of(view: &HeaderView) -> HeaderDraft {
    HeaderDraft {
        id: Some(view.id),
        name: view.name.clone(),
        value: None,
        active: view.active,
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
mod tests {
    use domain::FieldError;

    use super::{
        super::tests::{filled, view},
        *,
    };
    use crate::wire::AppError;

    fn stored() -> EditorState {
        let mut stored = view("SIEM", 1);
        stored.headers = vec![
            HeaderView {
                id: HeaderId::new(7),
                name: "X-A".into(),
                active: true,
            },
            HeaderView {
                id: HeaderId::new(8),
                name: "X-B".into(),
                active: false,
            },
        ];
        EditorState::edit(&stored)
    }

    #[test]
    fn a_new_row_is_active_and_holds_up_saving_until_it_is_filled_in() {
        let mut editor = filled();
        editor.add_header();
        assert!(editor.header(0).is_some_and(|header| header.active));
        assert!(!editor.can_save());
        editor.set_text(Field::HeaderName(0), "X-Team".into());
        assert!(!editor.can_save());
        editor.set_text(Field::HeaderValue(0), "sre".into());
        assert!(editor.can_save());
        assert_eq!(editor.draft().headers.first().unwrap().value.as_deref(), Some("sre"));
    }

    #[test]
    fn a_name_that_is_there_already_is_told_at_its_row() {
        let mut editor = stored();
        editor.add_header();
        editor.set_text(Field::HeaderName(2), "x-a".into());
        editor.visit(Field::HeaderName(2));
        assert_eq!(
            editor.message_for(Field::HeaderName(2)).as_deref(),
            Some("A header with this name already exists.")
        );
        editor.remove_header(0);
        assert_eq!(editor.message_for(Field::HeaderName(1)), None);
    }

    #[test]
    fn errors_move_up_with_their_rows() {
        let mut editor = filled();
        for row in 0..3 {
            editor.add_header();
            editor.set_text(Field::HeaderName(row), "X Team".into());
        }
        editor.visit(Field::HeaderName(1));
        editor.visit(Field::HeaderName(2));
        editor.remove_header(1);
        assert_eq!(editor.message_for(Field::HeaderName(0)), None);
        assert!(editor.message_for(Field::HeaderName(1)).is_some());
        editor.remove_header(9);
        assert_eq!(editor.headers().len(), 2);
    }

    #[test]
    fn a_stored_value_is_kept_unless_another_is_typed() {
        let mut editor = stored();
        assert!(!editor.is_changed());
        assert!(editor.is_header_hidden(0));
        editor.set_text(Field::HeaderValue(0), "n".into());
        assert!(editor.can_save() && !editor.is_header_hidden(0));
        editor.set_text(Field::HeaderValue(0), String::new());
        assert!(!editor.is_changed() && editor.is_header_hidden(0));
    }

    #[test]
    fn revealing_changes_nothing_that_could_be_saved() {
        let mut editor = stored();
        editor.reveal_header(HeaderId::new(7), "s3cret");
        assert_eq!(editor.text(Field::HeaderValue(0)), "s3cret");
        assert!(!editor.is_changed());
        editor.set_text(Field::HeaderValue(0), String::new());
        assert!(
            editor.is_changed() && !editor.can_save(),
            "a value that was seen can't be emptied"
        );
    }

    #[test]
    fn revealing_does_not_overwrite_what_was_typed() {
        let mut editor = stored();
        editor.set_text(Field::HeaderValue(1), "typed".into());
        editor.reveal_header(HeaderId::new(8), "s3cret");
        assert_eq!(editor.text(Field::HeaderValue(1)), "typed");
    }

    #[test]
    fn switching_a_header_or_choosing_types_is_a_change() {
        let mut editor = stored();
        editor.set_header_active(1, true);
        assert!(editor.can_save());
        editor.set_header_active(1, false);
        assert!(!editor.is_changed());
        editor.set_event_types(vec!["b".into(), "a".into(), "b".into()]);
        assert_eq!(editor.event_types(), ["a", "b"]);
        assert!(editor.can_save());
        editor.set_event_types(Vec::new());
        assert!(!editor.is_changed());
    }

    #[test]
    fn a_field_of_a_row_that_was_left_empty_is_told() {
        let mut editor = filled();
        editor.add_header();
        editor.visit(Field::HeaderName(0));
        editor.visit(Field::HeaderValue(0));
        assert_eq!(
            editor.message_for(Field::HeaderName(0)).as_deref(),
            Some("Key can't be blank")
        );
        assert_eq!(
            editor.message_for(Field::HeaderValue(0)).as_deref(),
            Some("Value can't be blank")
        );
        let mut stored = stored();
        stored.visit(Field::HeaderValue(0));
        assert_eq!(stored.message_for(Field::HeaderValue(0)), None, "it has a value");
    }

    #[test]
    fn choosing_other_types_takes_back_what_the_server_said_about_them() {
        let mut editor = stored();
        editor.set_event_types(vec!["x".into()]);
        editor.refuse(AppError::Invalid(
            FieldError::new(Field::EventTypes, "undefined").into(),
        ));
        assert!(editor.message_for(Field::EventTypes).is_some());
        editor.set_event_types(Vec::new());
        assert_eq!(editor.message_for(Field::EventTypes), None);
    }

    #[test]
    fn there_are_never_more_than_20_rows() {
        let mut editor = filled();
        for _ in 0..25 {
            editor.add_header();
        }
        assert_eq!(editor.headers().len(), 20);
        assert!(!editor.can_add_header());
    }
}

use domain::{
    FieldError,
    destination::DestinationKind,
    view::{DestinationView, HeaderView, WarningCode, WarningView},
};

use super::{
    super::tests::{filled, view},
    *,
};
use crate::wire::AppError;

fn hidden(id: i64, name: &str, active: bool) -> HeaderView {
    HeaderView {
        id: HeaderId::new(id),
        name: name.into(),
        value: None,
        active,
    }
}

fn stored() -> EditorState {
    let mut stored = view("SIEM", 1);
    stored.target.headers = vec![hidden(7, "X-A", true), hidden(8, "X-B", false)];
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
    assert_eq!(
        editor.draft().target.headers.first().unwrap().value.as_deref(),
        Some("sre")
    );
}

#[test]
fn a_name_that_is_there_already_is_told_at_its_row() {
    let mut editor = stored();
    editor.add_header();
    editor.set_text(Field::HeaderName(2), "x-a".into());
    editor.visit(Field::HeaderName(2));
    assert_eq!(
        editor.text_for(Field::HeaderName(2)).as_deref(),
        Some("A header with this name already exists.")
    );
    editor.remove_header(0);
    assert_eq!(editor.text_for(Field::HeaderName(1)), None);
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
    assert_eq!(editor.text_for(Field::HeaderName(0)), None);
    assert!(editor.text_for(Field::HeaderName(1)).is_some());
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
fn the_kind_of_a_filter_is_a_change_once_it_names_event_types() {
    let mut editor = stored();
    assert_eq!(editor.filter_kind(), FilterKind::Allow);
    editor.set_filter_kind(FilterKind::Deny);
    assert!(!editor.is_changed(), "an empty filter of either kind sends everything");
    editor.set_event_types(vec!["a".into()]);
    assert!(editor.can_save());
    let sent = editor.edit_request().unwrap().draft;
    assert_eq!(
        (sent.filter_kind, sent.event_types),
        (FilterKind::Deny, vec!["a".to_owned()])
    );
}

#[test]
fn what_the_server_said_about_a_denylist_is_shown_and_taken_back() {
    let mut editor = stored();
    editor.set_filter_kind(FilterKind::Deny);
    editor.set_event_types(vec!["x".into()]);
    editor.refuse(AppError::Invalid(
        FieldError::new(Field::EventTypeDenylist, "undefined").into(),
    ));
    assert_eq!(editor.filter_message().as_deref(), Some("undefined."));
    editor.set_filter_kind(FilterKind::Allow);
    assert_eq!(editor.filter_message(), None);
}

#[test]
fn chosen_types_that_the_instance_does_not_know_are_warned_of_until_it_does() {
    let mut known = view("SIEM", 1);
    known.event_types = vec!["a".into(), "b".into(), "user_created".into()];
    let warning = |position: u8| WarningView {
        code: WarningCode::UnknownEventType,
        field: format!("event_types[{position}]"),
        message: String::new(),
    };
    let unknown = DestinationView {
        warnings: vec![warning(0), warning(1)],
        ..known.clone()
    };
    let mut editor = EditorState::edit(&unknown);
    let warning = editor.filter_warning().unwrap();
    assert!(warning.starts_with("Unknown event types: a, b."), "{warning}");
    editor.set_event_types(vec!["b".into(), "user_created".into()]);
    let warning = editor.filter_warning().unwrap();
    assert!(warning.starts_with("Unknown event types: b."), "{warning}");
    editor.follow(&known);
    assert_eq!(editor.filter_warning(), None, "an event of that type came in");
    assert_eq!(editor.event_types(), ["b", "user_created"], "what was chosen stays");
}

#[test]
fn a_field_of_a_row_that_was_left_empty_is_told() {
    let mut editor = filled();
    editor.add_header();
    editor.visit(Field::HeaderName(0));
    editor.visit(Field::HeaderValue(0));
    assert_eq!(
        editor.text_for(Field::HeaderName(0)).as_deref(),
        Some("Header can't be blank.")
    );
    assert_eq!(
        editor.text_for(Field::HeaderValue(0)).as_deref(),
        Some("Value can't be blank.")
    );
    let mut stored = stored();
    stored.visit(Field::HeaderValue(0));
    assert_eq!(stored.text_for(Field::HeaderValue(0)), None, "it has a value");
}

#[test]
fn choosing_other_types_takes_back_what_the_server_said_about_them() {
    let mut editor = stored();
    editor.set_event_types(vec!["x".into()]);
    editor.refuse(AppError::Invalid(
        FieldError::new(Field::EventTypes, "undefined").into(),
    ));
    assert!(editor.text_for(Field::EventTypes).is_some());
    editor.set_event_types(Vec::new());
    assert_eq!(editor.text_for(Field::EventTypes), None);
}

#[test]
fn other_kinds_have_no_headers() {
    let mut editor = EditorState::add(DestinationKind::AmazonS3);
    editor.add_header();
    editor.set_text(Field::HeaderName(0), "X-Team".into());
    editor.remove_header(0);
    assert_eq!(editor.headers(), []);
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

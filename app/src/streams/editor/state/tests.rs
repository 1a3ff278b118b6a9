use domain::{
    FieldError, Timestamp,
    destination::FieldMap,
    health::{StreamFacts, StreamHealth},
    ids::DestinationId,
    view::{HealthView, TargetView, Visibility},
};

use super::*;

/// A destination as the list shows it.
pub(crate) fn stored_view(id: i64, name: &str, version: i64) -> DestinationView {
    let values = FieldMap::from([
        (Field::Url, format!("https://{id}.example/in")),
        (Field::VerificationToken, "8fK2abcdefghijklmnopqrx9".to_owned()),
    ]);
    let kind = DestinationKind::Http;
    DestinationView {
        id: DestinationId::new(id),
        version,
        name: name.to_owned(),
        kind,
        active: true,
        paused: false,
        event_types: Vec::new(),
        event_type_denylist: Vec::new(),
        namespaces: Vec::new(),
        target: TargetView::new(kind, &values, Vec::new(), Visibility::Form),
        rotations: Vec::new(),
        health: HealthView::new(kind, &StreamHealth::NothingToSend, &StreamFacts::default()),
        warnings: Vec::new(),
        created_at: Timestamp::from_unix_ms(0),
        updated_at: Timestamp::from_unix_ms(0),
    }
}

pub(super) fn view(name: &str, version: i64) -> DestinationView {
    stored_view(3, name, version)
}

pub(super) fn filled() -> EditorState {
    let mut editor = EditorState::add(DestinationKind::Http);
    editor.set_text(Field::Name, "SIEM".into());
    editor.set_text(Field::Url, "https://siem.example/in".into());
    editor
}

#[test]
fn a_new_destination_can_be_saved_once_name_and_url_are_right() {
    assert!(!EditorState::add(DestinationKind::Http).can_save());
    let mut editor = filled();
    assert!(editor.can_save());
    editor.set_text(Field::VerificationToken, "short".into());
    assert!(!editor.can_save());
    editor.set_text(Field::VerificationToken, String::new());
    assert!(editor.can_save());
}

#[test]
fn a_destination_of_each_kind_can_be_limited() {
    for kind in DestinationKind::ALL {
        let mut editor = EditorState::add(kind);
        assert_eq!(editor.text(Field::MaxConcurrency), "256");
        for (field, wrong, message) in [
            (
                Field::RequestTimeout,
                "0",
                "Request timeout (s) must be a whole number from 1 to 120, for example 10.",
            ),
            (
                Field::MaxConcurrency,
                "257",
                "Maximum concurrent requests must be a whole number from 1 to 256, for example 16.",
            ),
            (
                Field::MaxRate,
                "many",
                "Maximum requests per second must be a whole number from 0 to 10000, for example 50.",
            ),
        ] {
            editor.set_text(field, wrong.into());
            editor.visit(field);
            assert_eq!(editor.text_for(field).as_deref(), Some(message), "{kind:?}");
            editor.set_text(field, String::new());
            assert_eq!(editor.text_for(field), None, "{kind:?}: empty for the default");
        }
    }
}

#[test]
fn status_codes_that_are_retried_and_rejected_are_marked_at_their_field() {
    let mut editor = filled();
    editor.set_text(Field::RetryStatuses, "409, 500-503".into());
    editor.set_text(Field::RejectStatuses, "503".into());
    assert!(!editor.try_save() && editor.marked_count() == 1);
    let message = editor.text_for(Field::RejectStatuses);
    let expected = "Status codes to reject can't include 503: it is among the status codes to retry.";
    assert_eq!(message.as_deref(), Some(expected));
    editor.set_text(Field::RejectStatuses, "404".into());
    assert!(editor.can_save());
}

#[test]
fn a_mistake_is_shown_only_after_the_field_was_left() {
    let mut editor = EditorState::add(DestinationKind::Http);
    editor.set_text(Field::Url, "siem".into());
    assert_eq!(editor.text_for(Field::Url), None);
    editor.visit(Field::Url);
    assert_eq!(
        editor.text_for(Field::Url).as_deref(),
        Some("Destination URL must be a valid URL, for example https://siem.example.com/events.")
    );
    assert_eq!(editor.text_for(Field::Name), None);
}

#[test]
fn passing_through_an_empty_field_is_no_mistake() {
    let mut editor = EditorState::add(DestinationKind::Http);
    editor.visit(Field::Name);
    assert_eq!(editor.text_for(Field::Name), None);
}

#[test]
fn a_refusal_keeps_what_was_typed_and_goes_when_its_field_changes() {
    let mut editor = filled();
    let taken = FieldError::new(Field::Url, "Destination url has already been taken");
    editor.refuse(AppError::Invalid(taken.into()));
    assert_eq!(editor.text(Field::Url), "https://siem.example/in");
    assert!(editor.text_for(Field::Url).is_some() && editor.refusal().is_none());
    editor.set_text(Field::Url, "https://other.example/".into());
    assert_eq!(editor.text_for(Field::Url), None);
}

#[test]
fn an_edit_is_saved_only_when_something_changed() {
    let mut editor = EditorState::edit(&view("SIEM", 1));
    assert!(!editor.can_save() && editor.can_test());
    editor.set_text(Field::Name, "".into());
    assert!(!editor.can_save() && !editor.can_test());
    editor.set_text(Field::Name, "Splunk".into());
    assert!(editor.can_save() && editor.can_test());
    let request = editor.edit_request().unwrap();
    assert_eq!((request.version, request.draft.name.as_str()), (1, "Splunk"));
    editor.accept(&view("Splunk", 2), &request.draft);
    assert!(editor.is_saved() && !editor.can_save());
    editor.set_text(Field::Name, "Splunk 2".into());
    assert!(!editor.is_saved());
}

#[test]
fn what_is_typed_while_a_save_is_on_its_way_stays() {
    let mut editor = EditorState::edit(&view("SIEM", 1));
    editor.set_text(Field::Name, "Splunk".into());
    let sent = editor.draft();
    editor.set_text(Field::Name, "Splunk 2".into());
    editor.accept(&view("Splunk", 2), &sent);
    assert_eq!(editor.text(Field::Name), "Splunk 2");
    assert!(editor.can_save() && !editor.is_saved());
    assert_eq!(editor.edit_request().unwrap().version, 2);
}

#[test]
fn what_somebody_else_saved_never_overwrites_what_is_typed() {
    let mut untouched = EditorState::edit(&view("SIEM", 1));
    untouched.follow(&view("Theirs", 2));
    assert_eq!(untouched.text(Field::Name), "Theirs");

    let mut typed = EditorState::edit(&view("SIEM", 1));
    typed.set_text(Field::Name, "Mine".into());
    typed.follow(&view("Theirs", 2));
    assert_eq!(
        (typed.text(Field::Name), typed.edit_request().unwrap().version),
        ("Mine", 1)
    );
    typed.refuse(AppError::ChangedMeanwhile);
    assert_eq!(typed.refusal(), Some(&AppError::ChangedMeanwhile));
    typed.reset(&view("Theirs", 2));
    assert_eq!((typed.text(Field::Name), typed.refusal()), ("Theirs", None));
}

#[test]
fn a_stream_that_was_paused_can_still_be_saved_as_it_is_typed() {
    let mut editor = EditorState::edit(&view("SIEM", 1));
    editor.set_text(Field::Name, "Mine".into());
    editor.follow(&view("SIEM", 2));
    let request = editor.edit_request().unwrap();
    assert_eq!((request.version, request.draft.name.as_str()), (2, "Mine"));
    editor.follow(&view("Theirs", 3));
    assert_eq!(
        editor.edit_request().unwrap().version,
        2,
        "that was changed behind our back"
    );
}

#[test]
fn what_is_typed_survives_a_rotation_and_can_be_saved_after_it() {
    let rotated = |version| {
        let mut rotated = view("SIEM", version);
        let values = [
            (Field::Url, "https://3.example/in"),
            (Field::VerificationToken, "a-new-token-0123456789"),
        ];
        rotated.target.values = FieldMap::from(values);
        rotated
    };
    let mut editor = EditorState::edit(&view("SIEM", 1));
    editor.set_text(Field::Name, "typed".into());
    let typed = editor.clone();
    editor.rebase(&rotated(2));
    let request = editor.edit_request().unwrap();
    assert_eq!((request.version, request.draft.name.as_str()), (2, "typed"));
    assert_eq!(editor.text(Field::VerificationToken), "a-new-token-0123456789");
    assert_eq!(editor.outcome(), None, "nothing of the form was saved");
    let mut changed_by_others = typed.clone();
    changed_by_others.rebase(&rotated(3));
    assert_eq!(changed_by_others, typed, "saving reports it");
}

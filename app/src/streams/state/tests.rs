mod list;

use domain::{
    Field,
    destination::{DestinationDraft, TargetDraft},
    view::StateName,
};

use super::*;
use crate::{streams::editor::stored_view, wire::AppError};

fn view(id: i64, name: &str) -> DestinationView {
    stored_view(id, name, 1)
}

fn sent() -> DestinationDraft {
    DestinationDraft::new("", TargetDraft::new(DestinationKind::Http))
}

fn two() -> StreamsState {
    StreamsState::new(vec![view(1, "one"), view(2, "two")])
}

fn ids(state: &StreamsState) -> Vec<i64> {
    state.ids().into_iter().map(DestinationId::get).collect()
}

#[test]
fn an_added_stream_is_listed_and_the_form_closes() {
    let mut state = two();
    state.begin_adding(DestinationKind::Http);
    state.add_answered(1, &sent(), Ok(view(3, "three")));
    assert_eq!(
        (ids(&state), state.adding(), state.notice()),
        (vec![1, 2, 3], None, Some(Notice::Added(DestinationId::new(3))))
    );
}

#[test]
fn a_refused_add_keeps_the_form() {
    let mut state = two();
    state.begin_adding(DestinationKind::Http);
    state.adding_mut().unwrap().set_text(Field::Name, "typed".into());
    state.add_answered(1, &sent(), Err(AppError::TooManyDestinations { limit: 5 }));
    state.begin_adding(DestinationKind::Http);
    assert_eq!(state.adding().unwrap().text(Field::Name), "typed");
}

#[test]
fn what_is_typed_while_it_is_added_stays_in_the_new_row() {
    let mut state = two();
    state.begin_adding(DestinationKind::Http);
    let form = state.adding_mut().unwrap();
    form.set_text(Field::Name, "three".into());
    let sent = form.draft();
    form.set_text(Field::Name, "four".into());
    state.add_answered(1, &sent, Ok(view(3, "three")));
    let row = state.row(DestinationId::new(3)).unwrap();
    assert_eq!((row.editor.text(Field::Name), row.expanded), ("four", true));
    assert_eq!((row.view.name.as_str(), state.adding()), ("three", None));
}

#[test]
fn an_answer_leaves_other_forms_alone() {
    let mut state = two();
    state.begin_adding(DestinationKind::Http);
    state.begin_adding(DestinationKind::AmazonS3);
    state.add_answered(1, &sent(), Err(AppError::Unavailable));
    let form = state.adding().unwrap();
    assert_eq!((form.kind(), form.refusal()), (DestinationKind::AmazonS3, None));
    state.begin_adding(DestinationKind::Http);
    assert_eq!(state.adding().unwrap().refusal(), Some(&AppError::Unavailable));
    state.stop_adding();
    state.begin_adding(DestinationKind::Http);
    state.add_answered(1, &sent(), Ok(view(3, "three")));
    assert_eq!(
        state.adding().map(EditorState::form),
        Some(3),
        "begun after the one that was sent"
    );
    assert_eq!(ids(&state), [1, 2, 3]);
}

#[test]
fn what_was_typed_for_one_kind_is_there_again_after_a_look_at_another() {
    let mut state = two();
    state.begin_adding(DestinationKind::Http);
    state.adding_mut().unwrap().set_text(Field::Name, "typed".into());
    state
        .adding_mut()
        .unwrap()
        .set_text(Field::Url, "https://typed.example".into());
    state.begin_adding(DestinationKind::AmazonS3);
    let other = state.adding_mut().unwrap();
    assert_eq!(other.text(Field::Name), "typed", "every kind has a name");
    other.set_text(Field::Name, "renamed".into());
    state.begin_adding(DestinationKind::Http);
    let form = state.adding().unwrap();
    assert_eq!(
        (form.text(Field::Name), form.text(Field::Url)),
        ("renamed", "https://typed.example")
    );
    state.stop_adding();
    state.begin_adding(DestinationKind::Http);
    assert_eq!(state.adding().unwrap().text(Field::Name), "");
}

#[test]
fn deleting_is_reported_only_when_others_remain() {
    let mut state = two();
    state.delete_answered(DestinationId::new(1), Ok(()));
    assert_eq!((ids(&state), state.notice()), (vec![2], Some(Notice::Deleted)));
    state.delete_answered(DestinationId::new(2), Err(AppError::NotFound));
    assert_eq!((state.is_empty(), state.notice()), (true, None));
}

#[test]
fn a_fresh_list_updates_health_and_leaves_open_forms_alone() {
    let mut state = two();
    let id = DestinationId::new(1);
    state.toggle(id);
    state.row_mut(id).unwrap().editor.set_text(Field::Name, "typed".into());
    let mut fresh = view(1, "one");
    fresh.health.state = StateName::CatchingUp;
    state.follow(vec![fresh.clone(), view(4, "four")], false);
    let row = state.row(id).unwrap();
    assert_eq!(
        (ids(&state), row.expanded, row.editor.text(Field::Name)),
        (vec![1, 4], true, "typed")
    );
    assert_eq!(state.row(id).unwrap().view.health, fresh.health);
}

#[test]
fn a_switch_leaves_what_is_typed_alone() {
    let mut state = two();
    let id = DestinationId::new(1);
    state.row_mut(id).unwrap().editor.set_text(Field::Name, "typed".into());
    let mut paused = stored_view(1, "one", 2);
    paused.paused = true;
    state.changed_elsewhere(paused);
    let row = state.row(id).unwrap();
    assert_eq!((row.view.paused, row.editor.text(Field::Name)), (true, "typed"));
    assert_eq!(row.editor.edit_request().unwrap().version, 2);
}

#[test]
fn cancelling_forgets_and_closing_does_not() {
    let mut state = two();
    let id = DestinationId::new(2);
    state.toggle(id);
    state.row_mut(id).unwrap().editor.set_text(Field::Name, "typed".into());
    state.toggle(id);
    assert_eq!(state.row(id).unwrap().editor.text(Field::Name), "typed");
    state.cancel_edit(id);
    assert_eq!(state.row(id).unwrap().editor.text(Field::Name), "two");
}

fn rotated(version: i64, token: &str) -> DestinationView {
    let mut view = stored_view(1, "one", version);
    view.target.values.set(Field::VerificationToken, token.to_owned());
    view
}

fn shown_token(state: &StreamsState) -> Option<&str> {
    state.stored_text(DestinationId::new(1), Field::VerificationToken)
}

#[test]
fn the_token_that_is_shown_is_the_stored_one_whatever_is_typed() {
    let id = DestinationId::new(1);
    let mut state = StreamsState::new(vec![rotated(1, "old-token"), view(2, "two")]);
    state.row_mut(id).unwrap().editor.set_text(Field::Name, "typed".into());
    state.follow(vec![rotated(2, "made-by-others"), view(2, "two")], false);
    assert_eq!(shown_token(&state), Some("made-by-others"));
    let editor = &state.row(id).unwrap().editor;
    assert_eq!(
        (editor.text(Field::Name), editor.edit_request().unwrap().version),
        ("typed", 1)
    );
    // Rotated here after that: saving will report the change of the others, and the new token is shown.
    state.rotated(rotated(3, "made-here"));
    assert_eq!(shown_token(&state), Some("made-here"));
    let editor = &state.row(id).unwrap().editor;
    assert_eq!(
        (editor.text(Field::Name), editor.edit_request().unwrap().version),
        ("typed", 1)
    );
}

//! The list: order, search, filters and changes made by others.

use domain::view::StateName;

use super::*;

fn failing(id: i64) -> DestinationView {
    let mut failing = view(id, "failing");
    failing.health.state = StateName::Retrying;
    failing
}

fn shown(state: &StreamsState) -> Vec<i64> {
    let is_shown = |id: &i64| state.row(DestinationId::new(*id)).is_some_and(|row| !row.hidden);
    ids(state).into_iter().filter(is_shown).collect()
}

#[test]
fn failing_streams_come_first_and_the_rest_stays_in_order() {
    let mut refused = view(3, "refused");
    refused.health.parked = 1;
    let list = vec![view(1, "one"), view(2, "two"), refused, failing(4), failing(5)];
    let mut state = StreamsState::new(list.clone());
    assert_eq!(ids(&state), [4, 5, 3, 1, 2]);
    assert_eq!((state.count(), state.attention()), (5, 3));
    state.follow(list, false);
    assert_eq!(ids(&state), [4, 5, 3, 1, 2]);
}

#[test]
fn no_row_moves_while_the_list_is_in_use() {
    let mut state = two();
    let fresh = vec![view(1, "one"), failing(2), failing(3)];
    state.follow(fresh.clone(), true);
    assert_eq!(ids(&state), [1, 2, 3]);
    state.toggle(DestinationId::new(1));
    state.follow(fresh.clone(), false);
    assert_eq!(ids(&state), [1, 2, 3], "a row is open");
    state.toggle(DestinationId::new(1));
    state.follow(fresh, false);
    assert_eq!(ids(&state), [2, 3, 1]);
}

#[test]
fn the_list_is_searched_by_name_kind_and_target() {
    let mut state = two();
    for (search, found) in [
        ("ONE", vec![1]),
        ("example/in http", vec![1, 2]),
        ("2.example", vec![2]),
        ("nothing", vec![]),
        (" ", vec![1, 2]),
    ] {
        state.search(search.to_owned());
        assert_eq!(shown(&state), found, "{search}");
        assert_eq!(state.shown_count(), found.len());
    }
}

#[test]
fn a_filter_admits_new_rows_too_and_shows_what_was_just_added() {
    let mut state = two();
    state.search("one".to_owned());
    state.follow(vec![view(1, "one"), view(2, "two"), view(3, "three")], true);
    assert_eq!(shown(&state), [1]);
    state.begin_adding(DestinationKind::Http);
    state.add_answered(1, &sent(), Ok(view(4, "four")));
    assert_eq!(shown(&state), [1, 4]);
}

#[test]
fn only_what_needs_attention_is_shown_and_an_open_row_stays() {
    let mut state = StreamsState::new(vec![view(1, "one"), failing(2)]);
    state.set_attention_only(true);
    assert_eq!(shown(&state), [2]);
    assert!(state.open(DestinationId::new(1), StreamView::Activity));
    assert_eq!(shown(&state), [2, 1]);
    assert_eq!(state.opened(), Some((DestinationId::new(1), StreamView::Activity)));
    state.toggle(DestinationId::new(1));
    assert_eq!(state.opened(), None);
    state.set_attention_only(false);
    assert_eq!(shown(&state), [2, 1]);
    assert!(!state.open(DestinationId::new(9), StreamView::Activity));
}

#[test]
fn unsaved_text_outlives_a_destination_that_someone_else_deleted() {
    let mut state = two();
    let (typed, untouched) = (DestinationId::new(1), DestinationId::new(2));
    state.toggle(typed);
    state.toggle(untouched);
    state
        .row_mut(typed)
        .unwrap()
        .editor
        .set_text(Field::Name, "typed".into());
    state.follow(Vec::new(), false);
    assert_eq!((ids(&state), state.count()), (vec![1], 0));
    assert!(state.row(typed).unwrap().deleted);
    let gone = Notice::DeletedElsewhere("two".into());
    assert_eq!(state.notice(), Some(gone), "it was open, and nothing was typed in it");
    state.forget_deleted(typed);
    assert!(state.is_empty() && ids(&state).is_empty());
}

#[test]
fn when_the_log_is_full_is_said_once() {
    let mut state = two();
    assert_eq!(state.log_full_at(), None);
    let fresh = [(1, 9), (2, 5)].map(|(id, at)| {
        let mut view = failing(id);
        view.health.log_full_at = Some(Timestamp::from_unix_ms(at));
        view
    });
    state.follow(fresh.to_vec(), false);
    assert_eq!(state.log_full_at(), Some(Timestamp::from_unix_ms(5)));
}

#[test]
fn what_is_entered_counts_as_unsaved_until_it_is_discarded() {
    let mut state = two();
    let id = DestinationId::new(1);
    state.toggle(id);
    state.begin_adding(DestinationKind::Http);
    assert!(!state.is_unsaved(), "nothing is entered yet");
    state.adding_mut().unwrap().set_text(Field::Name, "typed".into());
    assert!(state.is_unsaved());
    state.stop_adding();
    assert!(!state.is_unsaved());
    state.row_mut(id).unwrap().editor.set_text(Field::Name, "typed".into());
    assert!(state.is_unsaved());
    state.discard_entered();
    assert!(!state.is_unsaved());
    assert_eq!(state.row(id).unwrap().editor.text(Field::Name), "one");
}

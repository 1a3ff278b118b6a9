use super::*;
use crate::wire::AppError;

fn known(name: &str, category: &str, last_day: u64) -> EventTypeView {
    EventTypeView {
        name: name.into(),
        category: category.into(),
        description: format!("{name}."),
        last_day,
    }
}

fn types() -> Vec<EventTypeView> {
    vec![
        known("add_gpg_key", "System access", 5),
        known("user_blocked", "User management", 0),
        known("user_created", "User management", 1_200),
    ]
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn headings(picker: &TypePicker, chosen: &[String]) -> Vec<(String, Vec<String>)> {
    let groups = picker.groups(chosen).into_iter();
    groups
        .map(|group| {
            (
                group.heading,
                group.options.into_iter().map(|option| option.name).collect(),
            )
        })
        .collect()
}

#[test]
fn the_chosen_stand_first_and_stay_there_while_the_list_is_open() {
    let chosen = names(&["user_created"]);
    let picker = TypePicker::open(types(), &chosen);
    let expected = [
        ("Selected".to_owned(), names(&["user_created"])),
        ("System access".to_owned(), names(&["add_gpg_key"])),
        ("User management".to_owned(), names(&["user_blocked"])),
    ];
    assert_eq!(headings(&picker, &chosen), expected);
    assert_eq!(headings(&picker, &names(&["add_gpg_key"])), expected);
}

#[test]
fn every_word_searched_for_is_in_the_name_or_title() {
    let mut picker = TypePicker::open(types(), &[]);
    picker.search("  USER cre ");
    assert_eq!(
        headings(&picker, &[]),
        [("User management".to_owned(), names(&["user_created"]))]
    );
    picker.search("gpg_key");
    assert_eq!(picker.active_name().as_deref(), Some("add_gpg_key"));
    picker.search("nothing like it");
    assert_eq!(
        (picker.groups(&[]).len(), picker.active(), picker.active_name()),
        (0, None, None)
    );
}

#[test]
fn the_keyboard_stops_at_the_ends() {
    let mut picker = TypePicker::open(types(), &[]);
    picker.step(-1);
    assert_eq!(picker.active(), Some(0));
    picker.step(5);
    assert_eq!(picker.active_name().as_deref(), Some("user_created"));
    picker.search("add");
    assert_eq!(picker.active(), Some(0));
}

#[test]
fn a_long_list_is_rendered_in_parts() {
    let many = (0..60)
        .map(|number| known(&format!("type_{number:02}"), "Ours", 0))
        .collect();
    let mut picker = TypePicker::open(many, &[]);
    let rendered = |picker: &TypePicker| {
        picker
            .groups(&[])
            .iter()
            .map(|group| group.options.len())
            .sum::<usize>()
    };
    assert_eq!(rendered(&picker), 12);
    let last = picker.groups(&[]).pop().unwrap().options.pop().unwrap();
    assert_eq!(
        (last.position, last.total),
        (11, 60),
        "its place in the whole list is known"
    );
    assert!(picker.has_more());
    picker.render_more();
    assert_eq!(rendered(&picker), 24);
    picker.search("type_5");
    assert_eq!(rendered(&picker), 10);
    assert!(!picker.has_more());
    picker.search("");
    assert_eq!(rendered(&picker), 12);
    picker.step(11);
    assert_eq!(rendered(&picker), 12);
    picker.step(1);
    assert_eq!(
        rendered(&picker),
        24,
        "the keyboard is never at an option that is not rendered"
    );
    assert_eq!(picker.select_all(&[]).len(), 60, "all are selected, rendered or not");
}

#[test]
fn all_means_all_that_is_shown() {
    let mut picker = TypePicker::open(types(), &[]);
    picker.search("user");
    let chosen = names(&["add_gpg_key"]);
    assert_eq!(
        picker.select_all(&chosen),
        names(&["add_gpg_key", "user_blocked", "user_created"])
    );
    assert_eq!(picker.unselect_all(&names(&["add_gpg_key", "user_created"])), chosen);
}

#[test]
fn the_forecast_counts_what_would_pass() {
    let picker = TypePicker::open(types(), &[]);
    assert_eq!(
        picker.forecast(FilterKind::Deny, &[]),
        "Matches 1,205 of 1,205 events from the last 24 hours."
    );
    let chosen = names(&["add_gpg_key", "gone_type"]);
    assert_eq!(
        picker.forecast(FilterKind::Allow, &chosen),
        "Matches 5 of 1,205 events from the last 24 hours."
    );
    assert_eq!(
        picker.forecast(FilterKind::Deny, &chosen),
        "Matches 1,200 of 1,205 events from the last 24 hours."
    );
}

#[test]
fn the_button_names_three_and_counts_the_rest() {
    assert_eq!(summary(&[]), "Select events");
    assert_eq!(summary(&names(&["add_gpg_key"])), "Add GPG key");
    assert_eq!(
        summary(&names(&["add_gpg_key", "user_created", "user_blocked", "x"])),
        "Add GPG key, User created, User blocked +1 more"
    );
    assert_eq!(title(""), "");
}

#[test]
fn choosing_twice_is_choosing_not_at_all() {
    let once = toggled(&[], "a");
    assert_eq!(once, names(&["a"]));
    assert_eq!(toggled(&once, "a"), names(&[]));
}

#[test]
fn what_is_typed_while_the_list_loads_is_searched_for() {
    let mut sheet = TypeSheet::default();
    let asked = sheet.load();
    assert_eq!((sheet.is_open(), sheet.note()), (true, "Loading…"));
    sheet.search("gpg".into());
    assert!(sheet.loaded(asked, Ok(types()), &[]));
    let list = sheet.list().unwrap();
    assert_eq!(list.active_name().as_deref(), Some("add_gpg_key"));
    assert_eq!((list.groups(&[]).len(), sheet.note()), (1, ""));
    sheet.search("nothing like it".into());
    assert_eq!(sheet.note(), "No results found");
}

#[test]
fn of_two_loads_the_later_one_counts_and_a_closed_list_takes_none() {
    let mut sheet = TypeSheet::default();
    let first = sheet.load();
    sheet.search("gpg".into());
    sheet.close();
    assert!(!sheet.loaded(first, Ok(types()), &[]));
    let second = sheet.load();
    assert!(!sheet.loaded(first, Err(AppError::Transport), &[]));
    assert!(sheet.loaded(second, Ok(types()), &[]));
    assert_eq!(
        sheet.list().unwrap().groups(&[]).len(),
        2,
        "a search ends when the list is closed"
    );
    assert!(!sheet.loaded(first, Err(AppError::Transport), &[]));
    assert!(sheet.error().is_none());
    let third = sheet.load();
    assert!(sheet.loaded(third, Err(AppError::Unavailable), &[]));
    assert_eq!((sheet.error(), sheet.note()), (Some(&AppError::Unavailable), ""));
}

#[test]
fn the_type_whose_whole_name_is_searched_for_is_first() {
    let types = vec![
        known("merge_request_created_by_project_bot", "Compliance", 0),
        known("merge_request_create", "Workflow", 0),
    ];
    let mut picker = TypePicker::open(types, &[]);
    for search in ["merge_request_create", " Merge request create "] {
        picker.search(search);
        assert_eq!(picker.active_name().as_deref(), Some("merge_request_create"));
    }
    let expected = [
        ("Exact match".to_owned(), names(&["merge_request_create"])),
        (
            "Compliance".to_owned(),
            names(&["merge_request_created_by_project_bot"]),
        ),
    ];
    assert_eq!(headings(&picker, &[]), expected);
}

#[test]
fn titles_spell_names_and_abbreviations() {
    for (name, readable) in [
        ("omniauth_login_failed", "OmniAuth login failed"),
        ("ssh_key_added", "SSH key added"),
        ("user_created", "User created"),
        ("saml_sso_login", "SAML SSO login"),
    ] {
        assert_eq!(title(name), readable);
    }
}

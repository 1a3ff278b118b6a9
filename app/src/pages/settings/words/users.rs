//! Settings › Users.

use domain::{Field, ids::UserId};

use super::parts::{danger_form, field, form, hidden, moment_or, optional_password, text};
use crate::{
    model::text::grouped,
    port::settings::UserSummary,
    server_fns::users::{AddUser, ResetPassword, SetUserEnabled},
    wire::settings::{Cell, FieldKind, FormField, Row, RowAction, Section, Table, Tone},
};

pub(super) fn describe(users: Vec<UserSummary>, asking: UserId) -> Vec<Section> {
    let username = FormField {
        hint: "Lowercase letters, digits, and . _ - @ +, for example ada.lovelace.".to_owned(),
        ..field(FieldKind::Text, "username", Field::Username, "Username")
    };
    let add = Section {
        heading: "Add an administrator".to_owned(),
        form: Some(form::<AddUser>("Add user", vec![username, optional_password()])),
        ..Section::default()
    };
    let list = Section {
        heading: "Administrators".to_owned(),
        lead: "Who is disabled can't sign in. Nobody is deleted, because audit events name them.".to_owned(),
        table: Some(Table {
            label: "Administrators".to_owned(),
            headings: ["Username", "State", "Last sign-in", "Sessions", "Added"]
                .map(str::to_owned)
                .to_vec(),
            rows: users.iter().map(|user| row(user, asking)).collect(),
            empty: String::new(),
        }),
        ..Section::default()
    };
    vec![add, list]
}

fn row(user: &UserSummary, asking: UserId) -> Row {
    let state = if user.is_enabled {
        Cell::Badge(Tone::Good, "Enabled".to_owned())
    } else {
        Cell::Badge(Tone::Quiet, "Disabled".to_owned())
    };
    let is_oneself = user.id == asking;
    let name = if is_oneself {
        format!("{} (you)", user.username)
    } else {
        user.username.clone()
    };
    // Who looks at this is enabled, so there is always one who is.
    let actions = if is_oneself {
        Vec::new()
    } else {
        vec![reset(user), set_enabled(user)]
    };
    Row {
        cells: vec![
            text(name),
            state,
            moment_or(user.last_signed_in_at, "Never"),
            text(grouped(user.sessions)),
            Cell::At(user.created_at),
        ],
        actions,
    }
}

fn reset(user: &UserSummary) -> RowAction {
    RowAction {
        label: "Reset password".to_owned(),
        about: format!("of {}", user.username),
        title: format!("Reset the password of {}?", user.username),
        body: "The old one stops working, and all sessions of this user end.".to_owned(),
        form: form::<ResetPassword>("Reset password", vec![hidden("id", user.id), optional_password()]),
    }
}

fn set_enabled(user: &UserSummary) -> RowAction {
    let name = &user.username;
    let fields = vec![hidden("id", user.id), hidden("enabled", !user.is_enabled)];
    if user.is_enabled {
        RowAction {
            label: "Disable".to_owned(),
            about: name.clone(),
            title: format!("Disable {name}?"),
            body: "This user is signed out everywhere and can't sign in until somebody enables them again.".to_owned(),
            form: danger_form::<SetUserEnabled>("Disable user", fields),
        }
    } else {
        RowAction {
            label: "Enable".to_owned(),
            about: name.clone(),
            title: format!("Enable {name}?"),
            body: "This user can sign in again, with the password as it was.".to_owned(),
            form: form::<SetUserEnabled>("Enable user", fields),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    fn user(id: i64, is_enabled: bool) -> UserSummary {
        UserSummary {
            id: UserId::new(id),
            username: format!("user{id}"),
            is_enabled,
            created_at: Timestamp::from_unix_ms(1),
            last_signed_in_at: None,
            sessions: 0,
        }
    }

    fn actions(users: Vec<UserSummary>) -> Vec<Vec<String>> {
        let sections = describe(users, UserId::new(1));
        let table = sections.into_iter().find_map(|section| section.table).unwrap();
        let labels = |row: Row| row.actions.into_iter().map(|action| action.label).collect();
        table.rows.into_iter().map(labels).collect()
    }

    #[test]
    fn nobody_is_offered_to_lock_themselves_out() {
        assert_eq!(
            actions(vec![user(1, true), user(2, true), user(3, false)]),
            [
                vec![],
                vec!["Reset password", "Disable"],
                vec!["Reset password", "Enable"]
            ]
        );
    }
}

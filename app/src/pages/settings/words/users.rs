//! Settings › Users.

use domain::{Field, ids::UserId, view::UserView};

use super::parts::{
    action, card, cell, danger_form, field, form, hidden, moment, moment_or, optional_password, row, table, text,
};
use crate::{
    model::text::grouped,
    server_fns::users::{AddUser, ResetPassword, SetUserEnabled},
    wire::settings::{Kind, Part},
};

pub(super) fn describe(users: &[UserView], asking: UserId) -> Vec<Part> {
    let hint = "Lowercase letters, digits, and . _ - @ +, for example ada.lovelace.";
    let username = field(Kind::Input, "username", Field::Username, "Username", hint);
    let rows = users.iter().map(|user| describe_user(user, asking)).collect();
    vec![
        card(
            "Add an administrator",
            "Everybody has a name of their own, so that audit events say who did what.",
            vec![form::<AddUser>("Add user", vec![username, optional_password()])],
        ),
        card(
            "Administrators",
            "Who is disabled can't sign in. Nobody is deleted, because audit events name them.",
            vec![table("Administrators", "", rows)],
        ),
    ]
}

fn describe_user(user: &UserView, asking: UserId) -> Part {
    let (kind, word) = match user.enabled {
        true => (Kind::Good, "Enabled"),
        false => (Kind::Quiet, "Disabled"),
    };
    // Who looks at this is enabled, so there is always one who is.
    let is_oneself = user.id == asking;
    let (name, actions) = if is_oneself {
        (format!("{} (you)", user.username), Vec::new())
    } else {
        (user.username.clone(), vec![reset(user), set_enabled(user)])
    };
    row(
        [
            ("Username", text(name)),
            ("State", cell(kind, word)),
            ("Last sign-in", moment_or(user.last_signed_in_at, "Never")),
            ("Sessions", text(grouped(user.sessions))),
            ("Added", moment(user.created_at)),
        ],
        actions,
    )
}

fn reset(user: &UserView) -> Part {
    action(
        "Reset password",
        &format!("of {}", user.username),
        format!("Reset the password of {}?", user.username),
        "The old one stops working, and all sessions of this user end.",
        form::<ResetPassword>("Reset password", vec![hidden("id", user.id), optional_password()]),
    )
}

fn set_enabled(user: &UserView) -> Part {
    let name = &user.username;
    let fields = vec![hidden("id", user.id), hidden("enabled", !user.enabled)];
    if user.enabled {
        action(
            "Disable",
            name,
            format!("Disable {name}?"),
            "This user is signed out everywhere and can't sign in until somebody enables them again.",
            danger_form::<SetUserEnabled>("Disable user", fields),
        )
    } else {
        action(
            "Enable",
            name,
            format!("Enable {name}?"),
            "This user can sign in again, with the password as it was.",
            form::<SetUserEnabled>("Enable user", fields),
        )
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    fn user(id: i64, enabled: bool) -> UserView {
        UserView {
            id: UserId::new(id),
            username: format!("user{id}"),
            enabled,
            created_at: Timestamp::from_unix_ms(1),
            last_signed_in_at: None,
            sessions: 0,
        }
    }

    #[test]
    fn nobody_is_offered_to_lock_themselves_out() {
        let cards = describe(&[user(1, true), user(2, true), user(3, false)], UserId::new(1));
        let labels = |row: &Part| {
            let actions = row.parts.iter().filter(|part| part.kind == Kind::Action);
            actions.map(|action| action.label.clone()).collect::<Vec<_>>()
        };
        let rows = &cards[1].parts[0].parts;
        assert_eq!(
            rows.iter().map(labels).collect::<Vec<_>>(),
            [
                vec![],
                vec!["Reset password", "Disable"],
                vec!["Reset password", "Enable"]
            ]
        );
    }
}

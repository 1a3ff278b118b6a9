//! The table of users.

use domain::{Field, view::UserView};
use leptos::prelude::*;

use super::server_fns::ListedUsers;
use crate::{
    model::text::grouped,
    settings::{
        Settings,
        card::{Badge, Cell, DataTable, Tone},
    },
    ui::{DialogButton, Form, Moment, MomentOr, PasswordField, Rows, SubmitLook},
};

pub(super) const PASSWORD_HINT: &str = "At least 12 characters. Leave empty to generate one, which is shown once.";

pub(super) fn users_table(listed: Signal<ListedUsers>) -> AnyView {
    let reader = listed.with_untracked(|listed| listed.reader);
    let users = Memo::new(move |_| listed.with(|listed| listed.users.clone()));
    provide_context(Reader(reader));
    view! {
        <DataTable
            label="Administrators"
            headings=&["Username", "State", "Last sign-in", "Sessions", "Added"]
            has_actions=true
        >
            <Rows rows=users key=|user: &UserView| user.id row=user_row />
        </DataTable>
    }
    .into_any()
}

/// Who looks at the table.
#[derive(Clone, Copy)]
struct Reader(domain::ids::UserId);

fn user_row(user: Signal<UserView>) -> AnyView {
    let UserView {
        id,
        username,
        created_at,
        ..
    } = user.get_untracked();
    // Whoever looks at this is enabled, so there is always one user who is.
    let is_oneself = expect_context::<Reader>().0 == id;
    let name = if is_oneself {
        format!("{username} (you)")
    } else {
        username
    };
    let is_enabled = Memo::new(move |_| user.with(|user| user.enabled));
    let last = Memo::new(move |_| user.with(|user| user.last_signed_in_at));
    let sessions = Memo::new(move |_| user.with(|user| user.sessions));
    let actions = (!is_oneself).then(|| {
        view! {
            <ResetUserPassword user=user.get_untracked() />
            {move || {
                is_enabled.track();
                view! { <Switch user=user.get_untracked() /> }
            }}
        }
    });
    view! {
        <tr>
            <Cell heading="Username">
                <bdi>{name}</bdi>
            </Cell>
            <Cell heading="State">{move || state_badge(is_enabled.get())}</Cell>
            <Cell heading="Last sign-in">{move || view! { <MomentOr at=last.get() otherwise="Never" /> }}</Cell>
            <Cell heading="Sessions">{move || grouped(sessions.get())}</Cell>
            <Cell heading="Added">
                <Moment at=created_at />
            </Cell>
            <td class="data-actions">{actions}</td>
        </tr>
    }
    .into_any()
}

fn state_badge(is_enabled: bool) -> impl IntoView {
    let (tone, text) = if is_enabled {
        (Tone::Good, "Enabled")
    } else {
        (Tone::Quiet, "Disabled")
    };
    view! { <Badge tone text /> }
}

#[component]
fn ResetUserPassword(user: UserView) -> impl IntoView {
    let action = expect_context::<Settings>().reset_password;
    let dialog = format!("reset-password-{}", user.id);
    view! {
        <DialogButton
            id=dialog.clone()
            label="Reset password"
            about=format!("of {}", user.username)
            title=format!("Reset the password of {}?", user.username)
            body="The old one stops working, and all sessions of this user end."
            on_open=move |()| action.clear()
        >
            <Form
                action
                id=format!("{dialog}-form")
                label="Reset password"
                submit="Reset password"
                dialog=dialog
            >
                <input type="hidden" name="id" value=user.id.get() />
                <PasswordField
                    name="password"
                    field=Field::NewPassword
                    label="Password"
                    hint=PASSWORD_HINT
                    autocomplete="new-password"
                    is_optional=true
                />
            </Form>
        </DialogButton>
    }
}

/// Disables the user, or enables them again.
#[component]
fn Switch(user: UserView) -> impl IntoView {
    let action = expect_context::<Settings>().set_user_enabled;
    let name = user.username;
    let (verb, submit, look, body) = if user.enabled {
        let body = "This user is signed out everywhere and can't sign in until somebody enables them again.";
        ("Disable", "Disable user", SubmitLook::DangerSolid, body)
    } else {
        let body = "This user can sign in again, with the same password.";
        ("Enable", "Enable user", SubmitLook::Primary, body)
    };
    let dialog = format!("switch-user-{}", user.id);
    view! {
        <DialogButton
            id=dialog.clone()
            label=verb
            about=name.clone()
            title=format!("{verb} {name}?")
            body
            on_open=move |()| action.clear()
        >
            <Form action id=format!("{dialog}-form") label=submit submit look dialog=dialog>
                <input type="hidden" name="id" value=user.id.get() />
                <input type="hidden" name="enabled" value=(!user.enabled).to_string() />
            </Form>
        </DialogButton>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::{Timestamp, ids::UserId};

    use super::*;
    use crate::settings::tests::rendered;

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
    fn nobody_is_offered_to_disable_themselves() {
        let listed = ListedUsers {
            users: vec![user(1, true), user(2, true), user(3, false)],
            reader: UserId::new(1),
        };
        let html = rendered(|| users_table(Signal::stored(listed)));
        assert!(html.contains("user1 (you)") && !html.contains("user1?"), "{html}");
        for button in [
            "Reset password of user2",
            "Disable user2",
            "Reset password of user3",
            "Enable user3",
        ] {
            assert!(html.contains(&format!(r#"aria-label="{button}""#)), "{button}: {html}");
        }
    }
}

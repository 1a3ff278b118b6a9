//! The profile of the signed-in user: password and sessions.

mod server_fns;
mod sessions;

use domain::Field;
use leptos::{prelude::*, server_fn::ServerFn};

pub(super) use self::server_fns::EndSession;
use self::{
    server_fns::{ChangePassword, EndSessions, list_sessions},
    sessions::sessions_table,
};
use super::{Settings, card::Card, layout::SettingsLayout};
use crate::{
    sign_in::Session,
    ui::{Form, Live, PasswordField, TableSkeleton, suspended},
};

#[component]
pub(crate) fn ProfilePage() -> impl IntoView {
    let settings = expect_context::<Settings>();
    view! {
        <SettingsLayout title="Profile" lead="Your password, and where you are signed in.">
            <Card title="Change password" lead="Changing it ends your other sessions.">
                <PasswordForm />
            </Card>
            <Card
                title="Sessions"
                lead="Sessions expire after 12 hours of inactivity, and after 7 days at most."
            >
                <Live
                    source=()
                    ask=|(), known| list_sessions(known)
                    what="Your sessions can't be shown."
                    skeleton=|| view! { <TableSkeleton rows=3 /> }
                    refresh=settings.refresh
                    view=sessions_table
                />
                // A plain form: this session ends, too, so the browser leaves the page.
                <form class="form" method="post" action=EndSessions::url() aria-label="Sign out everywhere">
                    <div class="form-actions">
                        <button type="submit" class="button button-danger">
                            "Sign out everywhere"
                        </button>
                    </div>
                </form>
            </Card>
        </SettingsLayout>
    }
}

#[component]
fn PasswordForm() -> impl IntoView {
    let settings = expect_context::<Settings>();
    let change = ServerAction::<ChangePassword>::new();
    view! {
        <Form
            action=change
            id="change-password"
            label="Change password"
            submit="Change password"
            on_done=move |_| settings.refresh.now()
        >
            <Owner />
            <PasswordField
                name="current"
                field=Field::Password
                label="Current password"
                autocomplete="current-password"
            />
            <PasswordField
                name="new"
                field=Field::NewPassword
                label="New password"
                hint="At least 12 characters."
                autocomplete="new-password"
            />
        </Form>
    }
}

/// Whose password it is, for password managers.
#[component]
fn Owner() -> impl IntoView {
    let session = expect_context::<Session>();
    let owner = move || {
        suspended(session.user, |user| {
            let user = user.ok().flatten();
            view! {
                <input
                    class="visually-hidden"
                    type="text"
                    autocomplete="username"
                    tabindex="-1"
                    aria-hidden="true"
                    readonly
                    value=user.map(|user| user.username)
                />
            }
        })
    };
    view! { <Suspense>{owner}</Suspense> }
}

//! Settings › Users.

mod server_fns;
mod table;

use domain::Field;
use leptos::prelude::*;

pub(super) use self::server_fns::{AddUser, ResetPassword, SetUserEnabled};
use self::{
    server_fns::list_users,
    table::{PASSWORD_HINT, users_table},
};
use super::{Settings, card::Card, layout::SettingsLayout};
use crate::ui::{Form, Live, PasswordField, TableSkeleton, TextField};

#[component]
pub(crate) fn UsersPage() -> impl IntoView {
    let settings = expect_context::<Settings>();
    view! {
        <SettingsLayout title="Users" lead="Everybody who can sign in here is an administrator.">
            <Card
                title="Add an administrator"
                lead="Give every administrator their own account, so audit events show who did what."
            >
                <Form
                    action=settings.add_user
                    id="add-user"
                    label="Add an administrator"
                    submit="Add user"
                    on_done=move |_| settings.refresh.now()
                >
                    <TextField
                        name="username"
                        field=Field::Username
                        label="Username"
                        hint="Lowercase letters, digits, and . _ - @ +, for example ada.lovelace."
                    />
                    <PasswordField
                        name="password"
                        field=Field::NewPassword
                        label="Password"
                        hint=PASSWORD_HINT
                        autocomplete="new-password"
                        is_optional=true
                    />
                </Form>
            </Card>
            <Card
                title="Administrators"
                lead="Disabled users can't sign in. Users can't be deleted, because audit events refer to them."
            >
                <Live
                    source=()
                    ask=|(), known| list_users(known)
                    what="The users can't be shown."
                    skeleton=|| view! { <TableSkeleton rows=3 /> }
                    refresh=settings.refresh
                    view=users_table
                />
            </Card>
        </SettingsLayout>
    }
}

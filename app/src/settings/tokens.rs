//! Settings › API tokens.

mod create;
mod server_fns;
mod table;

use leptos::prelude::*;

pub(crate) use self::create::CreateTokenForm;
pub(super) use self::server_fns::{CreateToken, RevokeToken};
use self::{server_fns::list_tokens, table::tokens_table};
use super::{Settings, card::Card, layout::SettingsLayout};
use crate::ui::{Live, TableSkeleton};

#[component]
pub(crate) fn TokensPage() -> impl IntoView {
    let settings = expect_context::<Settings>();
    view! {
        <SettingsLayout title="API tokens" lead="Programs use them to post events here and to read them.">
            <Card
                title="Create a token"
                lead="Create one token per system. Its name appears as the source of the events it sends."
            >
                <CreateTokenForm />
            </Card>
            <Card title="Tokens" lead="Tokens are stored hashed and cannot be shown again.">
                <Live
                    source=()
                    ask=|(), known| list_tokens(known)
                    what="The tokens can't be shown."
                    skeleton=|| view! { <TableSkeleton rows=3 /> }
                    refresh=settings.refresh
                    view=tokens_table
                />
            </Card>
        </SettingsLayout>
    }
}

//! What the page asks about the network rules.

use domain::view::NetworkView;
use leptos::{
    prelude::*,
    server_fn::codec::{GetUrl, PostUrl},
};

use crate::{
    fresh::{Fresh, Tag},
    outcome::Done,
    wire::AppError,
};

/// The network rules and their exceptions.
#[server(prefix = "/api/page", endpoint = "network/show", input = GetUrl)]
pub async fn show_network(#[server(default)] known: Option<Tag>) -> Result<Fresh<NetworkView>, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        expect_admin()?;
        let engine = engine()?;
        Fresh::new(engine.show_network(), known.as_ref(), engine.clock().now())
    })
    .await
}

/// Changes the exceptions, unless somebody else did since `version`.
#[server(prefix = "/api/page", endpoint = "network/update", input = PostUrl)]
pub async fn update_network(
    version: i64,
    #[server(default)] allow_local_network: bool,
    #[server(default)] allowlist: String,
) -> Result<Done, AppError> {
    use domain::settings::NetworkDraft;

    use crate::backend::{answer_form, engine, expect_admin};

    answer_form(async move {
        let admin = expect_admin()?;
        let draft = NetworkDraft {
            allow_local_network,
            allowlist,
        };
        let change = draft.parse()?;
        engine()?.update_network(&admin.author(), version, change).await?;
        Ok(Done::new("Saved. Changes take effect immediately."))
    })
    .await
}

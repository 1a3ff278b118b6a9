//! Changes where destinations may be.

use domain::settings::NetworkDraft;
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Changes where destinations may be, unless somebody else did since `version`.
#[server(prefix = "/api/page", endpoint = "network/update", input = PostUrl)]
pub async fn update_network(
    version: i64,
    #[server(default)] allow_local_network: bool,
    #[server(default)] allowlist: String,
) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let draft = NetworkDraft {
            allow_local_network,
            allowlist,
        };
        port()?.update_network(&admin, version, draft.parse()?).await?;
        Ok(Done::new("Saved. Changes take effect immediately."))
    })
    .await
}

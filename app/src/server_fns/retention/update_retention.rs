//! Changes how long events are kept and how much room they may take.

use domain::settings::RetentionDraft;
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Changes how long events are kept and how much room they may take, unless somebody else did since `version`.
#[server(prefix = "/api/page", endpoint = "retention/update", input = PostUrl)]
pub async fn update_retention(
    version: i64,
    #[server(default)] days: String,
    #[server(default)] log_size: String,
) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let change = RetentionDraft { days, log_size }.parse()?;
        port()?.update_retention(&admin, version, change).await?;
        Ok(Done::new("Saved. Changes take effect immediately."))
    })
    .await
}

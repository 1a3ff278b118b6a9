//! Changes by which webhook trouble is told.

use domain::settings::{AlertChange, WebhookDraft};
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Changes by which webhook trouble is told.
#[server(prefix = "/api/page", endpoint = "alerts/webhook", input = PostUrl)]
pub async fn update_alert_webhook(version: i64, #[server(default)] draft: WebhookDraft) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let webhook = draft.parse()?;
        let message = match webhook {
            Some(_) => "Saved. Changes take effect immediately.",
            None => "Saved. Nothing is posted.",
        };
        let change = AlertChange {
            webhook: Some(webhook),
            ..AlertChange::default()
        };
        port()?.update_alerts(&admin, version, change).await?;
        Ok(Done::new(message))
    })
    .await
}

//! Changes the e-mail settings of notifications.

use domain::settings::{AlertChange, EmailDraft};
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Changes the e-mail settings of notifications.
#[server(prefix = "/api/page", endpoint = "alerts/email", input = PostUrl)]
pub async fn update_alert_email(version: i64, #[server(default)] draft: EmailDraft) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let email = draft.parse()?;
        let message = match email {
            Some(_) => "Saved. Changes take effect immediately.",
            None => "Saved. No e-mail is sent.",
        };
        let change = AlertChange {
            email: Some(email),
            ..AlertChange::default()
        };
        port()?.update_alerts(&admin, version, change).await?;
        Ok(Done::new(message))
    })
    .await
}

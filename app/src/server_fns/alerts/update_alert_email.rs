//! Changes by which e-mail trouble is told.

use domain::settings::{AlertChange, EmailDraft};
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Changes by which e-mail trouble is told.
#[server(prefix = "/api/page", endpoint = "alerts/email", input = PostUrl)]
pub async fn update_alert_email(version: i64, #[server(default)] draft: EmailDraft) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let email = draft.parse()?;
        let message = match email {
            Some(_) => "Saved. It holds from now on.",
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

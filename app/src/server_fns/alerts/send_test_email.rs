//! Sends a test e-mail by what is saved.

use domain::settings::AlertChannel;
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Sends a test e-mail by what is saved.
#[server(prefix = "/api/page", endpoint = "alerts/email/test", input = PostUrl)]
pub async fn send_test_email() -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        port()?.send_test_alert(&admin, AlertChannel::Email).await?;
        Ok(Done::new("The server took the test e-mail."))
    })
    .await
}

//! Posts a test to the webhook by what is saved.

use domain::settings::AlertChannel;
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Posts a test to the webhook by what is saved.
#[server(prefix = "/api/page", endpoint = "alerts/webhook/test", input = PostUrl)]
pub async fn send_test_webhook() -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        port()?.send_test_alert(&admin, AlertChannel::Webhook).await?;
        Ok(Done::new("The webhook took the test."))
    })
    .await
}

//! The instance at a glance.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::wire::{AppError, Overview};

/// The instance at a glance.
#[server(prefix = "/api/page", endpoint = "instance/overview", input = GetUrl)]
pub async fn show_overview() -> Result<Overview, AppError> {
    use crate::server_fns::guard::{answer, expect_admin, port};

    answer(async move {
        expect_admin()?;
        port()?.overview().await
    })
    .await
}

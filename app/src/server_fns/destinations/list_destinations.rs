//! All destinations, oldest first.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::wire::{AppError, DestinationView};

/// All destinations, oldest first.
#[server(prefix = "/api/page", endpoint = "destinations/list", input = GetUrl)]
pub async fn list_destinations() -> Result<Vec<DestinationView>, AppError> {
    use crate::server_fns::guard::{answer, expect_admin, port};

    answer(async move {
        expect_admin()?;
        port()?.list_destinations().await
    })
    .await
}

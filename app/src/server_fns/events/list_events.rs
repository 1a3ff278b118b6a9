//! One page of the Log.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::wire::{AppError, LogPage};

/// One page of the Log. `query` is that of its address: the filter, and where the page starts.
#[server(prefix = "/api/page", endpoint = "events/list", input = GetUrl)]
pub async fn list_events(#[server(default)] query: String) -> Result<LogPage, AppError> {
    use crate::server_fns::guard::{answer, expect_admin, port};

    answer(async move {
        expect_admin()?;
        port()?.list_events(&query).await
    })
    .await
}

//! One page of the Log.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::{
    model::log_location::LogPageParameter,
    wire::{AppError, LogPage},
};

/// One page of the Log.
#[server(prefix = "/api/page", endpoint = "events/list", input = GetUrl)]
pub async fn list_events(#[server(default)] page: LogPageParameter) -> Result<LogPage, AppError> {
    use crate::server_fns::guard::{answer, expect_admin, port};

    answer(async move {
        expect_admin()?;
        port()?.list_events(page.0).await
    })
    .await
}

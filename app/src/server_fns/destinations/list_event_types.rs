//! Every event type that a filter may name.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::wire::{AppError, EventTypeView};

/// Every event type that a filter may name.
#[server(prefix = "/api/page", endpoint = "destinations/event_types", input = GetUrl)]
pub async fn list_event_types() -> Result<Vec<EventTypeView>, AppError> {
    use crate::server_fns::guard::{answer, expect_admin, port};

    answer(async move {
        expect_admin()?;
        port()?.list_event_types().await
    })
    .await
}

//! One event, whole.

use domain::ids::Seq;
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::wire::{AppError, EventView};

/// One event, whole.
#[server(prefix = "/api/page", endpoint = "events/show", input = GetUrl)]
pub async fn show_event(seq: Seq) -> Result<EventView, AppError> {
    use crate::server_fns::guard::{answer, expect_admin, port};

    answer(async move {
        expect_admin()?;
        port()?.show_event(seq).await
    })
    .await
}

//! Adds a destination; streaming to it starts at once.

use domain::destination::DestinationDraft;
use leptos::{prelude::*, server_fn::codec::Json};

use crate::wire::{AppError, DestinationView};

/// Adds a destination; streaming to it starts at once.
#[server(prefix = "/api/page", endpoint = "destinations/create", input = Json)]
pub async fn create_destination(draft: DestinationDraft) -> Result<DestinationView, AppError> {
    use crate::server_fns::guard::{answer, expect_admin, port};

    answer(async move {
        let admin = expect_admin()?;
        port()?.create_destination(&admin, draft.parse_new()?).await
    })
    .await
}

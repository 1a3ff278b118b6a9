//! Adds a destination; streaming to it starts at once.

use domain::destination::DestinationDraft;
use leptos::{prelude::*, server_fn::codec::Json};

use crate::wire::{AppError, DestinationView};

/// Adds a destination; streaming to it starts at once.
#[server(prefix = "/api/page", endpoint = "destinations/create", input = Json)]
pub async fn create_destination(
    draft: DestinationDraft,
    offset_minutes: Option<i32>,
) -> Result<DestinationView, AppError> {
    use crate::{
        drawn::draw_stream,
        server_fns::guard::{answer, expect_admin, port},
    };

    answer(async move {
        let admin = expect_admin()?;
        let port = port()?;
        let stream = port.create_destination(&admin, draft.parse_new()?).await?;
        Ok(draw_stream(stream, port.now(), offset_minutes))
    })
    .await
}

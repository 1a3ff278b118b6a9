//! Changes a destination, unless somebody else did since `version`.

use domain::{destination::DestinationDraft, ids::DestinationId};
use leptos::{prelude::*, server_fn::codec::Json};

use crate::wire::{AppError, DestinationView};

/// Changes a destination, unless somebody else did since `version`.
#[server(prefix = "/api/page", endpoint = "destinations/update", input = Json)]
pub async fn update_destination(
    id: DestinationId,
    version: i64,
    draft: DestinationDraft,
    offset_minutes: Option<i32>,
) -> Result<DestinationView, AppError> {
    use crate::{
        drawn::draw_stream,
        server_fns::guard::{answer, expect_admin, port},
    };

    answer(async move {
        let admin = expect_admin()?;
        let change = draft.parse_change()?;
        let port = port()?;
        let stream = port.update_destination(&admin, id, version, change).await?;
        Ok(draw_stream(stream, port.now(), offset_minutes))
    })
    .await
}

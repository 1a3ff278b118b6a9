//! Ends a replay.

use domain::ids::{DestinationId, ReplayId};
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Ends a replay: nothing more of it is begun.
#[server(prefix = "/api/page", endpoint = "streams/cancel_replay", input = PostUrl)]
pub async fn cancel_replay(id: DestinationId, replay: ReplayId) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        port()?.cancel_replay(&admin, id, replay).await?;
        Ok(Done::new("The replay was cancelled."))
    })
    .await
}

//! Parks the event that a stream is stuck at.

use domain::ids::{DestinationId, Seq};
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Parks the event that a stream is stuck at: the stream goes on without it.
#[server(prefix = "/api/page", endpoint = "streams/park_event", input = PostUrl)]
pub async fn park_event(id: DestinationId, seq: Seq) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        port()?.park_event(&admin, id, seq).await?;
        Ok(Done::new("The event is parked. Retry or discard it under Activity."))
    })
    .await
}

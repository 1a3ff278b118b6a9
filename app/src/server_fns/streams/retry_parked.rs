//! Tries parked events again.

use domain::ids::{DestinationId, Seq};
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    model::text::counted,
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Tries a parked event again; without a position every one of the destination.
#[server(prefix = "/api/page", endpoint = "streams/retry_parked", input = PostUrl)]
pub async fn retry_parked(id: DestinationId, #[server(default)] seq: Option<Seq>) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let retried = port()?.retry_parked(&admin, id, seq).await?;
        Ok(Done::new(format!("{} to be tried again.", counted(retried, "event"))))
    })
    .await
}

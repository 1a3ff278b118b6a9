//! Gives a parked event up.

use domain::ids::{DestinationId, Seq};
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Gives a parked event up: this destination will not get it.
#[server(prefix = "/api/page", endpoint = "streams/discard_parked", input = PostUrl)]
pub async fn discard_parked(id: DestinationId, seq: Seq) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        port()?.discard_parked(&admin, id, seq).await?;
        Ok(Done::new(format!("The event at position {seq} was discarded.")))
    })
    .await
}

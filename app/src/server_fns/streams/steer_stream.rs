//! Switches a stream on or off, stops it for a while, or has it tried at once.

use domain::ids::DestinationId;
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    port::streams::Steer,
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Switches a stream on or off, stops it for a while, or has it tried at once.
#[server(prefix = "/api/page", endpoint = "streams/steer", input = PostUrl)]
pub async fn steer_stream(id: DestinationId, steer: String) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let steer = Steer::parse(&steer).ok_or(AppError::NotFound)?;
        port()?.steer_stream(&admin, id, steer).await?;
        Ok(match steer {
            Steer::RetryNow => Done::new("Tried at once."),
            // The row shows it.
            _ => Done::default(),
        })
    })
    .await
}

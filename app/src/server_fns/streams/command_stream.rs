//! Switches a stream on or off, stops it for a while, or has it tried at once.

use domain::ids::DestinationId;
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    port::streams::StreamCommand,
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Switches a stream on or off, stops it for a while, or has it tried at once.
#[server(prefix = "/api/page", endpoint = "streams/command", input = PostUrl)]
pub async fn command_stream(id: DestinationId, command: String) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let command = StreamCommand::parse(&command).ok_or(AppError::NotFound)?;
        port()?.command_stream(&admin, id, command).await?;
        Ok(match command {
            StreamCommand::RetryNow => Done::new("Tried at once."),
            // The row shows it.
            _ => Done::default(),
        })
    })
    .await
}

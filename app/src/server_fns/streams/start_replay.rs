//! Starts a replay.

use domain::ids::DestinationId;
use leptos::{prelude::*, server_fn::codec::PostUrl};

use super::count_replay::replay_draft;
use crate::{
    model::text::counted,
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Starts a replay of what is in the log now.
#[server(prefix = "/api/page", endpoint = "streams/start_replay", input = PostUrl)]
pub async fn start_replay(
    id: DestinationId,
    created_after: String,
    #[server(default)] created_before: String,
    #[server(default)] event_types: String,
) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let draft = replay_draft(created_after, created_before, &event_types);
        let events = port()?.start_replay(&admin, id, draft).await?;
        Ok(Done::new(format!(
            "The replay of {} has started.",
            counted(events, "event")
        )))
    })
    .await
}

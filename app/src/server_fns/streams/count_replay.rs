//! Counts what a replay would send.

use domain::{ids::DestinationId, replay::ReplayDraft};
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    model::text::counted,
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Counts what a replay would send; the panel then offers to start it.
#[server(prefix = "/api/page", endpoint = "streams/count_replay", input = PostUrl)]
pub async fn count_replay(
    id: DestinationId,
    created_after: String,
    #[server(default)] created_before: String,
    #[server(default)] event_types: String,
) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let draft = replay_draft(created_after, created_before, &event_types);
        let events = port()?.count_replay(&admin, id, draft).await?;
        Ok(Done::new(format!("{} to be replayed.", counted(events, "event"))))
    })
    .await
}

/// As the form has them: types with commas between them.
pub(super) fn replay_draft(created_after: String, created_before: String, event_types: &str) -> ReplayDraft {
    let event_types = event_types.split(',').map(str::trim).filter(|name| !name.is_empty());
    ReplayDraft {
        created_after,
        created_before,
        event_types: event_types.map(str::to_owned).collect(),
    }
}

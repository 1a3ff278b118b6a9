//! Ends another session of who asks.

use domain::ids::SessionId;
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Ends another session of who asks.
#[server(prefix = "/api/page", endpoint = "sessions/end", input = PostUrl)]
pub async fn end_session(id: SessionId) -> Result<Done, AppError> {
    answer(async move {
        let signed_in = expect_admin()?;
        port()?.end_session(&signed_in, id).await?;
        Ok(Done::new("The session has ended."))
    })
    .await
}

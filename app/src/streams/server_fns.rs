//! Server functions of the list of streams.

use domain::{
    destination::StreamCommand,
    ids::{DestinationId, Seq},
    view::{DestinationView, RetryOutcome},
};
use leptos::{
    prelude::*,
    server_fn::codec::{GetUrl, Json, PostUrl},
};

#[cfg(feature = "ssr")]
use crate::backend::{answer, engine, expect_admin};
use crate::{
    fresh::{Fresh, Tag},
    wire::AppError,
};

/// All destinations, oldest first.
#[server(prefix = "/api/page", endpoint = "destinations/list", input = GetUrl)]
pub async fn list_destinations(known: Option<Tag>) -> Result<Fresh<Vec<DestinationView>>, AppError> {
    use domain::view::Visibility;

    answer(async move {
        expect_admin()?;
        let engine = engine()?;
        let states = engine.list_destinations().await?;
        let views = states.iter().map(|state| state.view(Visibility::Form)).collect();
        Fresh::new(views, known.as_ref(), engine.clock().now())
    })
    .await
}

/// How many destinations there are.
#[server(prefix = "/api/page", endpoint = "destinations/count", input = GetUrl)]
pub async fn count_destinations() -> Result<u64, AppError> {
    answer(async move {
        expect_admin()?;
        Ok(engine()?.count_destinations().await?)
    })
    .await
}

/// Deletes a destination. Without destinations, nothing is streamed.
#[server(prefix = "/api/page", endpoint = "destinations/delete", input = Json)]
pub async fn delete_destination(id: DestinationId) -> Result<(), AppError> {
    answer(async move {
        let admin = expect_admin()?;
        Ok(engine()?.delete_destination(&admin.author(), id).await?)
    })
    .await
}

/// Activates, deactivates, pauses or resumes a stream.
#[server(prefix = "/api/page", endpoint = "streams/command", input = PostUrl)]
pub async fn command_stream(id: DestinationId, command: StreamCommand) -> Result<DestinationView, AppError> {
    use domain::view::Visibility;

    answer(async move {
        let admin = expect_admin()?;
        let state = engine()?.command_stream(&admin.author(), id, command).await?;
        Ok(state.view(Visibility::Form))
    })
    .await
}

/// Sends the next request of a stream that backs off immediately, and waits some seconds for what comes of it.
#[server(prefix = "/api/page", endpoint = "streams/retry_now", input = PostUrl)]
pub async fn retry_now(id: DestinationId) -> Result<RetryOutcome, AppError> {
    answer(async move {
        expect_admin()?;
        Ok(engine()?.retry_and_wait(id).await?)
    })
    .await
}

/// Parks the event of the last failed request, so that the stream continues with the next one.
#[server(prefix = "/api/page", endpoint = "streams/park_event", input = PostUrl)]
pub async fn park_event(id: DestinationId, seq: Seq) -> Result<(), AppError> {
    answer(async move {
        let admin = expect_admin()?;
        Ok(engine()?.park_event(&admin.author(), id, seq).await?)
    })
    .await
}

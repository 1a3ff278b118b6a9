//! Server functions of the form.

use domain::{
    connection_test::TestReport,
    destination::{DestinationDraft, RotatedSecret},
    ids::DestinationId,
    view::{DestinationSecret, DestinationView, EventTypeView, NewSecretView},
};
use leptos::{
    prelude::*,
    server_fn::codec::{GetUrl, Json},
};

#[cfg(feature = "ssr")]
use crate::backend::{answer, engine, expect_admin};
use crate::wire::AppError;

/// Adds a destination; streaming to it starts at once.
#[server(prefix = "/api/page", endpoint = "destinations/create", input = Json)]
pub async fn create_destination(draft: DestinationDraft) -> Result<DestinationView, AppError> {
    use domain::view::Visibility;

    answer(async move {
        let admin = expect_admin()?;
        let new = draft.parse_new()?;
        let state = engine()?.create_destination(&admin.author(), new).await?;
        Ok(state.view(Visibility::Form))
    })
    .await
}

/// Changes a destination, unless somebody else has changed it since `version`.
#[server(prefix = "/api/page", endpoint = "destinations/update", input = Json)]
pub async fn update_destination(
    id: DestinationId,
    version: i64,
    draft: DestinationDraft,
) -> Result<DestinationView, AppError> {
    use domain::view::Visibility;

    answer(async move {
        let admin = expect_admin()?;
        let change = draft.parse_change()?;
        let state = engine()?
            .update_destination(&admin.author(), id, version, change)
            .await?;
        Ok(state.view(Visibility::Form))
    })
    .await
}

/// Sends a test event to what a form describes. Secrets that the form omits are those of the destination with this id. It takes
/// as long as an attempt to deliver may; nothing of the form is stored.
#[server(prefix = "/api/page", endpoint = "destinations/test", input = Json)]
pub async fn test_destination(id: Option<DestinationId>, draft: DestinationDraft) -> Result<TestReport, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let settings = match id {
            Some(_) => draft.parse_change()?,
            None => draft.parse_new()?,
        };
        Ok(engine()?.test_destination(&admin.author(), settings, id).await?)
    })
    .await
}

/// A secret that an administrator may see. POST, so that no cache or log keeps it.
#[server(prefix = "/api/page", endpoint = "destinations/secret", input = Json)]
pub async fn reveal_secret(id: DestinationId, secret: DestinationSecret) -> Result<String, AppError> {
    answer(async move {
        expect_admin()?;
        Ok(engine()?.reveal_secret(id, secret).await?)
    })
    .await
}

/// Makes a new secret, beside which the previous one is valid for a day, unless somebody has changed the destination since `version`.
#[server(prefix = "/api/page", endpoint = "destinations/rotate", input = Json)]
pub async fn rotate_secret(
    id: DestinationId,
    secret: RotatedSecret,
    version: i64,
) -> Result<(DestinationView, NewSecretView), AppError> {
    use domain::view::Visibility;

    answer(async move {
        let admin = expect_admin()?;
        let (state, new) = engine()?
            .rotate_secret(&admin.author(), id, secret, Some(version))
            .await?;
        Ok((state.view(Visibility::Form), new))
    })
    .await
}

/// From now on, only the new secret is valid. Fails if somebody has changed the destination since `version`.
#[server(prefix = "/api/page", endpoint = "destinations/end_rotation", input = Json)]
pub async fn end_rotation(id: DestinationId, secret: RotatedSecret, version: i64) -> Result<DestinationView, AppError> {
    use domain::view::Visibility;

    answer(async move {
        let admin = expect_admin()?;
        let state = engine()?
            .end_rotation(&admin.author(), id, secret, Some(version))
            .await?;
        Ok(state.view(Visibility::Form))
    })
    .await
}

/// Every event type that a filter may name.
#[server(prefix = "/api/page", endpoint = "destinations/event_types", input = GetUrl)]
pub async fn list_event_types() -> Result<Vec<EventTypeView>, AppError> {
    answer(async move {
        expect_admin()?;
        Ok(engine()?.list_event_types().await?)
    })
    .await
}

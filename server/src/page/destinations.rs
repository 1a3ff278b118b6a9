//! Destinations as the page shows and changes them.

use app::{
    port::streams::StreamSummary,
    wire::{AppError, DestinationSecret, EventTypeView},
};
use domain::{
    Field, connection_test::TestReport, destination::DestinationSettings, ids::DestinationId, instance_event::Author,
};
use engine::Engine;

use super::{failure::from_admin, streams::summary};

pub(super) async fn list_destinations(engine: &Engine) -> Result<Vec<StreamSummary>, AppError> {
    let states = engine.list_destinations().await.map_err(from_admin)?;
    Ok(states.into_iter().map(summary).collect())
}

pub(super) async fn create_destination(
    engine: &Engine,
    author: &Author,
    new: DestinationSettings,
) -> Result<StreamSummary, AppError> {
    engine
        .create_destination(author, new)
        .await
        .map(summary)
        .map_err(from_admin)
}

pub(super) async fn update_destination(
    engine: &Engine,
    author: &Author,
    id: DestinationId,
    version: i64,
    change: DestinationSettings,
) -> Result<StreamSummary, AppError> {
    engine
        .update_destination(author, id, version, change)
        .await
        .map(summary)
        .map_err(from_admin)
}

pub(super) async fn delete_destination(engine: &Engine, author: &Author, id: DestinationId) -> Result<(), AppError> {
    engine.delete_destination(author, id).await.map_err(from_admin)
}

pub(super) async fn test_destination(
    engine: &Engine,
    author: &Author,
    id: Option<DestinationId>,
    settings: DestinationSettings,
) -> Result<TestReport, AppError> {
    engine.test_destination(author, settings, id).await.map_err(from_admin)
}

pub(super) async fn reveal_secret(
    engine: &Engine,
    id: DestinationId,
    secret: DestinationSecret,
) -> Result<String, AppError> {
    let state = engine
        .find_destination(id)
        .await
        .map_err(from_admin)?
        .ok_or(AppError::NotFound)?;
    let target = state.destination.target;
    match secret {
        DestinationSecret::Signing => {
            let secret = target.values.get(Field::SigningSecret);
            secret.map(str::to_owned).ok_or(AppError::NotFound)
        }
        DestinationSecret::Header(id) => {
            let header = target.headers.iter().find(|header| header.id == id);
            header
                .map(|header| header.value.expose().to_owned())
                .ok_or(AppError::NotFound)
        }
    }
}

pub(super) async fn list_event_types(engine: &Engine) -> Result<Vec<EventTypeView>, AppError> {
    let types = engine.list_event_types().await.map_err(from_admin)?;
    let views = types.into_iter().map(|known| EventTypeView {
        name: known.name,
        category: known.category.to_owned(),
        description: known.description.to_owned(),
        last_day: known.last_day,
    });
    Ok(views.collect())
}

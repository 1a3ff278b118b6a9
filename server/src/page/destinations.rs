//! Destinations as the page shows and changes them.

use app::wire::{AppError, DestinationView};
use domain::{
    destination::{DestinationChange, NewDestination},
    event::Author,
    ids::DestinationId,
};
use engine::{DestinationState, Engine};

use super::failure::{from_store, from_update};

pub(super) async fn list_destinations(engine: &Engine) -> Result<Vec<DestinationView>, AppError> {
    let states = engine.list_destinations().await.map_err(from_store)?;
    Ok(states.into_iter().map(view).collect())
}

pub(super) async fn create_destination(
    engine: &Engine,
    author: &Author,
    new: NewDestination,
) -> Result<DestinationView, AppError> {
    engine
        .create_destination(author, new)
        .await
        .map(view)
        .map_err(from_update)
}

pub(super) async fn update_destination(
    engine: &Engine,
    author: &Author,
    id: DestinationId,
    version: i64,
    change: DestinationChange,
) -> Result<DestinationView, AppError> {
    engine
        .update_destination(author, id, version, change)
        .await
        .map(view)
        .map_err(from_update)
}

pub(super) async fn delete_destination(engine: &Engine, author: &Author, id: DestinationId) -> Result<(), AppError> {
    engine.delete_destination(author, id).await.map_err(from_update)
}

pub(super) async fn reveal_signing_secret(engine: &Engine, id: DestinationId) -> Result<String, AppError> {
    let state = engine
        .find_destination(id)
        .await
        .map_err(from_store)?
        .ok_or(AppError::NotFound)?;
    Ok(state.destination.secrets.signing_secret.expose().to_owned())
}

fn view(state: DestinationState) -> DestinationView {
    let DestinationState { destination, health } = state;
    DestinationView {
        id: destination.id,
        version: destination.version,
        kind: destination.kind,
        name: destination.name.to_string(),
        url: destination.url.to_string(),
        verification_token: destination.secrets.verification_token.expose().to_owned(),
        health,
    }
}

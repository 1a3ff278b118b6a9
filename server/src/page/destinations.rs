//! Destinations as the page shows and changes them.

use app::wire::{AppError, DestinationSecret, DestinationView, EventTypeView, HeaderView};
use domain::{
    destination::{DestinationChange, NewDestination},
    event::Author,
    ids::DestinationId,
};
use engine::{DestinationState, Engine, store::Header};

use super::failure::{from_log, from_store, from_update};

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

pub(super) async fn reveal_secret(
    engine: &Engine,
    id: DestinationId,
    secret: DestinationSecret,
) -> Result<String, AppError> {
    let state = engine
        .find_destination(id)
        .await
        .map_err(from_store)?
        .ok_or(AppError::NotFound)?;
    let destination = state.destination;
    match secret {
        DestinationSecret::Signing => Ok(destination.secrets.signing_secret.expose().to_owned()),
        DestinationSecret::Header(id) => {
            let header = destination.headers.iter().find(|header| header.id == id);
            header
                .map(|header| header.value.expose().to_owned())
                .ok_or(AppError::NotFound)
        }
    }
}

pub(super) async fn list_event_types(engine: &Engine) -> Result<Vec<EventTypeView>, AppError> {
    let types = engine.list_event_types().await.map_err(from_log)?;
    let views = types.into_iter().map(|known| EventTypeView {
        name: known.name,
        category: known.category.to_owned(),
        description: known.description.to_owned(),
        last_day: known.last_day,
    });
    Ok(views.collect())
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
        headers: destination.headers.iter().map(header_view).collect(),
        event_types: destination.filter.iter().map(ToString::to_string).collect(),
        health,
    }
}

fn header_view(header: &Header) -> HeaderView {
    HeaderView {
        id: header.id,
        name: header.name.as_str().to_owned(),
        active: header.active,
    }
}

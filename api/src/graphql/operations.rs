//! Operations of the families on destinations. Each is one call of the engine, which the page also uses.

use async_graphql::{Context, Error, OutputType, Result, connection::Connection};
use domain::{
    FieldErrors,
    destination::{DestinationDraft, StreamState, TargetDraft},
    ids::DestinationId,
};
use engine::{DestinationState, admin::Destination, random};

use super::{
    access::{author, authorise, services},
    connection::{Cursor, PageArguments, page},
    errors::{Refusal, failed, not_there, of_admin},
    family::Family,
};
use crate::destinations;

/// A page of the destinations of the family, converted by `show`.
///
/// # Errors
/// For page arguments that are wrong, and if the destinations can't be read.
pub(super) async fn list_page<T: OutputType>(
    ctx: &Context<'_>,
    family: Family,
    arguments: PageArguments,
    show: impl Fn(DestinationState) -> Option<T>,
) -> Result<Connection<Cursor, T>> {
    authorise(ctx, family)?;
    let states = list_all(ctx, family).await?;
    let numbered = states.into_iter().filter_map(|state| {
        let number = state.destination.id.get();
        Some((number, show(state)?))
    });
    page(numbered.collect(), arguments)
}

/// All destinations of the family, oldest first.
async fn list_all(ctx: &Context<'_>, family: Family) -> Result<Vec<DestinationState>> {
    let states = services(ctx)?.engine.list_destinations().await.map_err(of_admin)?;
    Ok(states.into_iter().filter(|state| is_known(family, state)).collect())
}

/// The destination of the family for which `has` is true.
pub(super) async fn find_with(
    ctx: &Context<'_>,
    family: Family,
    has: impl Fn(&Destination) -> bool,
) -> Result<DestinationState> {
    author(ctx, family)?;
    let states = list_all(ctx, family).await?;
    let found = states.into_iter().find(|state| has(&state.destination));
    found.ok_or_else(not_there)
}

/// Adds a destination. The name is generated if omitted.
pub(super) async fn create(
    ctx: &Context<'_>,
    family: Family,
    name: Option<String>,
    target: TargetDraft,
) -> Result<DestinationState, Refusal> {
    let author = author(ctx, family)?;
    let draft = DestinationDraft::new(name.map_or_else(default_name, Ok)?, target);
    let kind = draft.kind();
    let mut new = draft
        .parse_new()
        .map_err(|errors| Refusal::invalid(family, kind, &errors))?;
    new.event_names = family.event_names();
    let created = services(ctx)?.engine.create_destination(author, new).await;
    created.map_err(|error| Refusal::of_operation(family, kind, error))
}

/// Changes a destination of the family, and again after a concurrent change.
pub(super) async fn edit(
    ctx: &Context<'_>,
    family: Family,
    id: DestinationId,
    change: impl Fn(&Destination, &mut DestinationDraft, &mut StreamState) -> Result<(), FieldErrors> + Send,
) -> Result<DestinationState, Refusal> {
    let author = author(ctx, family)?;
    let kind = require(ctx, family, id).await?.destination.target.kind();
    let (engine, names) = (&services(ctx)?.engine, family.event_names());
    let edited = destinations::edit_named(engine, author, id, None, names, change).await;
    edited.map_err(|error| Refusal::of_edit(family, kind, error))
}

/// Removes a destination of the family.
pub(super) async fn delete(ctx: &Context<'_>, family: Family, id: DestinationId) -> Result<(), Refusal> {
    let author = author(ctx, family)?;
    let kind = require(ctx, family, id).await?.destination.target.kind();
    let engine = &services(ctx)?.engine;
    let deleted = engine.delete_destination_named(author, id, family.event_names()).await;
    deleted.map_err(|error| Refusal::of_operation(family, kind, error))
}

/// The destination, if it is in the family. Its kind never changes.
pub(super) async fn require(ctx: &Context<'_>, family: Family, id: DestinationId) -> Result<DestinationState, Error> {
    let found = services(ctx)?.engine.find_destination(id).await.map_err(of_admin)?;
    found.filter(|state| is_known(family, state)).ok_or_else(not_there)
}

fn is_known(family: Family, state: &DestinationState) -> bool {
    family.knows(state.destination.target.kind())
}

/// GitLab's default name of a destination.
fn default_name() -> Result<String, Error> {
    let bytes = random::<16>().map_err(|error| failed(&error))?;
    let uuid = uuid::Builder::from_random_bytes(bytes).into_uuid();
    Ok(format!("Destination_{uuid}"))
}

/// Sets the text if a value is given.
pub(super) fn set(text: &mut String, given: Option<&String>) {
    if let Some(given) = given {
        text.clone_from(given);
    }
}

/// Sets the switches that are given.
pub(super) fn set_stream_state(stream_state: &mut StreamState, active: Option<bool>, paused: Option<bool>) {
    stream_state.active = active.unwrap_or(stream_state.active);
    stream_state.paused = paused.unwrap_or(stream_state.paused);
}

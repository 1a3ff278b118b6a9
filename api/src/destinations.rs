//! Operations on destination drafts that REST and GraphQL share.

use domain::{
    FieldErrors,
    destination::{DestinationDraft, DestinationUrl, EventNames, StreamState},
    ids::DestinationId,
    instance_event::Author,
    proxy::ProxyChoice,
};
use engine::{
    DestinationState, Engine,
    admin::{AdminError, Destination},
};

/// How often a change is retried after a concurrent change.
const TRIES: usize = 5;

/// Why a destination was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EditError {
    #[error("{0}")]
    Invalid(#[from] FieldErrors),
    #[error("the change was not stored")]
    Update(#[from] AdminError),
}

/// A URL as it is shown: complete for administrators, otherwise without path and query, which often contain a secret.
pub(crate) fn visible_url(url: &str, for_admin: bool) -> String {
    if for_admin {
        url.to_owned()
    } else {
        DestinationUrl::origin_of(url)
    }
}

/// A proxy as it is shown: with its password masked for administrators, otherwise without who signs in.
pub(crate) fn visible_proxy(proxy: &str, for_admin: bool) -> String {
    match ProxyChoice::parse(proxy) {
        Ok(choice) if for_admin => choice.masked(),
        _ => ProxyChoice::origin_of(proxy),
    }
}

/// Changes the draft and the switches of a destination. With `version`, the destination must still have that version; without it,
/// `change` is applied to the stored destination, and again after a concurrent change.
///
/// # Errors
/// [`EditError`], also from `change`; nothing was stored.
pub(crate) async fn edit(
    engine: &Engine,
    author: &Author,
    id: DestinationId,
    version: Option<i64>,
    change: impl Fn(&Destination, &mut DestinationDraft, &mut StreamState) -> Result<(), FieldErrors>,
) -> Result<DestinationState, EditError> {
    edit_named(engine, author, id, version, EventNames::OfKind, change).await
}

/// Like [`edit`], with the given names of audit events.
///
/// # Errors
/// [`EditError`], also from `change`; nothing was stored.
pub(crate) async fn edit_named(
    engine: &Engine,
    author: &Author,
    id: DestinationId,
    version: Option<i64>,
    event_names: EventNames,
    change: impl Fn(&Destination, &mut DestinationDraft, &mut StreamState) -> Result<(), FieldErrors>,
) -> Result<DestinationState, EditError> {
    // A client can add all of its headers in parallel.
    let _permit = engine.editing().await;
    let mut tries = TRIES;
    loop {
        let stored = engine.find_destination(id).await?;
        let stored = stored.ok_or(AdminError::NotFound)?.destination;
        if version.is_some_and(|version| version != stored.version) {
            return Err(AdminError::ChangedMeanwhile.into());
        }
        let (mut draft, mut stream_state) = (stored.draft(), stored.stream_state);
        change(&stored, &mut draft, &mut stream_state)?;
        let mut settings = draft.parse_change()?;
        settings.stream_state = Some(stream_state);
        settings.event_names = event_names;
        match engine.update_destination(author, id, stored.version, settings).await {
            Err(AdminError::ChangedMeanwhile) if version.is_none() && tries > 1 => tries -= 1,
            answer => return Ok(answer?),
        }
    }
}

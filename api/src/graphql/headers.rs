//! Mutations of single custom headers of HTTP destinations.

use async_graphql::{Context, ID, Object, Result};
use domain::{
    Field, FieldErrors,
    destination::{DestinationDraft, HeaderDraft},
    ids::{DestinationId, HeaderId},
};
use engine::{
    DestinationState,
    admin::{Destination, Header},
};

use super::{
    access::reveals,
    errors::{Refusal, broken, not_there},
    family::Family,
    ids::{GlobalId, HeaderModel, HttpModel, global_id},
    mutation::mutations,
    operations::{edit, find_with, set},
};

/// A custom HTTP header of a destination.
pub(super) struct AuditEventsStreamingInstanceHeader(pub(super) Header);

#[Object]
impl AuditEventsStreamingInstanceHeader {
    /// ID of the header.
    pub(super) async fn id(&self) -> ID {
        global_id::<HeaderModel>(self.0.id)
    }

    /// Name of the header.
    pub(super) async fn key(&self) -> &str {
        self.0.name.as_str()
    }

    /// Value of the header. Empty without the scope `admin`.
    pub(super) async fn value(&self, ctx: &Context<'_>) -> Result<&str> {
        Ok(if reveals(ctx)? { self.0.value.expose() } else { "" })
    }

    /// Whether the header is sent.
    pub(super) async fn active(&self) -> bool {
        self.0.active
    }
}

mutations! {
    HeaderMutations

    /// Adds a custom header to an HTTP destination.
    fn audit_events_streaming_instance_headers_create(ctx, input: {
        /// The destination to add the header to.
        destination_id: GlobalId<HttpModel>,
        /// Name of the header.
        key: String,
        /// Value of the header.
        value: String,
        /// Whether the header is sent.
        #[graphql(default_with = "Some(true)")]
        active: Option<bool>,
    }) -> {
        /// The new header.
        header: Option<AuditEventsStreamingInstanceHeader>,
    } {
        let header = HeaderDraft {
            id: None,
            name: input.key,
            value: Some(input.value),
            active: input.active.unwrap_or(true),
        };
        add(ctx, input.destination_id.parse()?, header).await.map(Some)
    }

    /// Updates a custom header.
    fn audit_events_streaming_instance_headers_update(ctx, input: {
        /// The header.
        header_id: GlobalId<HeaderModel>,
        /// Name of the header.
        key: Option<String>,
        /// Value of the header.
        value: Option<String>,
        /// Whether the header is sent.
        active: Option<bool>,
    }) -> {
        /// The updated header.
        header: Option<AuditEventsStreamingInstanceHeader>,
    } {
        change(ctx, input.header_id.parse()?, &input).await.map(Some)
    }

    /// Removes a custom header.
    fn audit_events_streaming_instance_headers_destroy(ctx, input: {
        /// The header.
        header_id: GlobalId<HeaderModel>,
    }) -> {} {
        remove(ctx, input.header_id.parse()?).await
    }
}

async fn add(
    ctx: &Context<'_>,
    destination: DestinationId,
    header: HeaderDraft,
) -> Result<AuditEventsStreamingInstanceHeader, Refusal> {
    let edited = edit(ctx, Family::HttpParts, destination, |_, draft, _| {
        change_headers(draft, |headers| {
            check_name(headers, &header)?;
            headers.push(header.clone());
            Ok(())
        })
    });
    // A new header is the last one.
    shown(&edited.await?, <[Header]>::last)
}

async fn change(
    ctx: &Context<'_>,
    id: HeaderId,
    input: &AuditEventsStreamingInstanceHeadersUpdateInput,
) -> Result<AuditEventsStreamingInstanceHeader, Refusal> {
    let destination = find_owner(ctx, id).await?;
    let edited = edit(ctx, Family::HttpParts, destination, |_, draft, _| {
        change_headers(draft, |headers| change_header(headers, id, input))
    });
    shown(&edited.await?, |headers| headers.iter().find(|header| header.id == id))
}

async fn remove(ctx: &Context<'_>, id: HeaderId) -> Result<(), Refusal> {
    let destination = find_owner(ctx, id).await?;
    let edited = edit(ctx, Family::HttpParts, destination, |_, draft, _| {
        change_headers(draft, |headers| {
            headers.retain(|header| header.id != Some(id));
            Ok(())
        })
    });
    edited.await.map(|_| ())
}

/// The destination that has this header.
async fn find_owner(ctx: &Context<'_>, id: HeaderId) -> Result<DestinationId> {
    let found = find_with(ctx, Family::HttpParts, |stored| has_header(stored, id)).await?;
    Ok(found.destination.id)
}

fn has_header(stored: &Destination, id: HeaderId) -> bool {
    stored.target.headers.iter().any(|header| header.id == id)
}

fn shown(
    state: &DestinationState,
    choose: impl FnOnce(&[Header]) -> Option<&Header>,
) -> Result<AuditEventsStreamingInstanceHeader, Refusal> {
    let header = choose(&state.destination.target.headers).cloned();
    // It may have been removed at the same time.
    header
        .map(AuditEventsStreamingInstanceHeader)
        .ok_or_else(|| not_there().into())
}

/// Only HTTP destinations have headers, and only they get here.
fn change_headers(
    draft: &mut DestinationDraft,
    change: impl FnOnce(&mut Vec<HeaderDraft>) -> Result<(), FieldErrors>,
) -> Result<(), FieldErrors> {
    change(&mut draft.target.headers)
}

fn change_header(
    headers: &mut [HeaderDraft],
    id: HeaderId,
    input: &AuditEventsStreamingInstanceHeadersUpdateInput,
) -> Result<(), FieldErrors> {
    let Some(row) = headers.iter().position(|header| header.id == Some(id)) else {
        // It was removed at the same time: the response reports that it does not exist.
        return Ok(());
    };
    let (before, rest) = headers.split_at_mut(row);
    let Some((header, after)) = rest.split_first_mut() else {
        return Ok(());
    };
    set(&mut header.name, input.key.as_ref());
    header.value.clone_from(&input.value);
    header.active = input.active.unwrap_or(header.active);
    check_name(before, header)?;
    check_name(after, header)
}

/// Reports a duplicate name with GitLab's message, which differs from the draft's.
fn check_name(others: &[HeaderDraft], header: &HeaderDraft) -> Result<(), FieldErrors> {
    if others.iter().any(|other| other.name.eq_ignore_ascii_case(&header.name)) {
        return Err(broken(Field::Headers, "Key has already been taken"));
    }
    Ok(())
}

//! GitLab's unified family: destinations of every kind, each with a `category` and a `config`.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, connection::Connection};
use domain::{
    destination::{DestinationKind, FilterKind, NamespacePath, TargetDraft},
    ids::DestinationId,
};
use engine::{DestinationState, admin::Namespace as StoredNamespace};
use serde_json::Value;

use super::{
    access::{author, reveals},
    basics::Basics,
    connection::{Cursor, PageArguments},
    errors::Refusal,
    event_type_list::event_types,
    family::{Family, NO_SECRET},
    ids::{GlobalId, NamespaceFilterModel, UnifiedModel, global_id},
    mutation::mutations,
    namespace::Namespace,
    operations::{create, delete, edit, list_page, require, set, set_stream_state},
    unified_config::{read_config, write_config, write_secret},
};

/// A destination of any kind, to which this instance streams its audit events.
pub(super) struct InstanceAuditEventStreamingDestination(pub(super) Arc<DestinationState>);

impl From<DestinationState> for InstanceAuditEventStreamingDestination {
    fn from(state: DestinationState) -> Self {
        Self(Arc::new(state))
    }
}

#[Object]
impl InstanceAuditEventStreamingDestination {
    /// ID of the destination.
    pub(super) async fn id(&self) -> ID {
        global_id::<UnifiedModel>(self.0.destination.id)
    }

    /// Kind of the destination: `http`, `gcp` or `aws`.
    pub(super) async fn category(&self) -> &'static str {
        self.0.destination.target.kind().as_str()
    }

    /// Configuration of the destination. Its keys depend on the category. Without the scope `admin`, header values are empty and
    /// URLs have no path.
    pub(super) async fn config(&self, ctx: &Context<'_>) -> Result<Value> {
        Ok(read_config(&self.0.destination.target, reveals(ctx)?))
    }

    /// Verification token of an HTTP destination, sent with each event. Empty for other kinds, and without the scope `admin`.
    pub(super) async fn secret_token(&self, ctx: &Context<'_>) -> Result<&str> {
        let target = &self.0.destination.target;
        match target.kind.spec().given_secret() {
            Some((spec, secret)) if secret.is_shown && reveals(ctx)? => Ok(target.values.text(spec.field)),
            _ => Ok(""),
        }
    }

    /// Allowlist: only these event types are streamed. Empty if there is no allowlist.
    pub(super) async fn event_type_filters(&self) -> Vec<String> {
        event_types(&self.0, FilterKind::Allow)
    }

    /// Denylist: all event types except these are streamed. Empty if there is no denylist. Not part of GitLab's API.
    pub(super) async fn event_type_denylist_filters(&self) -> Vec<String> {
        event_types(&self.0, FilterKind::Deny)
    }

    /// Groups and projects whose events are streamed. Empty if all are.
    async fn namespace_filters(&self) -> Option<Vec<InstanceAuditEventNamespaceFilter>> {
        Some(InstanceAuditEventNamespaceFilter::all_of(&self.0))
    }

    /// Name of the destination.
    pub(super) async fn name(&self) -> &str {
        self.0.destination.name.as_str()
    }

    /// Whether events are streamed to the destination. Events received while it is inactive are not sent later.
    pub(super) async fn active(&self) -> bool {
        self.0.destination.stream_state.active
    }

    #[graphql(flatten)]
    async fn basics(&self) -> Basics {
        Basics::of(&self.0)
    }
}

/// A group or project that a destination is limited to.
pub(super) struct InstanceAuditEventNamespaceFilter {
    namespace: StoredNamespace,
    state: Arc<DestinationState>,
}

impl InstanceAuditEventNamespaceFilter {
    pub(super) fn all_of(state: &Arc<DestinationState>) -> Vec<Self> {
        let namespaces = state.destination.namespaces.iter().cloned();
        let filters = namespaces.map(|namespace| Self {
            namespace,
            state: Arc::clone(state),
        });
        filters.collect()
    }

    pub(super) fn find(state: DestinationState, path: &NamespacePath) -> Option<Self> {
        let mut namespaces = state.destination.namespaces.iter();
        let namespace = namespaces.find(|namespace| namespace.path.is_same_as(path))?.clone();
        Some(Self {
            namespace,
            state: Arc::new(state),
        })
    }
}

#[Object]
impl InstanceAuditEventNamespaceFilter {
    /// ID of the filter.
    async fn id(&self) -> ID {
        global_id::<NamespaceFilterModel>(self.namespace.id)
    }

    /// The group or project.
    async fn namespace(&self) -> Namespace {
        Namespace::at(self.namespace.path.as_str())
    }

    /// The destination that has the filter.
    async fn external_streaming_destination(&self) -> InstanceAuditEventStreamingDestination {
        InstanceAuditEventStreamingDestination(Arc::clone(&self.state))
    }
}

#[derive(Default)]
pub(super) struct UnifiedQueries;

#[Object]
impl UnifiedQueries {
    /// Streaming destinations of this instance, of every kind.
    async fn audit_events_instance_streaming_destinations(
        &self,
        ctx: &Context<'_>,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Option<Result<Connection<Cursor, InstanceAuditEventStreamingDestination>>> {
        let arguments = PageArguments::new(after, before, first, last);
        Some(list_page(ctx, Family::Unified, arguments, |state| Some(state.into())).await)
    }
}

mutations! {
    UnifiedMutations

    /// Adds a destination.
    fn instance_audit_event_streaming_destinations_create(ctx, input: {
        /// Kind of the destination: `http`, `gcp` or `aws`.
        category: String,
        /// Configuration of the destination. Its keys depend on the category.
        config: Value,
        /// Name of the destination. Generated if omitted.
        name: Option<String>,
        /// Verification token (`http`; generated if omitted), private key (`gcp`) or secret access key (`aws`).
        secret_token: Option<String>,
    }) -> {
        /// The new destination.
        external_audit_event_destination: Option<InstanceAuditEventStreamingDestination>,
    } {
        add(ctx, input).await.map(|state| Some(state.into()))
    }

    /// Updates a destination.
    fn instance_audit_event_streaming_destinations_update(ctx, input: {
        /// ID of the destination.
        id: GlobalId<UnifiedModel>,
        /// Kind of the destination. It cannot be changed.
        category: Option<String>,
        /// Configuration of the destination. Replaces the whole configuration, except keys that are not part of GitLab's API: if they are omitted, they are left unchanged.
        config: Option<Value>,
        /// Name of the destination.
        name: Option<String>,
        /// Verification token (`http`), private key (`gcp`) or secret access key (`aws`).
        secret_token: Option<String>,
        /// Whether events are streamed to the destination.
        active: Option<bool>,
        /// Whether streaming is paused. Not part of GitLab's API.
        paused: Option<bool>,
    }) -> {
        /// The updated destination.
        external_audit_event_destination: Option<InstanceAuditEventStreamingDestination>,
    } {
        change(ctx, input.id.parse()?, &input).await.map(|state| Some(state.into()))
    }

    /// Removes a destination.
    fn instance_audit_event_streaming_destinations_delete(ctx, input: {
        /// ID of the destination.
        id: GlobalId<UnifiedModel>,
    }) -> {} {
        delete(ctx, Family::Unified, input.id.parse()?).await
    }
}

async fn add(
    ctx: &Context<'_>,
    input: InstanceAuditEventStreamingDestinationsCreateInput,
) -> Result<DestinationState, Refusal> {
    author(ctx, Family::Unified)?;
    let kind = parse_category(&input.category)?;
    let is_secret_missing = input
        .secret_token
        .as_ref()
        .is_none_or(|secret| secret.trim().is_empty());
    let is_secret_needed = kind
        .spec()
        .given_secret()
        .is_some_and(|(_, secret)| secret.made.is_none());
    if is_secret_needed && is_secret_missing {
        return Err(Refusal::message(NO_SECRET));
    }
    let mut target = TargetDraft::new(kind);
    write_config(&mut target, &input.config).map_err(|errors| Refusal::invalid(Family::Unified, kind, &errors))?;
    write_secret(&mut target, input.secret_token.as_ref());
    create(ctx, Family::Unified, input.name, target).await
}

async fn change(
    ctx: &Context<'_>,
    id: DestinationId,
    input: &InstanceAuditEventStreamingDestinationsUpdateInput,
) -> Result<DestinationState, Refusal> {
    author(ctx, Family::Unified)?;
    let kind = input.category.as_deref().map(parse_category).transpose()?;
    let stored = require(ctx, Family::Unified, id).await?;
    if kind.is_some_and(|kind| kind != stored.destination.target.kind()) {
        return Err(Refusal::message(
            "Category can't be changed: add a destination of the other category",
        ));
    }
    let edited = edit(ctx, Family::Unified, id, |_, draft, stream_state| {
        set(&mut draft.name, input.name.as_ref());
        if let Some(config) = &input.config {
            write_config(&mut draft.target, config)?;
        }
        write_secret(&mut draft.target, input.secret_token.as_ref());
        set_stream_state(stream_state, input.active, input.paused);
        Ok(())
    });
    edited.await
}

fn parse_category(category: &str) -> Result<DestinationKind, Refusal> {
    DestinationKind::parse(category).ok_or_else(|| {
        let categories = DestinationKind::ALL.map(DestinationKind::as_str).join(", ");
        Refusal::message(format!("Category must be one of {categories}"))
    })
}

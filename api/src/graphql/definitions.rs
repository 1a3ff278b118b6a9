//! `auditEventDefinitions`: the built-in event types.

use std::sync::LazyLock;

use async_graphql::{Context, Object, Result, SimpleObject, connection::Connection};
use domain::event_types::{BuiltInType, built_in_types};

use super::{
    access::authorise,
    connection::{Cursor, PageArguments, page},
    family::Family,
};

/// A type of audit event.
#[derive(Clone, Copy, SimpleObject)]
pub(super) struct AuditEventDefinition {
    /// Name of the event type, as used in filters.
    name: &'static str,
    /// When GitLab records events of this type.
    description: &'static str,
    /// Link to the issue that introduced the event type. Always null.
    introduced_by_issue: Option<&'static str>,
    /// Link to the merge request that introduced the event type. Always null.
    introduced_by_mr: Option<&'static str>,
    /// Feature category of the event type.
    feature_category: &'static str,
    /// GitLab release that introduced the event type.
    milestone: &'static str,
    /// Whether GitLab saves events of this type to its database.
    saved_to_database: bool,
    /// Whether events of this type are streamed.
    streamed: bool,
}

impl From<BuiltInType> for AuditEventDefinition {
    fn from(built_in: BuiltInType) -> Self {
        Self {
            name: built_in.name,
            description: built_in.description,
            introduced_by_issue: None,
            introduced_by_mr: None,
            feature_category: built_in.feature_category,
            milestone: built_in.milestone,
            saved_to_database: built_in.saved_to_database,
            // All events are streamed.
            streamed: true,
        }
    }
}

/// Sorted by name.
static DEFINITIONS: LazyLock<Vec<AuditEventDefinition>> = LazyLock::new(|| {
    let mut definitions: Vec<AuditEventDefinition> = built_in_types().map(AuditEventDefinition::from).collect();
    definitions.sort_unstable_by_key(|definition| definition.name);
    definitions
});

/// Queries for event types.
#[derive(Default)]
pub(super) struct DefinitionQueries;

#[Object]
impl DefinitionQueries {
    /// Definitions of the built-in audit event types.
    async fn audit_event_definitions(
        &self,
        ctx: &Context<'_>,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Result<Connection<Cursor<String>, AuditEventDefinition>> {
        authorise(ctx, Family::Unified)?;
        let named = DEFINITIONS
            .iter()
            .map(|definition| (definition.name.to_owned(), *definition));
        page(named.collect(), PageArguments::new(after, before, first, last))
    }
}

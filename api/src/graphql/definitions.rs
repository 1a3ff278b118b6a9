//! `auditEventDefinitions`: the event types that are known without any event of them.

use std::sync::LazyLock;

use async_graphql::{Context, Object, Result, SimpleObject, connection::Connection};
use domain::event_types::{BuiltInType, built_in_types};

use super::{
    access::authorise,
    connection::{Cursor, PageArguments, page},
    family::Family,
};

/// A type of audit events.
#[derive(Clone, Copy, SimpleObject)]
pub(super) struct AuditEventDefinition {
    /// Key name of the audit event, as filters name it.
    name: &'static str,
    /// When it is recorded.
    description: &'static str,
    /// Link to the issue that brought it; not known here.
    introduced_by_issue: Option<&'static str>,
    /// Link to the merge request that brought it; not known here.
    introduced_by_mr: Option<&'static str>,
    /// Area of the product that it belongs to.
    feature_category: &'static str,
    /// Release that brought it.
    milestone: &'static str,
    /// Whether GitLab keeps such events besides streaming them.
    saved_to_database: bool,
    /// Whether such events are streamed.
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
            // Here, every event is.
            streamed: true,
        }
    }
}

/// By name, read once.
static DEFINITIONS: LazyLock<Vec<AuditEventDefinition>> = LazyLock::new(|| {
    let mut definitions: Vec<AuditEventDefinition> = built_in_types().map(AuditEventDefinition::from).collect();
    definitions.sort_unstable_by_key(|definition| definition.name);
    definitions
});

#[derive(Default)]
pub(super) struct DefinitionQueries;

#[Object]
impl DefinitionQueries {
    /// Definitions of the audit events that are built in.
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

//! Authorises queries and mutations, and decides whether secrets are shown.

use async_graphql::{Context, Error, Result, parser::types::OperationType};
use domain::{access::permissions, instance_event::Author};

use super::family::Family;
use crate::{auth::Caller, services::Services};

/// The caller of a request, in the data of the request.
pub(super) struct Viewer(pub(super) Caller);

/// Whether header values, verification tokens and complete URLs are shown. Without the scope `admin`, secrets are empty and URLs
/// end after the host, because with them a client could do more than read.
pub(super) fn reveals(ctx: &Context<'_>) -> Result<bool> {
    Ok(ctx.data::<Viewer>()?.0.is_admin())
}

/// Authorises the query or mutation that is being resolved, by its entry in the table of permissions.
///
/// # Errors
/// The family's denial.
pub(super) fn authorise(ctx: &Context<'_>, family: Family) -> Result<()> {
    let kind = match ctx.query_env.operation.node.ty {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    };
    let operation = format!("{kind} {}", ctx.field().name());
    let caller = &ctx.data::<Viewer>()?.0;
    permissions::authorise(&operation, caller.holder()).map_err(|_| Error::new(family.denial()))
}

/// The author of the audit events of a change. Only an authorised mutation has an author, so no other can change anything.
///
/// # Errors
/// The family's denial.
pub(super) fn author<'ctx>(ctx: &Context<'ctx>, family: Family) -> Result<&'ctx Author> {
    authorise(ctx, family)?;
    Ok(&ctx.data::<Viewer>()?.0.author)
}

/// The services of the server.
pub(super) fn services<'ctx>(ctx: &Context<'ctx>) -> Result<&'ctx Services> {
    ctx.data::<Services>()
}

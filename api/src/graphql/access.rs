//! What a request may see and change.

use async_graphql::{Context, Error, Result, parser::types::OperationType};
use domain::{access::permissions, instance_event::Author};

use super::family::Family;
use crate::{auth::Caller, services::Services};

/// The caller of a request. Put into the data of each request.
pub(super) struct Viewer(pub(super) Caller);

/// Whether header values, verification tokens and whole URLs are shown. A token that may only read gets empty texts in their
/// place, and no more of a URL than where it leads: with them it could do more than read.
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

/// Who is written into the audit events of a change. A mutation that authorises nobody has no author, and so changes nothing.
///
/// # Errors
/// The family's denial.
pub(super) fn author<'ctx>(ctx: &Context<'ctx>, family: Family) -> Result<&'ctx Author> {
    authorise(ctx, family)?;
    Ok(&ctx.data::<Viewer>()?.0.author)
}

pub(super) fn services<'ctx>(ctx: &Context<'ctx>) -> Result<&'ctx Services> {
    ctx.data::<Services>()
}

//! What a request may see and change.

use async_graphql::{Context, Error, Result};
use domain::instance_event::Author;

use super::{super::auth::Caller, family::Family};
use crate::services::Services;

/// The caller of a request. Put into the data of each request.
pub(super) struct Viewer(pub(super) Caller);

/// Whether header values, verification tokens and whole URLs are shown. A token that may only read gets empty texts in their
/// place, and no more of a URL than where it leads: with them it could do more than read.
pub(super) fn reveals(ctx: &Context<'_>) -> Result<bool> {
    Ok(ctx.data::<Viewer>()?.0.is_admin)
}

/// Who is written into the audit events of a change.
///
/// # Errors
/// The family's denial.
pub(super) fn author<'ctx>(ctx: &Context<'ctx>, family: Family) -> Result<&'ctx Author> {
    let caller = &ctx.data::<Viewer>()?.0;
    if caller.is_admin {
        Ok(&caller.author)
    } else {
        Err(Error::new(family.denial()))
    }
}

pub(super) fn services<'ctx>(ctx: &Context<'ctx>) -> Result<&'ctx Services> {
    ctx.data::<Services>()
}

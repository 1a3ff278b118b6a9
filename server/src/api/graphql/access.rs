//! What a request may see and change.

use async_graphql::{Context, Error, Result};
use domain::event::Author;

use super::{super::caller::Caller, family::Family};
use crate::services::Services;

/// Who asks; none for a request without a token or session. Put into the data of each request.
pub(super) struct Viewer(pub(super) Option<Caller>);

/// Whether destinations are shown: anybody else gets null.
pub(super) fn may_read(ctx: &Context<'_>) -> Result<bool> {
    Ok(ctx.data::<Viewer>()?.0.is_some())
}

/// Whether header values, verification tokens and whole URLs are shown. A token that may only read gets empty texts in their
/// place, and no more of a URL than where it leads: with them it could do more than read.
pub(super) fn reveals(ctx: &Context<'_>) -> Result<bool> {
    Ok(ctx.data::<Viewer>()?.0.as_ref().is_some_and(|caller| caller.is_admin))
}

/// Who is written into the audit events of a change.
///
/// # Errors
/// The family's denial.
pub(super) fn author<'ctx>(ctx: &Context<'ctx>, family: Family) -> Result<&'ctx Author> {
    match &ctx.data::<Viewer>()?.0 {
        Some(caller) if caller.is_admin => Ok(&caller.author),
        _ => Err(Error::new(family.denial())),
    }
}

pub(super) fn services<'ctx>(ctx: &Context<'ctx>) -> Result<&'ctx Services> {
    ctx.data::<Services>()
}

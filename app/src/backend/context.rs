//! What the server provides to every page and every server function.

use std::sync::Arc;

use domain::access::SessionCookie;
use engine::Engine;
use leptos::prelude::use_context;

use crate::{outcome::PostedForms, wire::AppError};

/// The server behind the page.
#[derive(Clone)]
pub struct Backend {
    pub engine: Arc<Engine>,
    /// The URL at which clients reach this server, without a slash at the end.
    pub public_url: String,
    /// The cookies of the public URL.
    pub cookie: SessionCookie,
    /// What came of forms that were posted without the page's program.
    pub posted_forms: PostedForms,
}

/// The server behind the page.
///
/// # Errors
/// [`AppError::Internal`] if the server did not provide it.
pub(crate) fn backend() -> Result<Backend, AppError> {
    use_context().ok_or_else(|| AppError::Internal {
        code: "no-backend".to_owned(),
    })
}

/// The engine behind the page.
///
/// # Errors
/// [`AppError::Internal`] if the server did not provide it.
pub(crate) fn engine() -> Result<Arc<Engine>, AppError> {
    Ok(backend()?.engine)
}

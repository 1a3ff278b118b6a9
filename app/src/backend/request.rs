//! What every server function begins and ends with, on the server alone.

use std::future::Future;

use domain::access::{SetCookie, SignedIn, Visitor};
use http::{
    HeaderValue, Method, StatusCode, Uri,
    header::{ACCEPT, LOCATION, REFERER, RETRY_AFTER, SET_COOKIE},
    request::Parts,
};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::context::backend;
use crate::{
    model::local_path::LocalPath,
    outcome::{Outcome, Posted},
    wire::AppError,
};

/// Who is signed in; everybody who is, is an administrator.
///
/// # Errors
/// [`AppError::Unauthenticated`] without a valid session.
pub(crate) fn expect_admin() -> Result<SignedIn, AppError> {
    extension().ok_or(AppError::Unauthenticated)
}

/// Where the request comes from.
pub(crate) fn visitor() -> Result<Visitor, AppError> {
    extension().ok_or_else(|| misconfigured("no-visitor"))
}

/// Runs the body of a server function and puts the status of its error on the answer.
pub(crate) async fn answer<T>(body: impl Future<Output = Result<T, AppError>>) -> Result<T, AppError> {
    let result = body.await;
    if let Err(error) = &result {
        report(error);
    }
    result
}

/// The same for a form. What came of one that was posted without the page's program is kept for the page to which the browser
/// is sent back.
pub(crate) async fn answer_form(body: impl Future<Output = Outcome>) -> Outcome {
    let outcome = answer(body).await;
    if is_plain_form() {
        keep(&outcome)?;
    }
    outcome
}

fn keep(outcome: &Outcome) -> Result<(), AppError> {
    let (Ok(admin), Some(parts)) = (expect_admin(), use_context::<Parts>()) else {
        return Ok(());
    };
    let backend = backend()?;
    let posted = Posted {
        path: parts.uri.path().to_owned(),
        outcome: outcome.clone(),
    };
    backend
        .posted_forms
        .keep(admin.session, posted, backend.engine.clock().now());
    let referer = parts.headers.get(REFERER).and_then(|referer| referer.to_str().ok());
    leave_for(page_of(referer).unwrap_or_else(LocalPath::home).as_str());
    Ok(())
}

/// The page from which a form was posted. Its origin was checked already.
fn page_of(referer: Option<&str>) -> Option<LocalPath> {
    let referer: Uri = referer?.parse().ok()?;
    LocalPath::parse(referer.path_and_query()?.as_str())
}

/// Puts a cookie on the answer.
pub(crate) fn set_cookie(cookie: SetCookie) -> Result<(), AppError> {
    let value = HeaderValue::try_from(cookie.0).map_err(|_| misconfigured("cookie"))?;
    if let Some(response) = use_context::<ResponseOptions>() {
        response.append_header(SET_COOKIE, value);
    }
    Ok(())
}

/// Sends a form that was posted without WASM on to `path`. The page itself leaves by its own means.
pub(crate) fn leave_for(path: &str) {
    let (Some(response), Ok(location)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(path)) else {
        return;
    };
    if is_plain_form() {
        response.insert_header(LOCATION, location);
        response.set_status(StatusCode::SEE_OTHER);
    }
}

fn extension<T: Clone + Send + Sync + 'static>() -> Option<T> {
    use_context::<Parts>().and_then(|parts| parts.extensions.get::<T>().cloned())
}

fn misconfigured(code: &str) -> AppError {
    AppError::Internal { code: code.to_owned() }
}

/// Not for a plain form, which is redirected back with the error in the address, and not for somebody who is not signed
/// in and asks for a page: both are sent elsewhere, and that status must stay.
pub(crate) fn report(error: &AppError) {
    let Some(response) = use_context::<ResponseOptions>() else {
        return;
    };
    if is_plain_form() || (is_page() && *error == AppError::Unauthenticated) {
        return;
    }
    if let AppError::TooManyAttempts { retry_after_seconds } = error {
        response.insert_header(RETRY_AFTER, HeaderValue::from(*retry_after_seconds));
    }
    if let Ok(status) = StatusCode::from_u16(error.status()) {
        response.set_status(status);
    }
}

fn is_page() -> bool {
    use_context::<Parts>().is_some_and(|parts| !parts.uri.path().starts_with("/api/"))
}

fn is_plain_form() -> bool {
    use_context::<Parts>().is_some_and(|parts| {
        let accept = parts.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        parts.method == Method::POST && accept.is_some_and(|accept| accept.contains("text/html"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_its_page_and_nowhere_else() {
        let page = |referer| page_of(Some(referer)).map(|path| path.as_str().to_owned());
        let settings = page("http://127.0.0.1:8080/admin/settings/tokens?x=1");
        assert_eq!(settings.as_deref(), Some("/admin/settings/tokens?x=1"));
        assert_eq!(page("http://127.0.0.1//evil.example/"), None);
        assert_eq!(page("about:blank"), None);
        assert!(page_of(None).is_none());
    }
}

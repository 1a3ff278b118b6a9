//! Authorises the page's server functions and exports by the table of permissions (`domain::access::permissions`).
//!
//! The page's documents are not in the table: who is not signed in is sent to the sign-in page (`sign_in_guard`).

use api::ApiError;
use app::{log::EXPORT, wire::AppError};
use axum::{
    body::Body,
    extract::{MatchedPath, Request},
    http::{
        HeaderValue, Method, StatusCode,
        header::{ACCEPT, CONTENT_TYPE, LOCATION},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::access::{
    SignedIn,
    permissions::{self, Holder},
};
use leptos::server_fn::error::FromServerFnError;

use super::sign_in_guard::SIGN_IN;

const SERVER_FUNCTIONS: &str = "/api/page/";

/// Middleware: refuses server functions and exports that the caller may not use.
pub(super) async fn require_permission(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let listed = path.filter(|path| path.starts_with(SERVER_FUNCTIONS) || path.starts_with(EXPORT));
    let Some(path) = listed else {
        return next.run(request).await;
    };
    let holder = match request.extensions().get::<SignedIn>() {
        Some(_) => Holder::Session,
        None => Holder::Nobody,
    };
    match permissions::authorise(&permissions::name_of(request.method().as_str(), path), holder) {
        Ok(()) if *request.method() == Method::HEAD && path.starts_with(SERVER_FUNCTIONS) => {
            answer_head(request, next).await
        }
        Ok(()) => next.run(request).await,
        Err(_) => refuse(&request, path),
    }
}

/// As to GET, without the body: server functions are registered for one method.
async fn answer_head(mut request: Request, next: Next) -> Response {
    *request.method_mut() = Method::GET;
    let response = next.run(request).await;
    response.map(|_| Body::empty())
}

/// In the form that the caller understands: the page's program, a form that was posted without it, or a download.
fn refuse(request: &Request, path: &str) -> Response {
    if !path.starts_with(SERVER_FUNCTIONS) {
        return ApiError::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Sign in to continue.").into_response();
    }
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    if request.method() == Method::POST && accept.is_some_and(|accept| accept.contains("text/html")) {
        return (StatusCode::SEE_OTHER, [(LOCATION, HeaderValue::from_static(SIGN_IN))]).into_response();
    }
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (StatusCode::UNAUTHORIZED, headers, AppError::Unauthenticated.ser()).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::access::permissions::OPERATIONS;
    use leptos::server_fn::axum::server_fn_paths;

    use super::*;

    #[test]
    fn the_table_lists_the_server_functions_of_the_page_and_no_others() {
        let offered: BTreeSet<String> = server_fn_paths()
            .map(|(path, method)| format!("{method} {path}"))
            .chain(["csv", "jsonl"].map(|format| format!("GET {EXPORT}.{format}")))
            .collect();
        let listed: BTreeSet<String> = OPERATIONS
            .iter()
            .map(|operation| operation.name.to_owned())
            .filter(|name| name.contains(SERVER_FUNCTIONS) || name.contains(EXPORT))
            .collect();
        assert!(offered.len() > 30, "{offered:?}");
        assert_eq!(offered, listed);
    }
}

//! Identifies the user of a page request, for the server functions.

use axum::{
    extract::{Extension, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::access::Visitor;

use super::Peer;
use crate::{error::ApiError, services::Services};

/// Middleware: finds the client's address and, by the cookie, the session. A request without a session is accepted, too.
pub async fn identify_visitor(
    State(services): State<Services>,
    Extension(peer): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let ip_address = services
        .trusted_proxies
        .client_address(peer, request.headers())
        .to_string();
    if let Some(key) = services.cookie.read(request.headers()) {
        match services.engine.find_session(&key, &ip_address).await {
            Ok(Some(signed_in)) => drop(request.extensions_mut().insert(signed_in)),
            Ok(None) => {}
            Err(error) => return ApiError::internal("The session could not be read.", &error).into_response(),
        }
    }
    let known_browser = services.cookie.read_browser(request.headers());
    request.extensions_mut().insert(Visitor {
        ip_address,
        known_browser,
    });
    next.run(request).await
}

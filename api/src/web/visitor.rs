//! Identifies the user of a page request, for the server functions.

use axum::{
    extract::{Extension, Request, State},
    http::{
        HeaderMap,
        header::{COOKIE, USER_AGENT},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::access::{Visitor, describe_user_agent};
use engine::credentials::SessionKey;

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
    if let Some(key) = session_key(&services, request.headers()) {
        match services.engine.find_session(&key, &ip_address).await {
            Ok(Some(signed_in)) => drop(request.extensions_mut().insert(signed_in)),
            Ok(None) => {}
            Err(error) => return ApiError::internal("The session could not be read.", &error).into_response(),
        }
    }
    let headers = request.headers();
    let known_browser = services.cookie.read_browser(cookies(headers)).map(str::to_owned);
    let user_agent = headers.get(USER_AGENT).and_then(|header| header.to_str().ok());
    let browser = describe_user_agent(user_agent.unwrap_or(""));
    request.extensions_mut().insert(Visitor {
        ip_address,
        known_browser,
        browser,
    });
    next.run(request).await
}

/// The session key of a request.
pub(crate) fn session_key(services: &Services, headers: &HeaderMap) -> Option<SessionKey> {
    services.cookie.read(cookies(headers)).and_then(SessionKey::of_sent)
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok())
}

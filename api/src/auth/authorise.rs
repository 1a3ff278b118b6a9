//! Authorises tokens.

use std::{net::IpAddr, sync::Arc};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header::WWW_AUTHENTICATE};
use domain::access::{
    Scope,
    permissions::{self, Denied, Holder},
};
use engine::credentials::{StoredToken, TokenHash};

use super::bearer::bearer_text;
use crate::{error::ApiError, services::Services, web::Peer};

/// The operation on the fast path: it counts no requests and loads no session.
pub(crate) const INGEST: &str = "POST /api/v1/audit_events";

/// The token, if it is valid and may post events. Its use is recorded.
///
/// # Errors
/// 401, 403, or 429 after too many bad tokens from one address.
pub(crate) async fn authorise_ingest(
    services: &Services,
    peer: Peer,
    headers: &HeaderMap,
) -> Result<Arc<StoredToken>, ApiError> {
    let token = find_valid(services, peer, headers).await?;
    permissions::authorise(INGEST, Holder::Token(&token.scopes)).map_err(denied)?;
    services.engine.note_token_use(token.id);
    Ok(token)
}

/// 401 or 403.
pub(crate) fn denied(denied: Denied) -> ApiError {
    match denied {
        Denied::Unauthenticated => missing(),
        Denied::MissingScope(scope) => not_in_scope(scope),
    }
}

/// The token, if it is valid, whatever its scopes.
///
/// # Errors
/// 401, or 429 after too many bad tokens from one address.
pub(crate) async fn find_valid(
    services: &Services,
    peer: Peer,
    headers: &HeaderMap,
) -> Result<Arc<StoredToken>, ApiError> {
    let text = bearer_text(headers).ok_or_else(missing)?;
    let found = match TokenHash::of_sent(text) {
        Some(hash) => services.engine.find_token(hash).await,
        None => Ok(None),
    };
    let found = found.map_err(|error| ApiError::internal("The API token could not be read.", &error))?;
    let now = services.engine.clock().now();
    match found {
        Some(token) if token.is_valid(now) => Ok(token),
        found => {
            let address = services.trusted_proxies.client_address(peer, headers);
            Err(refuse(services, address, found.as_deref()))
        }
    }
}

/// 401 for a request without a token.
pub(crate) fn missing() -> ApiError {
    let message = "The request has no API token. Send one in the header `Authorization: Bearer ast_…`. To create one, run \
                   `audit-streams token create`.";
    let challenge = HeaderValue::from_static(r#"Bearer realm="audit-streams""#);
    ApiError::new(StatusCode::UNAUTHORIZED, "missing_token", message).with_header(WWW_AUTHENTICATE, challenge)
}

fn not_in_scope(scope: Scope) -> ApiError {
    let challenge = match scope {
        Scope::Ingest => r#"Bearer realm="audit-streams", error="insufficient_scope", scope="ingest""#,
        Scope::Read => r#"Bearer realm="audit-streams", error="insufficient_scope", scope="read""#,
        Scope::Admin => r#"Bearer realm="audit-streams", error="insufficient_scope", scope="admin""#,
    };
    let message = format!("This API token does not have the scope `{scope}`.");
    ApiError::new(StatusCode::FORBIDDEN, "insufficient_scope", message)
        .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

/// The token is unknown, revoked or expired. The reason is reported only to a client that has the token itself.
fn refuse(services: &Services, address: IpAddr, found: Option<&StoredToken>) -> ApiError {
    if let Err(wait) = services.failed_tokens.count(address) {
        let message = "Too many requests with an invalid API token came from this address.";
        return ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", message)
            .with_retry_after(wait.seconds());
    }
    let (code, message) = match found {
        None => ("unknown_token", "This API token does not exist."),
        Some(token) if token.revoked_at.is_some() => ("revoked_token", "This API token is revoked."),
        Some(_) => ("expired_token", "This API token has expired."),
    };
    let challenge = HeaderValue::from_static(r#"Bearer realm="audit-streams", error="invalid_token""#);
    ApiError::new(StatusCode::UNAUTHORIZED, code, message).with_header(WWW_AUTHENTICATE, challenge)
}

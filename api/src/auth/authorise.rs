//! Authorises tokens.

use std::{borrow::Cow, net::IpAddr, sync::Arc};

use axum::http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE, request::Parts};
use domain::access::{
    CertificateName, Scope,
    permissions::{self, Denied, Holder},
};
use engine::credentials::{StoredToken, TokenHash};

use super::sent::Sent;
use crate::{
    error::ApiError,
    services::Services,
    web::{ClientCertificate, Peer, check_sender},
};

/// Names of a certificate in a message.
const SHOWN_NAMES: usize = 10;

/// The operation on the fast path: it counts no requests and loads no session.
pub(crate) const INGEST: &str = "POST /api/v1/audit_events";

/// The token, or that of the client certificate, if it is valid and may post events. Its use is recorded.
///
/// # Errors
/// 401, 403, or 429 after too many bad tokens from one address.
pub(crate) async fn authorise_ingest(
    services: &Services,
    peer: Peer,
    parts: &Parts,
) -> Result<Arc<StoredToken>, ApiError> {
    let sent = Sent::of(parts).ok_or_else(missing)?;
    let token = find_valid(services, peer, parts, sent).await?;
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
/// 401, 403 for a request that a browser makes for a page of another site, or 429 after too many bad tokens from one address.
pub(crate) async fn find_valid(
    services: &Services,
    peer: Peer,
    parts: &Parts,
    sent: Sent<'_>,
) -> Result<Arc<StoredToken>, ApiError> {
    let now = services.engine.clock().now();
    let found = match sent {
        Sent::Token(text) => match TokenHash::of_sent(text) {
            Some(hash) => services.engine.find_token(hash).await,
            None => Ok(None),
        },
        Sent::Certificate(certificate) => {
            check_sender(&services.public_url, &parts.method, &parts.headers)?;
            match now < certificate.valid_until {
                true => services.engine.find_token_of_certificate(&certificate.names).await,
                false => {
                    return Err(unauthorised(
                        "expired_certificate",
                        "The client certificate has expired.",
                    ));
                }
            }
        }
    };
    let found = found.map_err(|error| ApiError::internal("The API token could not be read.", &error))?;
    match found {
        Some(token) if token.is_valid(now) => Ok(token),
        found => {
            let address = services.trusted_proxies.client_address(peer, &parts.headers);
            Err(refuse(services, address, found.as_deref(), sent))
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
fn refuse(services: &Services, address: IpAddr, found: Option<&StoredToken>, sent: Sent<'_>) -> ApiError {
    if let Err(wait) = services.failed_tokens.count(address) {
        let message = "Too many requests with an invalid API token came from this address.";
        return ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", message)
            .with_retry_after(wait.seconds());
    }
    match (found, sent) {
        (None, Sent::Token(_)) => unauthorised("unknown_token", "This API token does not exist."),
        (None, Sent::Certificate(certificate)) => unauthorised("unknown_certificate", unknown(certificate)),
        (Some(token), _) if token.revoked_at.is_some() => unauthorised("revoked_token", "This API token is revoked."),
        (Some(_), Sent::Token(_)) => unauthorised("expired_token", "This API token has expired."),
        (Some(_), Sent::Certificate(_)) => {
            unauthorised("expired_token", "The API token of the client certificate has expired.")
        }
    }
}

fn unauthorised(code: &'static str, message: impl Into<Cow<'static, str>>) -> ApiError {
    let challenge = HeaderValue::from_static(r#"Bearer realm="audit-streams", error="invalid_token""#);
    ApiError::new(StatusCode::UNAUTHORIZED, code, message).with_header(WWW_AUTHENTICATE, challenge)
}

/// The client knows its own certificate, and which of its names count.
fn unknown(certificate: &ClientCertificate) -> String {
    let names: Vec<&str> = certificate
        .names
        .iter()
        .take(SHOWN_NAMES)
        .map(CertificateName::as_str)
        .collect();
    if names.is_empty() {
        return "No name of the client certificate can stand for an API token: it has no subject, host name, e-mail address or \
                URI."
            .to_owned();
    }
    format!(
        "No API token has the client certificate of this request, whose names are: {}. To create one, run `audit-streams token \
         create --client-certificate NAME`.",
        names.join("; ")
    )
}

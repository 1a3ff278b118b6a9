//! Identifies the caller of the API: a token, or an administrator who is signed in.
//!
//! A token is sent in `Authorization: Bearer` or `PRIVATE-TOKEN`. A request without a token can have a session cookie instead; with
//! neither, a client certificate can stand for a token.
//! Because browsers attach cookies to requests that other sites make, a request with a cookie that changes something must come from
//! this server's own pages. Ingest accepts no cookies and does not use this module (see `authorise`).

use std::sync::Arc;

use axum::http::{StatusCode, request::Parts};
use domain::{
    access::{
        SignedIn,
        permissions::{self, Holder, Permission},
    },
    instance_event::{Author, AuthorClass},
    view::Visibility,
};
use engine::credentials::StoredToken;

use super::{
    authorise::{denied, find_valid, missing},
    sent::Sent,
};
use crate::{
    error::ApiError,
    export::Credential,
    limits::{Owner, RateHeaders},
    services::Services,
    web::{Peer, check_host, check_origin, session_key},
};

/// An authorised caller of an operation.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The author of the audit events of a change.
    pub(crate) author: Author,
    /// The owner of the idempotency keys.
    pub(crate) owner: Owner,
    /// The rate headers of the response.
    pub(crate) rate: RateHeaders,
    /// The token; `None` for an administrator's session.
    token: Option<Arc<StoredToken>>,
    /// The credential, to be checked again during long responses.
    pub(crate) credential: Credential,
}

impl Caller {
    /// The caller's credentials, for `domain::access::permissions`.
    pub(crate) fn holder(&self) -> Holder<'_> {
        match &self.token {
            Some(token) => Holder::Token(&token.scopes),
            None => Holder::Session,
        }
    }

    /// Whether the caller may see secrets, such as header values and complete URLs.
    pub(crate) fn is_admin(&self) -> bool {
        self.holder().has(Permission::Admin)
    }

    /// How much of a destination the caller may see.
    pub(crate) fn visibility(&self) -> Visibility {
        match self.is_admin() {
            true => Visibility::Full,
            false => Visibility::Limited,
        }
    }
}

/// The caller, if it is authorised for an operation of `domain::access::permissions`. The request is counted, and the use of a
/// token is recorded.
///
/// # Errors
/// 401, 403, or 429 after too many requests, or too many bad tokens from one address.
pub(crate) async fn authorise(services: &Services, parts: &Parts, operation: &str) -> Result<Caller, ApiError> {
    match Sent::of(parts) {
        // A browser can have a certificate for other reasons than this server.
        Some(Sent::Certificate(_)) if is_of_session(services, parts, operation).await? => {
            authorise_session(services, parts, operation).await
        }
        Some(sent) => authorise_token(services, parts, sent, operation).await,
        None => authorise_session(services, parts, operation).await,
    }
}

async fn is_of_session(services: &Services, parts: &Parts, operation: &str) -> Result<bool, ApiError> {
    let is_accepted = permissions::authorise(operation, Holder::Session).is_ok();
    Ok(is_accepted && find_signed_in(services, parts).await?.is_some())
}

async fn authorise_token(
    services: &Services,
    parts: &Parts,
    sent: Sent<'_>,
    operation: &str,
) -> Result<Caller, ApiError> {
    let peer = peer_of(parts)?;
    let token = find_valid(services, peer, parts, sent).await?;
    let owner = Owner::Token(token.id);
    let rate = count(services, owner)?;
    let holder = Holder::Token(&token.scopes);
    permissions::authorise(operation, holder).map_err(|error| denied(error).with_rate(rate))?;
    services.engine.note_token_use(token.id);
    let ip_address = services.trusted_proxies.client_address(peer, &parts.headers);
    Ok(Caller {
        author: Author {
            user_id: None,
            name: token.name.clone(),
            class: AuthorClass::ApiToken,
            ip_address: ip_address.to_string(),
        },
        owner,
        rate,
        token: Some(Arc::clone(&token)),
        credential: Credential::Token(token.id),
    })
}

/// A signed-in administrator may do everything.
async fn authorise_session(services: &Services, parts: &Parts, operation: &str) -> Result<Caller, ApiError> {
    permissions::authorise(operation, Holder::Session).map_err(denied)?;
    let signed_in = find_signed_in(services, parts).await?.ok_or_else(missing)?;
    check_host(
        &services.public_url,
        &services.trusted_proxies,
        peer_of(parts)?,
        &parts.headers,
    )?;
    let owner = Owner::User(signed_in.user);
    let rate = count(services, owner)?;
    check_origin(&services.public_url, &parts.method, &parts.headers).map_err(|error| error.with_rate(rate))?;
    Ok(Caller {
        author: signed_in.author(),
        owner,
        rate,
        token: None,
        credential: Credential::Session(signed_in.session),
    })
}

async fn find_signed_in(services: &Services, parts: &Parts) -> Result<Option<SignedIn>, ApiError> {
    let Some(key) = session_key(services, &parts.headers) else {
        return Ok(None);
    };
    let address = services.trusted_proxies.client_address(peer_of(parts)?, &parts.headers);
    let found = services.engine.find_session(&key, &address.to_string()).await;
    found.map_err(|error| ApiError::internal("The session could not be read.", &error))
}

fn count(services: &Services, owner: Owner) -> Result<RateHeaders, ApiError> {
    let counted = services.api_rate.count(owner, services.engine.clock().now());
    counted.map_err(|(_, rate)| {
        let message = "This token or user has exceeded the limit of requests per minute.";
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message).with_rate(rate)
    })
}

/// The peer of the connection.
pub(crate) fn peer_of(parts: &Parts) -> Result<Peer, ApiError> {
    let peer = parts.extensions.get::<Peer>().copied();
    peer.ok_or_else(|| ApiError::internal("A request has no peer address.", &std::fmt::Error))
}

//! Who may scrape: whoever comes from an address that the operator allows, or brings a token that may read.

use axum::http::request::Parts;
use domain::access::Scope;

use crate::{
    api::{ApiError, RateHeaders, authorise_by_token},
    services::Services,
    web::Peer,
};

/// # Errors
/// 401, 403, or 429 after too many requests.
pub(super) async fn authorise(services: &Services, parts: &Parts) -> Result<RateHeaders, ApiError> {
    if !services.metrics_allow.is_empty() {
        let peer = parts.extensions.get::<Peer>().copied();
        let address = peer.and_then(|peer| services.trusted_proxies.known_client_address(peer, &parts.headers));
        if address.is_some_and(|address| services.metrics_allow.contains(address)) {
            return Ok(RateHeaders::default());
        }
    }
    let caller = authorise_by_token(services, parts, Scope::Read).await?;
    Ok(caller.rate)
}

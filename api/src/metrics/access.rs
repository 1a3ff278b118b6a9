//! Authorises scrapes: by an address that the operator allows, or by a token with the scope `read`.

use axum::http::{HeaderMap, request::Parts};

use crate::{
    auth,
    error::ApiError,
    limits::RateHeaders,
    services::Services,
    web::{Peer, check_host},
};

/// # Errors
/// 401, 403, or 429 after too many requests.
pub(super) async fn authorise(services: &Services, parts: &Parts) -> Result<RateHeaders, ApiError> {
    if !services.metrics_allow.is_empty() {
        let peer = parts.extensions.get::<Peer>().copied();
        let address = peer.and_then(|peer| services.trusted_proxies.known_client_address(peer, &parts.headers));
        if let Some(peer) = peer.filter(|_| address.is_some_and(|address| services.metrics_allow.contains(address))) {
            // A browser at such an address must not read the metrics for a page of another site.
            if is_of_browser(&parts.headers) {
                check_host(&services.public_url, &services.trusted_proxies, peer, &parts.headers)?;
            }
            return Ok(RateHeaders::default());
        }
    }
    let caller = auth::authorise(services, parts, "GET /metrics").await?;
    Ok(caller.rate)
}

/// Browsers send headers that Prometheus, which can use any host name, does not send. A page can suppress the others, but not
/// `Accept-Language`.
fn is_of_browser(headers: &HeaderMap) -> bool {
    ["sec-fetch-mode", "origin", "referer", "accept-language"]
        .iter()
        .any(|name| headers.contains_key(*name))
}

//! Requests that change something with a cookie must come from this server's own pages.
//!
//! Browsers attach the session cookie to requests that other sites make. So each request that can change something, and each that
//! opens a WebSocket, must show its origin: by `Sec-Fetch-Site`, which pages cannot forge, or by `Origin` if a browser does not
//! send that (plain http on a network). A request with neither is rejected.
//!
//! Both headers depend on the host that the browser takes for this server. So `Host` must be a name of this server, also for
//! requests that only read: otherwise the page of an attacker, whose name resolves to this server (DNS rebinding), would count as
//! our own. `Host` is not checked for requests that a trusted proxy forwards: the proxy selects requests by `Host`, and may have
//! replaced it.

use axum::{
    extract::{Extension, Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{HOST, ORIGIN, UPGRADE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Peer, PublicUrl, TrustedProxies};
use crate::{error::ApiError, services::Services};

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Middleware: accepts requests whose `Host` is this server, if they only read or come from this server's own pages.
pub async fn require_same_origin(
    State(services): State<Services>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let checked = check_host(&services.public_url, &services.trusted_proxies, peer, headers);
    match checked.and_then(|()| check_origin(&services.public_url, request.method(), headers)) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Accepts requests that only read, and requests from this server's own pages.
///
/// # Errors
/// 403.
pub(crate) fn check_origin(public_url: &PublicUrl, method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
    if only_reads(method, headers) || is_from_here(headers, public_url) {
        Ok(())
    } else {
        Err(refusal())
    }
}

/// Accepts requests that only read, and requests that no browser makes for a page of another site: browsers attach client
/// certificates to these, too.
///
/// # Errors
/// 403.
pub(crate) fn check_sender(public_url: &PublicUrl, method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
    let is_of_page = headers.contains_key(SEC_FETCH_SITE) || headers.contains_key(ORIGIN);
    match is_of_page {
        true => check_origin(public_url, method, headers),
        false => Ok(()),
    }
}

/// Accepts requests whose `Host` is this server.
///
/// # Errors
/// 421.
pub(crate) fn check_host(
    public_url: &PublicUrl,
    trusted_proxies: &TrustedProxies,
    peer: Peer,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    if public_url.is_own_host(headers) || trusted_proxies.is_one(peer) {
        return Ok(());
    }
    let message = "The host name of this request is not a name of this server. Set --public-url (AUDIT_STREAMS_PUBLIC_URL) to the \
                   address in the browser. A proxy must forward Host, or be listed in --trusted-proxies \
                   (AUDIT_STREAMS_TRUSTED_PROXIES).";
    Err(ApiError::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", message))
}

fn refusal() -> ApiError {
    let message = "This request does not come from one of this server's own pages. If it does, check that --public-url is the \
                   address in the browser.";
    ApiError::new(StatusCode::FORBIDDEN, "cross_origin", message)
}

fn only_reads(method: &Method, headers: &HeaderMap) -> bool {
    let is_safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    is_safe && !headers.contains_key(UPGRADE)
}

fn is_from_here(headers: &HeaderMap, public_url: &PublicUrl) -> bool {
    match headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes) {
        Some(b"same-origin" | b"none") => true,
        Some(_) => false,
        None => origin_authority(headers).is_some_and(|origin| is_ours(origin, headers, public_url)),
    }
}

/// Host and port of the `Origin`; `None` for the opaque origin `null`.
fn origin_authority(headers: &HeaderMap) -> Option<&str> {
    let origin = headers.get(ORIGIN)?.to_str().ok()?;
    origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"))
}

/// A proxy may have replaced `Host`, so the public URL is accepted, too.
fn is_ours(origin: &str, headers: &HeaderMap, public_url: &PublicUrl) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_host = || host.is_some_and(|host| origin.eq_ignore_ascii_case(host)) && public_url.is_own_host(headers);
    origin.eq_ignore_ascii_case(public_url.authority()) || is_host()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_here(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let public_url = PublicUrl::parse("https://audit.example").unwrap();
        is_from_here(&headers, &public_url.listening_on("10.0.0.5:8080".parse().unwrap()))
    }

    #[test]
    fn a_browser_that_says_where_it_comes_from_is_believed() {
        assert!(from_here(&[("sec-fetch-site", "same-origin")]));
        assert!(from_here(&[("sec-fetch-site", "none")]));
        assert!(!from_here(&[
            ("sec-fetch-site", "same-site"),
            ("origin", "https://audit.example")
        ]));
        assert!(!from_here(&[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://audit.example")
        ]));
    }

    #[test]
    fn otherwise_the_origin_must_be_this_server() {
        assert!(from_here(&[
            ("origin", "https://audit.example"),
            ("host", "10.0.0.5:8080")
        ]));
        assert!(from_here(&[
            ("origin", "http://10.0.0.5:8080"),
            ("host", "10.0.0.5:8080")
        ]));
        assert!(!from_here(&[("origin", "http://10.0.0.5"), ("host", "10.0.0.5:8080")]));
        assert!(!from_here(&[
            ("origin", "https://audit.example.evil"),
            ("host", "audit.example")
        ]));
        assert!(
            !from_here(&[("origin", "http://evil.example"), ("host", "evil.example")]),
            "rebound"
        );
        assert!(!from_here(&[("origin", "null"), ("host", "null")]));
        assert!(!from_here(&[("host", "audit.example")]), "nothing shown");
    }

    #[test]
    fn a_certificate_is_not_used_for_pages_of_other_sites() {
        let url = PublicUrl::parse("https://audit.example").unwrap();
        let sent = |method: &Method, headers: &[(&'static str, &'static str)]| {
            let headers = headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            check_sender(&url, method, &headers.collect()).is_ok()
        };
        assert!(sent(&Method::POST, &[]), "a program");
        assert!(sent(&Method::POST, &[("sec-fetch-site", "same-origin")]));
        assert!(!sent(&Method::POST, &[("sec-fetch-site", "cross-site")]));
        assert!(!sent(&Method::POST, &[("origin", "https://evil.example")]));
        assert!(sent(&Method::GET, &[("sec-fetch-site", "cross-site")]), "it only reads");
    }

    #[test]
    fn only_what_changes_nothing_goes_unasked() {
        let upgrade = HeaderMap::from_iter([(UPGRADE, HeaderValue::from_static("websocket"))]);
        assert!(only_reads(&Method::GET, &HeaderMap::new()));
        assert!(only_reads(&Method::HEAD, &HeaderMap::new()));
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert!(!only_reads(&method, &HeaderMap::new()));
        }
        assert!(!only_reads(&Method::GET, &upgrade), "a WebSocket is more than a read");
    }
}

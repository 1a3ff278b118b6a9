//! Compresses what the server renders: pages, and the answers of server functions. Assets are compressed when they are built, and
//! exports are sent as they are read.
//!
//! Compression can reveal a secret to someone who sees the length of many responses, and who chooses text that these responses
//! contain beside the secret (BREACH). The rule that prevents it: a compressed response with a secret contains no text of its
//! request.
//!
//! - Only responses to GET are compressed. Secrets that are shown once or on request (API tokens, passwords, signing secrets, the
//!   values of headers) are in responses to POST.
//! - The list of destinations, by itself and in the page of the Streams tab, is compressed and contains verification tokens. Its
//!   request has a tag and the address of the page, and neither is repeated; a test checks this. The text beside the tokens is what
//!   administrators entered and why deliveries fail, which can quote an S3-compatible service or Google: text that changes with the
//!   state of a stream, and not with each request.
//! - Another site can't make a browser send such requests with its cookies (`SameSite=Lax`, and the check of the origin).

use axum::{
    extract::Request,
    http::{Method, header::ACCEPT_ENCODING},
    middleware::Next,
    response::Response,
};
use tower_http::{
    CompressionLevel,
    compression::{CompressionLayer, Predicate, predicate::SizeAbove},
};

/// What fits into one packet gains nothing.
const LEAST_BYTES: u16 = 1_024;

/// Compresses to a fifth to a tenth at some 100 MB a second; higher levels take a multiple of the time for a few per cent.
const LEVEL: CompressionLevel = CompressionLevel::Precise(4);

pub(crate) fn layer() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new()
        .quality(LEVEL)
        .compress_when(SizeAbove::new(LEAST_BYTES))
}

/// Middleware around [`layer`]: only responses to GET are compressed.
pub(crate) async fn only_reads(mut request: Request, next: Next) -> Response {
    if request.method() != Method::GET {
        request.headers_mut().remove(ACCEPT_ENCODING);
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use axum::{
        Router,
        body::Body,
        http::{StatusCode, header::CONTENT_ENCODING},
        middleware::from_fn,
        routing::get,
    };
    use tower::ServiceExt;

    use super::*;

    async fn encoding(method: Method, accepted: &str, bytes: usize) -> Option<String> {
        let text = move || async move { "x".repeat(bytes) };
        let router = Router::new()
            .route("/", get(text).post(text))
            .layer(layer())
            .layer(from_fn(only_reads));
        let request = Request::builder().method(method).header(ACCEPT_ENCODING, accepted);
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let encoding = response.headers().get(CONTENT_ENCODING);
        encoding.map(|encoding| encoding.to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn what_is_read_is_compressed_as_the_browser_accepts_it() {
        assert_eq!(encoding(Method::GET, "gzip, br", 9_000).await.as_deref(), Some("br"));
        assert_eq!(encoding(Method::GET, "gzip", 9_000).await.as_deref(), Some("gzip"));
        assert_eq!(encoding(Method::GET, "identity", 9_000).await, None);
        assert_eq!(encoding(Method::GET, "gzip, br", 100).await, None);
    }

    #[tokio::test]
    async fn answers_to_forms_which_may_hold_secrets_are_not() {
        assert_eq!(encoding(Method::POST, "gzip, br", 9_000).await, None);
    }
}

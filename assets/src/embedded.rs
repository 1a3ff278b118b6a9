//! The assets inside the binary. Every answer is one slice of static memory: nothing is read, compressed or copied.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};

use super::encoding::Encoding;

/// One asset as `build.rs` writes it: role, path, content type, hash, caching, bytes, brotli form, gzip form.
pub(super) type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [u8],
    Option<&'static [u8]>,
    Option<&'static [u8]>,
);

/// What an asset is to the page's HTML.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    Script,
    Wasm,
    Style,
    Other,
}

#[derive(Clone, Copy)]
pub(super) struct Asset {
    pub(super) role: Role,
    pub(super) path: &'static str,
    content_type: &'static str,
    hash: &'static str,
    cache_control: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

impl From<Row> for Asset {
    fn from((role, path, content_type, hash, caching, plain, brotli, gzip): Row) -> Self {
        let role = match role {
            "script" => Role::Script,
            "wasm" => Role::Wasm,
            "style" => Role::Style,
            _ => Role::Other,
        };
        let cache_control = match caching {
            "forever" => "public, max-age=31536000, immutable",
            "week" => "public, max-age=604800",
            _ => "no-cache",
        };
        Self {
            role,
            path,
            content_type,
            hash,
            cache_control,
            plain,
            brotli,
            gzip,
        }
    }
}

impl Asset {
    fn answer(&self, request: &HeaderMap) -> Response {
        let (encoding, bytes) = self.form_for(request);
        let etag = self.etag(encoding);
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        set(CACHE_CONTROL, self.cache_control);
        set(ETAG, &etag);
        if self.brotli.is_some() || self.gzip.is_some() {
            set(VARY, "Accept-Encoding");
        }
        if is_known(request, &etag) {
            return (StatusCode::NOT_MODIFIED, headers, Body::empty()).into_response();
        }
        set(CONTENT_TYPE, self.content_type);
        if let Some(coding) = encoding.coding() {
            set(CONTENT_ENCODING, coding);
        }
        (headers, Body::from(Bytes::from_static(bytes))).into_response()
    }

    fn form_for(&self, request: &HeaderMap) -> (Encoding, &'static [u8]) {
        let forms = [(Encoding::Brotli, self.brotli), (Encoding::Gzip, self.gzip)];
        let available: Vec<_> = forms
            .iter()
            .filter(|(_, bytes)| bytes.is_some())
            .map(|(form, _)| *form)
            .collect();
        let chosen = Encoding::choose(request, &available);
        let bytes = forms
            .iter()
            .find(|(form, _)| *form == chosen)
            .and_then(|(_, bytes)| *bytes);
        (chosen, bytes.unwrap_or(self.plain))
    }

    /// Each form is a representation of its own and has a tag of its own.
    fn etag(&self, encoding: Encoding) -> String {
        match encoding.coding() {
            Some(coding) => format!("\"{}-{coding}\"", self.hash),
            None => format!("\"{}\"", self.hash),
        }
    }
}

/// One route for each asset. What is under `/pkg` and does not exist (any more) is nobody else's business.
pub(super) fn router<S: Clone + Send + Sync + 'static>(assets: &[Asset]) -> Router<S> {
    let mut router = Router::new().route("/pkg/{*path}", any(not_found));
    for asset in assets.iter().copied() {
        router = router.route(
            asset.path,
            get(move |request: HeaderMap| async move { asset.answer(&request) }),
        );
    }
    router
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, [(CACHE_CONTROL, "no-store")]).into_response()
}

/// Whether the browser has this form already (If-None-Match, compared weakly as RFC 9110 §13.1.2 asks).
fn is_known(request: &HeaderMap, etag: &str) -> bool {
    let values = request
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use axum::http::header::{ACCEPT_ENCODING, CONTENT_LENGTH};
    use axum::http::{Method, Request};
    use tower::ServiceExt;

    use super::*;

    const SCRIPT: Row = (
        "script",
        "/pkg/a.0123.js",
        "text/javascript; charset=utf-8",
        "0123",
        "forever",
        b"plain script",
        Some(b"br"),
        Some(b"gzip"),
    );
    const FONT: Row = (
        "other",
        "/fonts/a.woff2",
        "font/woff2",
        "4567",
        "week",
        b"font",
        None,
        None,
    );
    const ICON: Row = (
        "other",
        "/favicon.svg",
        "image/svg+xml",
        "89ab",
        "revalidate",
        b"<svg/>",
        None,
        Some(b"gz"),
    );

    async fn send(method: Method, path: &str, headers: &[(HeaderName, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let assets = [SCRIPT, FONT, ICON].map(Asset::from);
        router::<()>(&assets)
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap()
    }

    async fn get(path: &str, headers: &[(HeaderName, &str)]) -> Response {
        send(Method::GET, path, headers).await
    }

    fn header(response: &Response, name: HeaderName) -> Option<&str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    async fn body(response: Response) -> Bytes {
        axum::body::to_bytes(response.into_body(), 1024).await.unwrap()
    }

    #[tokio::test]
    async fn a_named_asset_is_kept_for_ever_and_sent_in_the_best_form() {
        let response = get(SCRIPT.1, &[(ACCEPT_ENCODING, "gzip, br")]).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, CONTENT_TYPE), Some("text/javascript; charset=utf-8"));
        assert_eq!(header(&response, CONTENT_ENCODING), Some("br"));
        assert_eq!(header(&response, VARY), Some("Accept-Encoding"));
        assert_eq!(header(&response, ETAG), Some("\"0123-br\""));
        assert_eq!(
            header(&response, CACHE_CONTROL),
            Some("public, max-age=31536000, immutable")
        );
        assert_eq!(body(response).await, "br");
    }

    #[tokio::test]
    async fn plain_bytes_still_vary_by_the_encoding_accepted() {
        let response = get(SCRIPT.1, &[(ACCEPT_ENCODING, "br;q=0, gzip;q=0")]).await;
        assert_eq!(header(&response, CONTENT_ENCODING), None);
        assert_eq!(header(&response, VARY), Some("Accept-Encoding"));
        assert_eq!(header(&response, ETAG), Some("\"0123\""));
        assert_eq!(body(response).await, "plain script");
    }

    #[tokio::test]
    async fn a_font_has_one_form_and_stays_a_week() {
        let response = get(FONT.1, &[(ACCEPT_ENCODING, "br")]).await;
        assert_eq!(header(&response, CONTENT_ENCODING), None);
        assert_eq!(header(&response, VARY), None);
        assert_eq!(header(&response, CACHE_CONTROL), Some("public, max-age=604800"));
        assert_eq!(body(response).await, "font");
    }

    #[tokio::test]
    async fn a_file_that_keeps_its_name_is_asked_for_again() {
        assert_eq!(header(&get(ICON.1, &[]).await, CACHE_CONTROL), Some("no-cache"));
    }

    #[tokio::test]
    async fn a_known_form_is_not_sent_again() {
        for tags in ["\"89ab-gzip\"", "\"other\", W/\"89ab-gzip\"", "*"] {
            let response = get(ICON.1, &[(ACCEPT_ENCODING, "gzip"), (IF_NONE_MATCH, tags)]).await;
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{tags}");
            assert_eq!(header(&response, ETAG), Some("\"89ab-gzip\""));
            assert_eq!(header(&response, CONTENT_TYPE), None);
            assert!(body(response).await.is_empty());
        }
        for tags in ["\"89ab\"", "89ab-gzip", ""] {
            let response = get(ICON.1, &[(ACCEPT_ENCODING, "gzip"), (IF_NONE_MATCH, tags)]).await;
            assert_eq!(response.status(), StatusCode::OK, "{tags}");
        }
    }

    #[tokio::test]
    async fn head_tells_the_same_without_the_body() {
        let response = send(Method::HEAD, SCRIPT.1, &[(ACCEPT_ENCODING, "br")]).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, CONTENT_LENGTH), Some("2"));
        assert_eq!(header(&response, CONTENT_ENCODING), Some("br"));
        assert!(body(response).await.is_empty());
    }

    #[tokio::test]
    async fn an_asset_of_another_release_is_not_found() {
        let response = get("/pkg/a.9999.js", &[]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(header(&response, CACHE_CONTROL), Some("no-store"));
    }
}

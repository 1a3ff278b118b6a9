//! The assets in a folder, as cargo-leptos leaves them there: names stay, contents change, so nothing is kept.

use std::fs;
use std::path::Path;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

/// One route for each file and folder that is at the top of `root` now.
pub(super) fn router<S: Clone + Send + Sync + 'static>(root: &Path) -> Router<S> {
    // cargo-leptos copies main.css and leaves its imports to the browser, which then asks for them beside it.
    let pkg = ServeDir::new(root.join("pkg")).fallback(ServeDir::new("style"));
    let mut router = Router::new().nest_service("/pkg", pkg);
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let file = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if file.is_file() {
            router = router.route_service(&format!("/{name}"), ServeFile::new(file));
        } else if name != "pkg" {
            router = router.nest_service(&format!("/{name}"), ServeDir::new(file));
        }
    }
    router.layer(SetResponseHeaderLayer::overriding(
        CACHE_CONTROL,
        HeaderValue::from_static("no-cache"),
    ))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::header::CONTENT_TYPE;
    use axum::http::{Request, StatusCode};
    use axum::response::Response;
    use tower::ServiceExt;

    use super::*;

    async fn get(root: &Path, path: &str) -> Response {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        router::<()>(root).oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_in_the_folder_is_served_and_never_kept() {
        let root = tempfile::tempdir().unwrap();
        for (folder, file) in [
            ("pkg", "audit-streams.wasm"),
            ("fonts", "a.woff2"),
            (".", "favicon.svg"),
        ] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
            fs::write(root.path().join(folder).join(file), "content").unwrap();
        }
        for (path, content_type) in [
            ("/pkg/audit-streams.wasm", "application/wasm"),
            ("/fonts/a.woff2", "font/woff2"),
            ("/favicon.svg", "image/svg+xml"),
        ] {
            let response = get(root.path(), path).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.headers()[CACHE_CONTROL], "no-cache");
            assert_eq!(response.headers()[CONTENT_TYPE], content_type);
        }
        assert_eq!(
            get(root.path(), "/pkg/missing.js").await.status(),
            StatusCode::NOT_FOUND
        );
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_serves_nothing() {
        assert_eq!(
            get(Path::new("/nowhere"), "/favicon.svg").await.status(),
            StatusCode::NOT_FOUND
        );
    }
}

//! The guide (`docs/guide.md`) as the page `/help`, inside the binary with its pictures.
//!
//! It asks for no session: it tells nothing about this instance, and who can't sign in may need it most. Its scripts apply
//! the chosen theme and search the guide.

mod render;

use std::sync::{Arc, LazyLock};

use api::{Services, answer_unknown_path, web::set_security_headers};
use assets::Assets;
use axum::{
    Router,
    extract::Path,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    middleware::from_fn_with_state,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use crate::{compression, page::FIRST_SCRIPT};

const GUIDE: &str = include_str!("../../docs/guide.md");

/// Shows in the contents only the sections that have all words of the search.
const SEARCH: &str = include_str!("help/search.js");

include!(concat!(env!("OUT_DIR"), "/guide_pictures.rs"));

/// Rendered when it is first asked for, and the same for the life of the process.
static PAGE: LazyLock<String> = LazyLock::new(|| render::page(GUIDE, &Assets::names().css, FIRST_SCRIPT, SEARCH));

static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let scripts =
        [FIRST_SCRIPT, SEARCH].map(|script| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script))));
    let scripts = scripts.join(" ");
    let policy = format!(
        "default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).ok()
});

pub(crate) fn router(services: &Services) -> Router {
    Router::new()
        .route("/help", get(show_guide))
        .layer(compression::layer())
        .route("/help/images/{name}", get(show_picture))
        .layer(from_fn_with_state(Arc::clone(services), set_security_headers))
}

async fn show_guide() -> Response {
    let mut response = Html(PAGE.as_str()).into_response();
    if let Some(policy) = POLICY.clone() {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

async fn show_picture(Path(name): Path<String>) -> Response {
    let Some((_, bytes)) = PICTURES.iter().find(|(picture, _)| *picture == name) else {
        return (StatusCode::NOT_FOUND, answer_unknown_path()).into_response();
    };
    let headers = [(CONTENT_TYPE, "image/png"), (CACHE_CONTROL, "max-age=3600")];
    (headers, *bytes).into_response()
}

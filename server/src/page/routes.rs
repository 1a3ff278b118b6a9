//! The page's routes: those of the app, its server functions, and what is shown where there is nothing.

use std::{env, sync::Arc};

use api::{
    Services, answer_unknown_path,
    web::{drain_unread_body, identify_visitor, log_failures, page_policy, require_same_origin, set_security_headers},
};
use app::{Backend, PostedForms, log::EXPORT};
use assets::Assets;
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{StatusCode, header::CONTENT_SECURITY_POLICY},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use leptos::{
    config::LeptosOptions,
    nonce::use_nonce,
    prelude::{provide_context, use_context},
};
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list, render_app_to_stream_with_context};
use tower_http::limit::RequestBodyLimitLayer;

use crate::compression;

use super::{
    exports::{export_csv, export_json_lines},
    permissions::require_permission,
    sign_in_guard::send_to_sign_in,
};

/// No form of the page is larger.
const MAX_FORM_BYTES: usize = 256 * 1024;

/// Everything that a browser asks for, but the assets.
pub(crate) fn router(services: &Services) -> Router {
    let options = leptos_options();
    let context = context(services, reload_port());
    let shell = {
        let options = options.clone();
        move || app::document(options.clone(), asset_names())
    };
    let not_found = render_app_to_stream_with_context(context.clone(), shell.clone());
    let fallback = move |request: Request| async move {
        if request.uri().path().starts_with("/api/") {
            return answer_unknown_path().into_response();
        }
        or_not_found(not_found(request).await)
    };
    let exports = Router::new()
        .route(&format!("{EXPORT}.csv"), get(export_csv))
        .route(&format!("{EXPORT}.jsonl"), get(export_json_lines))
        .with_state(Arc::clone(services));
    Router::new()
        .leptos_routes_with_context(&options, generate_route_list(app::App), context, shell)
        .fallback(fallback)
        .layer(compression::layer())
        .layer(from_fn(compression::only_reads))
        .merge(exports)
        .layer(RequestBodyLimitLayer::new(MAX_FORM_BYTES))
        .layer(from_fn(require_permission))
        .layer(from_fn(send_to_sign_in))
        .layer(from_fn_with_state(Arc::clone(services), require_same_origin))
        .layer(from_fn_with_state(Arc::clone(services), identify_visitor))
        .layer(from_fn_with_state(Arc::clone(services), set_security_headers))
        .layer(from_fn_with_state(Arc::clone(services), log_failures))
        .layer(from_fn(drain_unread_body))
        .with_state(options)
}

/// What the app finds in its context: the engine. A page also gets the policy for its own scripts.
fn context(services: &Services, reload_port: Option<u16>) -> impl Fn() + Clone + Send + Sync + 'static {
    let backend = Backend {
        engine: Arc::clone(&services.engine),
        public_url: services.public_url.as_str().to_owned(),
        cookie: services.cookie,
        posted_forms: PostedForms::default(),
    };
    move || {
        provide_context(backend.clone());
        let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else {
            return;
        };
        if let Some(policy) = page_policy(&nonce, reload_port) {
            response.insert_header(CONTENT_SECURITY_POLICY, policy);
        }
    }
}

/// The app shows its own words for what is not there, under the status that says so.
fn or_not_found(mut response: Response<Body>) -> Response<Body> {
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

fn asset_names() -> app::AssetNames {
    let names = Assets::names();
    app::AssetNames {
        js: names.js,
        wasm: names.wasm,
        css: names.css,
    }
}

fn leptos_options() -> LeptosOptions {
    let options = LeptosOptions::builder()
        .output_name("audit-streams")
        .site_root("target/site")
        .site_pkg_dir("pkg");
    options.reload_port(reload_port().unwrap_or(3001).into()).build()
}

/// Set while `cargo leptos watch` runs the server.
fn reload_port() -> Option<u16> {
    env::var_os("LEPTOS_WATCH")?;
    env::var("LEPTOS_RELOAD_PORT")
        .ok()
        .and_then(|port| port.parse().ok())
        .or(Some(3001))
}

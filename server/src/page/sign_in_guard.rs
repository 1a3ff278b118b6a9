//! Pages are for people who have signed in: others are sent to the sign-in page first and come back afterwards.

use app::model::local_path::LocalPath;
use axum::{
    extract::Request,
    http::{
        HeaderValue, Method, StatusCode, Uri,
        header::{ACCEPT, LOCATION},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::access::SignedIn;

pub(super) const SIGN_IN: &str = "/sign_in";

/// Middleware: redirects a browser that asks for a page at the wrong time. Data and server functions answer for
/// themselves.
pub(super) async fn send_to_sign_in(request: Request, next: Next) -> Response {
    let is_signed_in = request.extensions().get::<SignedIn>().is_some();
    match elsewhere(&request, is_signed_in) {
        Some(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        None => next.run(request).await,
    }
}

fn elsewhere(request: &Request, is_signed_in: bool) -> Option<HeaderValue> {
    let path = request.uri().path();
    if !asks_for_a_page(request) || (path == SIGN_IN) != is_signed_in {
        return None;
    }
    if is_signed_in {
        let return_to = return_to(request.uri()).unwrap_or_else(LocalPath::home);
        return HeaderValue::from_str(return_to.as_str()).ok();
    }
    let asked = request.uri().path_and_query().map_or("/", |asked| asked.as_str());
    let location = match LocalPath::parse(asked) {
        Some(path) if path != LocalPath::home() => {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("return_to", asked)
                .finish();
            format!("{SIGN_IN}?{query}")
        }
        _ => SIGN_IN.to_owned(),
    };
    HeaderValue::from_str(&location).ok()
}

fn asks_for_a_page(request: &Request) -> bool {
    let accepts = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    is_read && !request.uri().path().starts_with("/api/") && accepts.is_some_and(|accept| accept.contains("text/html"))
}

fn return_to(uri: &Uri) -> Option<LocalPath> {
    let mut pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
    pairs
        .find(|(name, _)| name == "return_to")
        .and_then(|(_, path)| LocalPath::parse(&path))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn sent_to(path: &str, is_signed_in: bool) -> Option<String> {
        let request = Request::builder()
            .uri(path)
            .header(ACCEPT, "text/html,*/*")
            .body(Body::empty())
            .unwrap();
        elsewhere(&request, is_signed_in).map(|location| location.to_str().unwrap().to_owned())
    }

    #[test]
    fn strangers_sign_in_first_and_come_back() {
        assert_eq!(sent_to("/", false).as_deref(), Some("/sign_in"));
        assert_eq!(
            sent_to("/admin/audit_logs?tab=log&event=7", false).as_deref(),
            Some("/sign_in?return_to=%2Fadmin%2Faudit_logs%3Ftab%3Dlog%26event%3D7")
        );
        assert_eq!(sent_to("/sign_in?return_to=%2Fx", false), None);
    }

    #[test]
    fn who_has_signed_in_does_not_do_so_again() {
        assert_eq!(sent_to("/admin/audit_logs", true), None);
        assert_eq!(sent_to("/sign_in", true).as_deref(), Some("/"));
        assert_eq!(sent_to("/sign_in?return_to=%2Fx%3Fy", true).as_deref(), Some("/x?y"));
        assert_eq!(
            sent_to("/sign_in?return_to=%2F%2Fevil.example", true).as_deref(),
            Some("/")
        );
    }

    #[test]
    fn only_a_browser_that_wants_a_page_is_sent_anywhere() {
        let plain = Request::builder().uri("/admin/audit_logs").body(Body::empty()).unwrap();
        assert!(elsewhere(&plain, false).is_none());
        assert_eq!(sent_to("/api/page/session/sign_in", false), None);
        let post = Request::builder()
            .method(Method::POST)
            .uri("/x")
            .header(ACCEPT, "text/html");
        assert!(elsewhere(&post.body(Body::empty()).unwrap(), false).is_none());
    }
}

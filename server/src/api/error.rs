//! The one shape of an error: `{"error": "<code>", "message": "<sentence>"}`, and for a refused event also its `index`
//! (from 0), its `field` (or null) and the `reason`. Codes are stable; sentences may change.

use std::borrow::Cow;

use axum::{
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::web::report_incident;

/// An answer that is an error.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    event: Option<RefusedEvent>,
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

/// Which event of a request was refused, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RefusedEvent {
    pub(crate) index: usize,
    pub(crate) field: Option<&'static str>,
    pub(crate) reason: Cow<'static, str>,
}

#[derive(Serialize)]
struct Shape<'error> {
    error: &'static str,
    message: &'error str,
    #[serde(flatten)]
    event: Option<&'error RefusedEvent>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            event: None,
            header: None,
        }
    }

    /// A failure of this server itself. It is logged here.
    pub(crate) fn internal(operation: &'static str, error: &dyn std::error::Error) -> Self {
        let code = report_incident(operation, error);
        let message = format!("Something went wrong on the server; its log says what, beside the code {code}.");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// Something that will be different in a while.
    pub(crate) fn with_retry_after(self, seconds: u32) -> Self {
        self.with_header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    pub(crate) fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self {
            header: Some(Box::new((name, value))),
            ..self
        }
    }

    pub(crate) fn with_event(self, event: RefusedEvent) -> Self {
        Self {
            event: Some(event),
            ..self
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let shape = Shape {
            error: self.code,
            message: &self.message,
            event: self.event.as_ref(),
        };
        // Strings and numbers always have a JSON form.
        let body = serde_json::to_string(&shape).unwrap_or_default();
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        let mut response = (self.status, headers, body).into_response();
        if let Some((name, value)) = self.header.map(|header| *header) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(error: ApiError) -> String {
        let body = axum::body::to_bytes(error.into_response().into_body(), 1_024)
            .await
            .unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn every_error_has_a_code_and_a_sentence() {
        let error = ApiError::new(StatusCode::FORBIDDEN, "forbidden", "Not you.").with_retry_after(7);
        let response = error.clone().into_response();
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(response.headers()[RETRY_AFTER], "7");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        assert_eq!(text(error).await, r#"{"error":"forbidden","message":"Not you."}"#);
    }

    #[tokio::test]
    async fn a_refused_event_says_which_and_why() {
        let event = RefusedEvent {
            index: 3,
            field: None,
            reason: "too deep".into(),
        };
        let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_event", "Event 3.").with_event(event);
        assert_eq!(
            text(error).await,
            r#"{"error":"invalid_event","message":"Event 3.","index":3,"field":null,"reason":"too deep"}"#
        );
    }
}

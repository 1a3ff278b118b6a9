//! All errors are problem documents (RFC 9457), `application/problem+json`.
//!
//! `code` is stable; messages may change. `error` and `message` are the same as `code` and `detail`, under the names that ingest
//! used before there were problem documents. A rejected event also has its `index` (from 0), its `field` (or null) and the
//! `reason`; a rejected request has `errors`, one for each invalid field.

use std::borrow::Cow;

use axum::{
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{limits::RateHeaders, web::report_incident};

/// The content type of errors.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// An error response.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    more: Box<More>,
}

/// Parts that few errors have.
#[derive(Clone, Debug, Default)]
struct More {
    event: Option<RefusedEvent>,
    fields: Vec<RefusedField>,
    headers: Vec<(HeaderName, HeaderValue)>,
    rate: RateHeaders,
}

/// The invalid event of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusedEvent {
    pub(crate) index: usize,
    pub(crate) field: Option<&'static str>,
    pub(crate) reason: Cow<'static, str>,
}

/// An invalid field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct RefusedField {
    /// Path of the field in the request: `name`, `http.headers[2].value`.
    #[schema(example = "http.url")]
    pub(crate) field: String,
    #[schema(example = "Destination url has already been taken")]
    pub(crate) message: String,
}

/// The error of a request.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Problem<'error> {
    #[schema(example = "about:blank")]
    r#type: &'static str,
    /// Reason phrase of the status.
    #[schema(example = "Unprocessable Entity")]
    title: &'static str,
    #[schema(example = 422)]
    status: u16,
    /// Message for people. It may change.
    #[schema(example = "Destination url has already been taken")]
    detail: &'error str,
    /// Stable code for programs.
    #[schema(example = "invalid")]
    code: &'static str,
    /// Same as `code`.
    #[schema(example = "invalid")]
    error: &'static str,
    /// Same as `detail`.
    #[schema(example = "Destination url has already been taken")]
    message: &'error str,
    /// Index of the invalid event in the request, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    index: Option<usize>,
    /// The invalid field of that event. Null if the whole event is invalid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    field: Option<Option<&'static str>>,
    /// The validation rule that the event violates.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<&'error str>,
    /// The invalid fields of the request.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    errors: &'error [RefusedField],
}

impl ApiError {
    /// An error with a code and a message.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            more: Box::default(),
        }
    }

    /// An internal error. It is logged here.
    pub(crate) fn internal(operation: &'static str, error: &dyn std::error::Error) -> Self {
        Self::incident(&report_incident(operation, error))
    }

    /// An internal error that is already logged under this code.
    pub(crate) fn incident(code: &str) -> Self {
        let message = format!("Internal error. The server log has details under the code {code}.");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// Validation errors. The message joins those of the fields.
    pub(crate) fn invalid(fields: Vec<RefusedField>) -> Self {
        let messages: Vec<&str> = fields.iter().map(|field| field.message.as_str()).collect();
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", messages.join("; "));
        error.more.fields = fields;
        error
    }

    /// Adds `Retry-After`.
    pub(crate) fn with_retry_after(self, seconds: u32) -> Self {
        self.with_header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds a header.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.more.headers.push((name, value));
        self
    }

    /// Adds the invalid event.
    pub(crate) fn with_event(mut self, event: RefusedEvent) -> Self {
        self.more.event = Some(event);
        self
    }

    /// Adds the rate headers.
    pub(crate) fn with_rate(mut self, rate: RateHeaders) -> Self {
        self.more.rate = rate;
        self
    }

    /// The status of the response.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// The message.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The invalid fields.
    #[cfg(test)]
    pub(crate) fn fields(&self) -> &[RefusedField] {
        &self.more.fields
    }

    /// The response with a different body.
    pub(crate) fn into_response_with(self, content_type: &'static str, body: String) -> Response {
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        let mut response = (self.status, headers, body).into_response();
        response.headers_mut().extend(self.more.headers);
        self.more.rate.set(response.headers_mut());
        response
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let event = self.more.event.as_ref();
        let problem = Problem {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: &self.message,
            code: self.code,
            error: self.code,
            message: &self.message,
            index: event.map(|event| event.index),
            field: event.map(|event| event.field),
            reason: event.map(|event| &*event.reason),
            errors: &self.more.fields,
        };
        // Strings and numbers always have a JSON form.
        let body = serde_json::to_string(&problem).unwrap_or_default();
        self.into_response_with(PROBLEM_JSON, body)
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
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert_eq!(
            text(error).await,
            r#"{"type":"about:blank","title":"Forbidden","status":403,"detail":"Not you.","code":"forbidden","error":"forbidden","message":"Not you."}"#
        );
    }

    #[tokio::test]
    async fn a_refused_event_says_which_and_why() {
        let event = RefusedEvent {
            index: 3,
            field: None,
            reason: "too deep".into(),
        };
        let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_event", "Event 3.").with_event(event);
        let text = text(error).await;
        assert!(
            text.ends_with(r#""message":"Event 3.","index":3,"field":null,"reason":"too deep"}"#),
            "{text}"
        );
    }

    #[tokio::test]
    async fn every_refused_field_is_told() {
        let field = |field: &str, message: &str| RefusedField {
            field: field.into(),
            message: message.into(),
        };
        let error = ApiError::invalid(vec![field("name", "No name"), field("http.url", "No URL")]);
        let text = text(error).await;
        assert!(
            text.contains(r#""status":422,"detail":"No name; No URL","code":"invalid""#),
            "{text}"
        );
        let errors = r#""errors":[{"field":"name","message":"No name"},{"field":"http.url","message":"No URL"}]}"#;
        assert!(text.ends_with(errors), "{text}");
    }
}

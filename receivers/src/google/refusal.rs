//! Google's refusals, worded as Google does.
//! <https://cloud.google.com/apis/design/errors>

use serde_json::{Value, json};

use super::status::Code;
use crate::fault::{Answer, Fault};

pub(super) const NOT_PERMITTED: &str =
    "Permission 'logging.logEntries.create' denied on resource (or it may not exist).";

const TOO_LARGE: &str = "<!DOCTYPE html>\n<html lang=en>\n<title>Error 413 (Request Entity Too Large)!!1</title>\n<p>\
                         Your client issued a request that was too large.\n</html>\n";

const JSON: &str = "application/json; charset=UTF-8";

/// A refusal of a write with which the double can be set to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 403: the service account lacks the role.
    PermissionDenied,
    /// 403: the project has not enabled the API.
    ServiceDisabled,
    /// 429, with the wait in `RetryInfo` and in `Retry-After`, each if it is given; in seconds.
    QuotaExceeded {
        retry_info: Option<u32>,
        retry_after: Option<u32>,
    },
    /// 401
    Unauthenticated,
    /// 413, a page of HTML as Google's front end sends it.
    TooLarge,
    /// 500
    Internal,
    /// 503
    Unavailable,
    /// Anything else, without details.
    Other { code: Code, message: String },
}

impl Refusal {
    /// From its name in snake case; a quota asks to wait for 30 seconds.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "permission_denied" => Self::PermissionDenied,
            "service_disabled" => Self::ServiceDisabled,
            "quota_exceeded" => Self::QuotaExceeded {
                retry_info: Some(30),
                retry_after: Some(30),
            },
            "unauthenticated" => Self::Unauthenticated,
            "too_large" => Self::TooLarge,
            "internal" => Self::Internal,
            "unavailable" => Self::Unavailable,
            _ => return None,
        })
    }

    pub(super) fn into_answer(self) -> Answer {
        match self {
            Self::PermissionDenied => error(Code::PermissionDenied, NOT_PERMITTED, json!([not_permitted()])),
            Self::ServiceDisabled => service_disabled(),
            Self::QuotaExceeded {
                retry_info,
                retry_after,
            } => quota_exceeded(retry_info, retry_after),
            Self::Unauthenticated => error(
                Code::Unauthenticated,
                "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other \
                 valid authentication credential. See \
                 https://developers.google.com/identity/sign-in/web/devconsole-project.",
                json!([no_credentials("ACCESS_TOKEN_EXPIRED")]),
            )
            .with_header(
                "www-authenticate",
                "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"",
            ),
            Self::TooLarge => Answer::new(413, "text/html; charset=UTF-8", TOO_LARGE.to_owned()),
            Self::Internal => error(Code::Internal, "Internal error encountered.", json!([])),
            Self::Unavailable => error(Code::Unavailable, "The service is currently unavailable.", json!([])),
            Self::Other { code, message } => error(code, &message, json!([])),
        }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Answer(refusal.into_answer())
    }
}

/// A refusal of an assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRefusal {
    /// 400 `invalid_grant`
    InvalidGrant(String),
    /// 400 `invalid_scope`
    InvalidScope,
    /// 400 `unsupported_grant_type`
    UnsupportedGrantType,
    /// 400 `invalid_request`
    InvalidRequest(String),
    /// 503
    Unavailable,
}

impl TokenRefusal {
    pub(super) fn into_answer(self) -> Answer {
        let (status, code, description) = match self {
            Self::InvalidGrant(why) => (400, "invalid_grant", why),
            Self::InvalidScope => (
                400,
                "invalid_scope",
                "Invalid OAuth scope or ID token audience provided.".to_owned(),
            ),
            Self::UnsupportedGrantType => (400, "unsupported_grant_type", "Invalid grant_type".to_owned()),
            Self::InvalidRequest(why) => (400, "invalid_request", why),
            Self::Unavailable => (503, "backend_error", "The service is currently unavailable.".to_owned()),
        };
        let body = json!({"error": code, "error_description": description});
        Answer::new(status, "application/json; charset=utf-8", body.to_string())
    }
}

impl From<TokenRefusal> for Fault {
    fn from(refusal: TokenRefusal) -> Self {
        Self::Answer(refusal.into_answer())
    }
}

/// The body of every error of a Google API. `details` is an array; an empty one is left out.
pub(super) fn error(code: Code, message: &str, details: Value) -> Answer {
    let mut error = json!({"code": code.http(), "message": message, "status": code.name()});
    if details.as_array().is_some_and(|details| !details.is_empty()) {
        error["details"] = details;
    }
    Answer::new(code.http(), JSON, format!("{:#}", json!({"error": error})))
}

/// No `Authorization` at all.
pub(super) fn no_token() -> Answer {
    error(
        Code::Unauthenticated,
        "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other \
         valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        json!([no_credentials("CREDENTIALS_MISSING")]),
    )
    .with_header("www-authenticate", "Bearer realm=\"https://accounts.google.com/\"")
}

/// `google.rpc.ErrorInfo` of a role that is missing.
pub(super) fn not_permitted() -> Value {
    json!({
        "@type": ERROR_INFO,
        "reason": "IAM_PERMISSION_DENIED",
        "domain": "iam.googleapis.com",
        "metadata": {"permission": "logging.logEntries.create"},
    })
}

const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";

fn no_credentials(reason: &str) -> Value {
    json!({
        "@type": ERROR_INFO,
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {
            "service": "logging.googleapis.com",
            "method": "google.logging.v2.LoggingServiceV2.WriteLogEntries",
        },
    })
}

fn service_disabled() -> Answer {
    let url = "https://console.developers.google.com/apis/api/logging.googleapis.com/overview?project=123456789012";
    let message = format!(
        "Cloud Logging API has not been used in project 123456789012 before or it is disabled. Enable it by visiting \
         {url} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our \
         systems and retry."
    );
    let details = json!([
        {
            "@type": ERROR_INFO,
            "reason": "SERVICE_DISABLED",
            "domain": "googleapis.com",
            "metadata": {
                "service": "logging.googleapis.com",
                "serviceTitle": "Cloud Logging API",
                "consumer": "projects/123456789012",
                "containerInfo": "123456789012",
                "activationUrl": url,
            },
        },
        {
            "@type": "type.googleapis.com/google.rpc.Help",
            "links": [{"description": "Google developers console API activation", "url": url}],
        },
    ]);
    error(Code::PermissionDenied, &message, details)
}

fn quota_exceeded(retry_info: Option<u32>, retry_after: Option<u32>) -> Answer {
    let mut details = vec![json!({
        "@type": ERROR_INFO,
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": {
            "consumer": "projects/123456789012",
            "quota_limit": "WriteRequestsPerMinutePerProject",
            "quota_limit_value": "120000",
            "quota_location": "global",
            "quota_metric": "logging.googleapis.com/write_requests",
            "service": "logging.googleapis.com",
        },
    })];
    if let Some(seconds) = retry_info {
        let delay = format!("{seconds}s");
        details.push(json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}));
    }
    let answer = error(
        Code::ResourceExhausted,
        "Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute' of service \
         'logging.googleapis.com' for consumer 'project_number:123456789012'.",
        Value::Array(details),
    );
    match retry_after {
        None => answer,
        Some(seconds) => answer.with_header("retry-after", seconds.to_string()),
    }
}

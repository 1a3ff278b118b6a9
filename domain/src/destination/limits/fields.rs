//! The fields about limits.

use crate::{
    Field,
    destination::{FieldSpec, Input},
    health::Concurrency,
};

/// In seconds.
pub(super) const TIMEOUT_BOUNDS: (u32, u32) = (1, 120);
pub(super) const CONCURRENCY_BOUNDS: (u32, u32) = (1, Concurrency::MOST);
/// Per second; 0 is no limit.
pub(super) const RATE_BOUNDS: (u32, u32) = (0, 10_000);
/// Of a list of status codes.
pub(super) const MAX_CHARS: usize = 200;

const GROUP: Option<&str> = Some("Limits and retries");

/// A kind gives it its default.
pub(in crate::destination) const REQUEST_TIMEOUT: FieldSpec = FieldSpec {
    hint: "How long to wait for the complete response to a request, 1 to 120 seconds. Connecting may take up to 5 seconds of it, or 15 through a proxy.",
    description: "How long to wait for the complete response to a request, in seconds. Connecting counts, and may take at most 5 seconds, or 15 through a proxy. \
                  A request that takes longer has failed.",
    example: "10",
    input: number(TIMEOUT_BOUNDS),
    ..option(
        Field::RequestTimeout,
        "request_timeout_seconds",
        "requestTimeoutSeconds",
        "Request timeout (s)",
    )
};

pub(in crate::destination) const MAX_CONCURRENCY: FieldSpec = FieldSpec {
    hint: "Upper limit on the requests in flight, 1 to 256. Below it, their number adapts to the destination.",
    description: "Upper limit on the requests in flight to the destination, replays included. Below it, their number adapts to the latency and the \
                  failures of the destination. A stream that sends batches one after the other has one request in flight.",
    example: "16",
    input: number(CONCURRENCY_BOUNDS),
    default: "256",
    ..option(
        Field::MaxConcurrency,
        "max_concurrent_requests",
        "maxConcurrentRequests",
        "Maximum concurrent requests",
    )
};

pub(in crate::destination) const MAX_RATE: FieldSpec = FieldSpec {
    hint: "Up to 10000, replays included. Leave empty for no limit.",
    description: "Maximum number of requests per second to the destination, replays included. An attempt counts as one request, even if it takes \
                  several, for example for an access token. Null or 0 for no limit.",
    example: "50",
    input: number(RATE_BOUNDS),
    ..option(
        Field::MaxRate,
        "max_requests_per_second",
        "maxRequestsPerSecond",
        "Maximum requests per second",
    )
};

pub(in crate::destination) const RETRY_STATUSES: FieldSpec = FieldSpec {
    hint: "Codes and ranges, for example 409, 423. The stream backs off at these and sends the event again, as it does at 5xx.",
    description: "Status codes and ranges at which the stream backs off and sends the event again, in addition to the default ones, for example \
                  `409, 420-425`. Not 1xx, 2xx and 413. Null for none.",
    placeholder: "409, 423",
    ..statuses(
        Field::RetryStatuses,
        "retry_status_codes",
        "retryStatusCodes",
        "Status codes to retry",
    )
};

pub(in crate::destination) const REJECT_STATUSES: FieldSpec = FieldSpec {
    hint: "Codes and ranges, for example 500, 503. These reject the event, as 400 does: it is retried separately, and the stream continues.",
    description: "Status codes and ranges that reject an event, in addition to the default ones, for example `500, 503`. Not 1xx, 2xx, 3xx, 401, 403, 407, \
                  429, 495 and 496. Null for none.",
    placeholder: "500, 503",
    ..statuses(
        Field::RejectStatuses,
        "reject_status_codes",
        "rejectStatusCodes",
        "Status codes to reject",
    )
};

const fn statuses(field: Field, api_key: &'static str, gitlab_key: &'static str, label: &'static str) -> FieldSpec {
    FieldSpec {
        example: "409, 500-503",
        max_chars: Some(MAX_CHARS),
        ..option(field, api_key, gitlab_key, label)
    }
}

/// A field that GitLab does not have, and that is rarely needed.
const fn option(field: Field, api_key: &'static str, gitlab_key: &'static str, label: &'static str) -> FieldSpec {
    FieldSpec {
        gitlab_key: Some(gitlab_key),
        is_addition: true,
        is_required: false,
        group: GROUP,
        ..FieldSpec::new(field, api_key, label)
    }
}

const fn number((min, max): (u32, u32)) -> Input {
    Input::Number { min, max }
}

//! `POST /api/v1/audit_events`: ingests audit events. Status 201 means that all of them are stored on disk.

mod counters;
mod documented;

use std::time::Instant;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, Request, StatusCode, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Response},
};
use domain::event::{BodyError, EventError, EventId};
use engine::{IngestError, credentials::Wait, log::AppendError, log::Appended};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use self::counters::{AcceptedCounts, IngestCounters, Refusal};
use crate::{
    auth::{authorise_ingest, peer_of},
    body::{drain, read_body},
    error::{ApiError, RefusedEvent},
    idempotency::idempotency_key,
    limits::RateHeaders,
    services::Services,
    web::Peer,
};

/// The route of ingest.
pub(crate) fn route() -> OpenApiRouter<Services> {
    OpenApiRouter::default().routes(routes!(post_audit_events))
}

/// The response to stored events.
#[derive(Serialize, ToSchema)]
struct Accepted<'events> {
    /// Ids of the events, in the order of the request.
    #[schema(value_type = Vec<String>)]
    ids: &'events [EventId],
    /// Number of new events. The others were already stored.
    stored: usize,
    /// Events that were not stored, because a different event is stored under their id. Omitted if empty.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    conflicts: Vec<Conflict<'events>>,
}

/// An event whose id is already used for a different event of the same source.
#[derive(Serialize, ToSchema)]
struct Conflict<'events> {
    /// Index of the event in the request, from 0.
    index: usize,
    #[schema(value_type = String)]
    id: &'events EventId,
}

/// Post audit events
///
/// Stores one event, an array of events, or one event per line, optionally compressed with gzip, deflate or zstd. If one event is
/// invalid, no event is stored. A request can have at most 10,000 events and 25 MiB, and an event at most 1 MiB
/// (`AUDIT_STREAMS_EVENT_SIZE_LIMIT`). An event with an `id` is stored once, however often it is posted; if its content differs
/// from the stored event, it is listed in `conflicts`. With an `Idempotency-Key`, events without an `id` are also stored once when
/// the same request is repeated.
#[utoipa::path(post, path = "/api/v1/audit_events", tag = "Audit events",
    request_body(description = "JSON. The content type is ignored, except that multipart forms are rejected", content(
        (inline(documented::Posted) = "application/json"),
        (String = "application/x-ndjson"),
    )),
    params(("Idempotency-Key" = Option<String>, Header, description = "Unique key of the request: 1 to 255 printable ASCII \
        characters",
        example = "9f1c1c2e-6c1d-4f0e-8a55-0b6f7d3c9b21")),
    responses(
        (status = 201, description = "All events are stored on disk", body = Accepted),
        (status = 400, description = "The request body is incomplete, or `Idempotency-Key` is invalid"),
        (status = 408, description = "The request body did not arrive in time"),
        (status = 413, description = "There are too many events, or they are too large"),
        (status = 415, description = "The content encoding or content type is not supported"),
        (status = 422, description = "An event is invalid: see `index`, `field` and `reason`"),
        (status = 503, description = "The server cannot store events now. No event of the request was stored. Retry after the \
                                      number of seconds in `Retry-After`"),
    ),
)]
pub(crate) async fn post_audit_events(State(services): State<Services>, request: Request<Body>) -> Response {
    let (head, mut body) = request.into_parts();
    match ingest(&services, &head, &mut body).await {
        Ok((appended, rate)) => answer(&appended, rate),
        Err(error) => {
            services.ingest_counters.refused(&error);
            log_refusal(&services, &head, &error);
            drain(&mut body, error.status()).await;
            error.into_response()
        }
    }
}

async fn ingest(services: &Services, head: &Parts, body: &mut Body) -> Result<(Appended, RateHeaders), ApiError> {
    let started = Instant::now();
    let peer = peer_of(head)?;
    let token = authorise_ingest(services, peer, head).await?;
    let rate = || services.ingest_rate.headers(token.id, services.engine.clock().now());
    let checked = services.ingest_rate.check(token.id);
    checked.map_err(|wait| too_fast(wait).with_rate(rate()))?;
    let arrived = read_body(&head.headers, body, services.large_bodies.of(token.id)).await?;
    let (engine, bytes) = (&services.engine, arrived.bytes.len());
    let appended = match idempotency_key(&head.headers)? {
        Some(key) => engine.ingest_once(&token.name, &key, arrived.bytes).await,
        None => engine.ingest(&token.name, arrived.bytes).await,
    };
    let appended = appended.map_err(refuse)?;
    services.ingest_counters.accepted(&appended, bytes, started.elapsed());
    log_conflicts(services, &token.name, &appended);
    drop(arrived.permit);
    services.ingest_rate.charge(token.id, appended.ids.len());
    Ok((appended, rate()))
}

fn answer(appended: &Appended, rate: RateHeaders) -> Response {
    let conflict = |index: &usize| {
        let id = appended.ids.get(*index)?;
        Some(Conflict { index: *index, id })
    };
    let accepted = Accepted {
        ids: &appended.ids,
        stored: appended.stored,
        conflicts: appended.conflicts.iter().filter_map(conflict).collect(),
    };
    // Strings and numbers always have a JSON form.
    let body = serde_json::to_vec(&accepted).unwrap_or_default();
    let content_type = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    let mut response = (StatusCode::CREATED, content_type, body).into_response();
    rate.set(response.headers_mut());
    response
}

fn log_conflicts(services: &Services, source: &str, appended: &Appended) {
    let first = appended.conflicts.first().and_then(|index| appended.ids.get(*index));
    if let Some(first_id) = first.filter(|_| services.refusal_log.admits("conflict").is_some()) {
        tracing::warn!(
            source,
            conflicts = appended.conflicts.len(),
            %first_id,
            "Events were not stored: other events with different content are stored under their ids."
        );
    }
}

fn log_refusal(services: &Services, head: &Parts, error: &ApiError) {
    let (status, code) = (error.status().as_u16(), error.code());
    let Some(left_out) = services.refusal_log.admits(code) else {
        return;
    };
    let peer = head.extensions.get::<Peer>();
    let client = peer.map(|peer| {
        services
            .trusted_proxies
            .client_address(*peer, &head.headers)
            .to_string()
    });
    if error.status().is_server_error() {
        tracing::warn!(status, code, client, left_out, "An ingest request failed.");
    } else {
        tracing::info!(status, code, client, left_out, "An ingest request was rejected.");
    }
}

fn too_fast(wait: Wait) -> ApiError {
    let message = "This API token has exceeded its limit of events per second.";
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message).with_retry_after(wait.seconds())
}

fn refuse(error: IngestError) -> ApiError {
    match error {
        IngestError::Body(error) => refuse_body(error),
        IngestError::Event { index, error } => refuse_event(index, error),
        IngestError::Append(error) => unavailable(error),
    }
}

fn refuse_body(error: BodyError) -> ApiError {
    match error {
        BodyError::TooManyEvents => {
            let message = "A request can have at most 10,000 events. Send the events in several requests.";
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_events", message)
        }
        BodyError::NotJson { index, reason } => refuse_event(
            index,
            EventError {
                field: None,
                reason: reason.into(),
            },
        ),
        BodyError::NotUtf8 { index, field } => refuse_event(
            index,
            EventError {
                field,
                reason: "is not valid UTF-8".into(),
            },
        ),
        BodyError::Empty => ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_body",
            sentence(&error.to_string()),
        ),
    }
}

fn refuse_event(index: usize, error: EventError) -> ApiError {
    let message = match error.field {
        Some(field) => format!(
            "Event {index}: {field} {}. No event of the request was stored.",
            error.reason
        ),
        None => format!("Event {index}: {}. No event of the request was stored.", error.reason),
    };
    let event = RefusedEvent {
        index,
        field: error.field,
        reason: error.reason,
    };
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_event", message).with_event(event)
}

/// The events are valid and should be sent again. The times are estimates.
fn unavailable(error: AppendError) -> ApiError {
    let (code, message, seconds) = match error {
        AppendError::Busy => ("log_busy", "The queue of events to be written is full.", 1),
        AppendError::Full => (
            "log_full",
            "The log is full: it holds events that have not been delivered to every destination yet.",
            60,
        ),
        AppendError::DiskFull => ("disk_full", "The disk of the server is full.", 30),
        AppendError::Failed => ("log_failed", "The log could not be written.", 5),
        AppendError::Stopped => ("shutting_down", "The server is shutting down.", 5),
    };
    let message = [
        message,
        " Retry the request; events with their own ids are stored once.",
    ]
    .concat();
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, code, message).with_retry_after(seconds)
}

/// Makes a sentence: a capital letter first, a full stop at the end.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).chain(['.']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_of_the_log_asks_to_unavailable() {
        for (error, code) in [
            (AppendError::Busy, "log_busy"),
            (AppendError::Full, "log_full"),
            (AppendError::DiskFull, "disk_full"),
            (AppendError::Failed, "log_failed"),
            (AppendError::Stopped, "shutting_down"),
        ] {
            let refused = refuse(IngestError::Append(error));
            assert_eq!(
                (refused.status(), refused.code()),
                (StatusCode::SERVICE_UNAVAILABLE, code)
            );
            assert!(refused.into_response().headers().contains_key("retry-after"));
        }
    }

    #[test]
    fn each_fault_of_a_body_has_its_status() {
        let not_json = BodyError::NotJson {
            index: 2,
            reason: "is not valid JSON: x".into(),
        };
        for (error, status, code) in [
            (
                BodyError::TooManyEvents,
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_many_events",
            ),
            (not_json, StatusCode::UNPROCESSABLE_ENTITY, "invalid_event"),
            (BodyError::Empty, StatusCode::UNPROCESSABLE_ENTITY, "invalid_body"),
            (
                BodyError::NotUtf8 {
                    index: 1,
                    field: Some("author_name"),
                },
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_event",
            ),
        ] {
            let refused = refuse(IngestError::Body(error));
            assert_eq!((refused.status(), refused.code()), (status, code));
        }
    }
}

//! Connection tests of stored and new destinations.

use axum::{Extension, Json, extract::State};
use domain::{connection_test, destination::StreamState};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::fields::{failed_of, refuse_of},
    by_kind::ByKind,
    change::DestinationChange,
    find,
    input::NewDestinationInput,
};
use crate::{
    auth::Caller,
    error::ApiError,
    input::{InBody, InOptionalBody, InPath},
    services::Services,
};

/// Result of a connection test. Secrets are masked: `••••`.
#[derive(Serialize, ToSchema)]
pub(super) struct TestReportView {
    /// Whether the test event was accepted.
    accepted: bool,
    /// Summary of the result.
    #[schema(example = "The receiver answered 401 Unauthorized.")]
    summary: String,
    /// What to do about a failure. Null if the event was accepted.
    #[schema(example = "Check that the endpoint listens at exactly this URL.")]
    next_step: Option<String>,
    /// The `id` of the test event.
    event_id: String,
    /// Duration in microseconds.
    duration_us: u64,
    /// Requests in the order in which they were sent. For Google, the first one gets an access token.
    requests: Vec<TestedRequestView>,
}

/// A request of a connection test.
#[derive(Serialize, ToSchema)]
struct TestedRequestView {
    purpose: connection_test::Purpose,
    stages: Vec<connection_test::Stage>,
    /// The request as it was sent, or would have been sent. Null if it could not be created.
    request: Option<SentRequestView>,
    /// Null if there was no response.
    answer: Option<connection_test::TestAnswer>,
}

/// A request, with secrets masked.
#[derive(Serialize, ToSchema)]
struct SentRequestView {
    #[schema(example = "POST")]
    method: String,
    #[schema(example = "https://siem.example.com/events")]
    url: String,
    headers: Vec<connection_test::SentHeader>,
    /// Start of the body. Null if it is not shown.
    body: Option<String>,
    /// Size of a body that is not shown.
    hidden_bytes: Option<u64>,
}

/// Test a destination before it is added
///
/// Sends one event of type `audit_event_stream_test`, which is not stored in the log and ignores the filters, and reports each
/// stage. Only an audit event about the test is stored. A test takes at most as long as a delivery attempt.
#[utoipa::path(post, path = "/api/v1/destinations/test", tag = "Destinations", request_body = NewDestinationInput,
    responses(
        (status = 200, description = "Result of the test, also if it failed", body = TestReportView),
        (status = 422, description = "A field is invalid"),
        (status = 503, description = "Four tests are already running"),
    ),
)]
pub(super) async fn test_new_destination(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InBody(input): InBody<ByKind<NewDestinationInput>>,
) -> Result<Json<TestReportView>, ApiError> {
    let (draft, _) = input.into_draft()?;
    let kind = draft.kind();
    let settings = draft.parse_new().map_err(|errors| refuse_of(kind, &errors))?;
    let tested = services.engine.test_destination(&caller.author, settings, None).await;
    Ok(Json(tested.map_err(|error| failed_of(kind, error))?.into()))
}

/// Test a destination
///
/// Tests a stored destination as it is, or with changes, which are not saved. Omitted fields, including secrets, have their stored
/// values. The stream is not affected.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/test", tag = "Destinations", request_body = Option<DestinationChange>,
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 200, description = "Result of the test, also if it failed", body = TestReportView),
        (status = 404, description = "The destination does not exist"),
        (status = 422, description = "A field is invalid"),
        (status = 503, description = "Four tests are already running"),
    ),
)]
pub(super) async fn test_destination(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    InOptionalBody(change): InOptionalBody<ByKind<DestinationChange>>,
) -> Result<Json<TestReportView>, ApiError> {
    let stored = find(&services.engine, id).await?.destination;
    let mut draft = stored.draft();
    let kind = draft.kind();
    if let Some(change) = change {
        change.check(&stored)?;
        let applied = change.apply(&mut draft, &mut StreamState::default());
        applied.map_err(|errors| refuse_of(kind, &errors))?;
    }
    let settings = draft.parse_change().map_err(|errors| refuse_of(kind, &errors))?;
    let tested = services
        .engine
        .test_destination(&caller.author, settings, Some(stored.id))
        .await;
    Ok(Json(tested.map_err(|error| failed_of(kind, error))?.into()))
}

impl From<connection_test::TestReport> for TestReportView {
    fn from(report: connection_test::TestReport) -> Self {
        Self {
            accepted: report.verdict.accepted,
            summary: report.verdict.summary,
            next_step: report.verdict.next_step,
            event_id: report.event_id,
            duration_us: report.took_us,
            requests: report.requests.into_iter().map(TestedRequestView::from).collect(),
        }
    }
}

impl From<connection_test::TestedRequest> for TestedRequestView {
    fn from(tested: connection_test::TestedRequest) -> Self {
        Self {
            purpose: tested.purpose,
            stages: tested.stages,
            request: tested.sent.map(SentRequestView::from),
            answer: tested.answer,
        }
    }
}

impl From<connection_test::SentRequest> for SentRequestView {
    fn from(sent: connection_test::SentRequest) -> Self {
        let (body, hidden_bytes) = match sent.body {
            connection_test::SentBody::Text(text) => (Some(text), None),
            connection_test::SentBody::Hidden(bytes) => (None, Some(bytes)),
        };
        Self {
            method: sent.method,
            url: sent.url,
            headers: sent.headers,
            body,
            hidden_bytes,
        }
    }
}

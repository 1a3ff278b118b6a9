//! Sending a test event, to what is stored or to what might be.

use axum::{Extension, Json, extract::State};
use domain::{connection_test, destination::StreamState};
use serde::Serialize;
use utoipa::ToSchema;

use super::{super::fields::refuse, by_kind::ByKind, change::DestinationChange, find, input::NewDestinationInput};
use crate::{
    auth::Caller,
    destinations::draft_of,
    error::ApiError,
    input::{InBody, InOptionalBody, InPath},
    services::Services,
};

/// How a test went. Secrets are masked: `••••`.
#[derive(Serialize, ToSchema)]
pub(super) struct TestReportView {
    /// Whether the test event was accepted.
    accepted: bool,
    /// What happened, in one sentence.
    #[schema(example = "The receiver answered 401 Unauthorized.")]
    summary: String,
    /// What to do about it; null if it was accepted.
    #[schema(example = "Check that the receiver listens at exactly this URL.")]
    next_step: Option<String>,
    /// The `id` of the test event.
    event_id: String,
    /// In microseconds.
    duration_us: u64,
    /// In the order in which they were made: Google is asked for an access token first.
    requests: Vec<TestedRequestView>,
}

/// A request of a test.
#[derive(Serialize, ToSchema)]
struct TestedRequestView {
    purpose: connection_test::Purpose,
    stages: Vec<connection_test::Stage>,
    /// As it was sent, or would have been; null if it could not be made.
    request: Option<SentRequestView>,
    /// Null if there was none.
    answer: Option<connection_test::TestAnswer>,
}

/// A request without its secrets.
#[derive(Serialize, ToSchema)]
struct SentRequestView {
    #[schema(example = "POST")]
    method: String,
    #[schema(example = "https://siem.example.com/events")]
    url: String,
    headers: Vec<connection_test::SentHeader>,
    /// Its start; null if it is not shown.
    body: Option<String>,
    /// Of a body that is not shown.
    hidden_bytes: Option<u64>,
}

/// Test a destination before it is added
///
/// Sends one event of type `audit_event_stream_test` that stands in no log, whatever event types and namespaces are chosen, and tells
/// each stage. Nothing is stored but the audit event that tells of the test. It takes as long as an attempt to deliver may.
#[utoipa::path(post, path = "/api/v1/destinations/test", tag = "Destinations", request_body = NewDestinationInput,
    responses(
        (status = 200, description = "How it went, also if it failed", body = TestReportView),
        (status = 422, description = "A field is not right"),
        (status = 503, description = "Four tests are running already"),
    ),
)]
pub(super) async fn test_new_destination(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InBody(input): InBody<ByKind<NewDestinationInput>>,
) -> Result<Json<TestReportView>, ApiError> {
    let (draft, _) = input.into_draft()?;
    let settings = draft.parse_new().map_err(|errors| refuse(&errors))?;
    let tested = services.engine.test_destination(&caller.author, settings, None).await?;
    Ok(Json(tested.into()))
}

/// Test a destination
///
/// The same for one that is stored: as it is, or with changes, which are not stored. What the changes leave out, secrets too, is as it is
/// stored. Its stream goes on as it was.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/test", tag = "Destinations", request_body = Option<DestinationChange>,
    params(("id" = i64, Path, description = "The destination's id", minimum = 1)),
    responses(
        (status = 200, description = "How it went, also if it failed", body = TestReportView),
        (status = 404, description = "There is no such destination"),
        (status = 422, description = "A field is not right"),
        (status = 503, description = "Four tests are running already"),
    ),
)]
pub(super) async fn test_destination(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    InOptionalBody(change): InOptionalBody<ByKind<DestinationChange>>,
) -> Result<Json<TestReportView>, ApiError> {
    let stored = find(&services.engine, id).await?.destination;
    let mut draft = draft_of(&stored);
    if let Some(change) = change {
        change.check(&stored)?;
        let applied = change.apply(&mut draft, &mut StreamState::default());
        applied.map_err(|errors| refuse(&errors))?;
    }
    let settings = draft.parse_change().map_err(|errors| refuse(&errors))?;
    let tested = services
        .engine
        .test_destination(&caller.author, settings, Some(stored.id))
        .await?;
    Ok(Json(tested.into()))
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

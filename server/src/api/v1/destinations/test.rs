//! Sending a test event, to what is stored or to what might be.

use axum::{Extension, Json, extract::State};
use domain::{destination::Flow, probe};
use engine::admin::AdminError;
use serde::Serialize;
use utoipa::ToSchema;

use super::{super::fields::refuse, change::DestinationChange, find, input::NewDestinationInput};
use crate::{
    api::{
        ApiError,
        caller::Caller,
        input::{InBody, InOptionalBody, InPath},
    },
    destinations::draft_of,
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
    purpose: PurposeName,
    stages: Vec<StageView>,
    /// As it was sent, or would have been; null if it could not be made.
    request: Option<SentRequestView>,
    /// Null if there was none.
    answer: Option<TestAnswerView>,
}

/// What a request of a test is for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PurposeName {
    /// Delivers the event to an HTTP endpoint.
    Event,
    /// Asks Google for an access token.
    AccessToken,
    /// Writes the event as an entry of a log.
    LogEntry,
    /// Puts the event into a bucket.
    Object,
}

/// A step on the way to an answer.
#[derive(Serialize, ToSchema)]
struct StageView {
    name: StageName,
    state: StageState,
    /// After the beginning of the test, in microseconds.
    started_us: u64,
    duration_us: u64,
    /// What was found, in words; may be empty.
    #[schema(example = "siem.example.com is 203.0.113.7.")]
    detail: String,
}

/// The steps, in their order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StageName {
    /// The request is worded and signed.
    Prepared,
    /// The host's name is resolved.
    Address,
    /// The network rules admit an address.
    NetworkRule,
    Tcp,
    /// Handshake and certificate.
    Tls,
    /// The request is sent.
    Request,
    Answer,
}

/// How a step ended.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StageState {
    Done,
    Failed,
    /// Not reached, or not needed.
    Skipped,
}

/// A request without its secrets.
#[derive(Serialize, ToSchema)]
struct SentRequestView {
    #[schema(example = "POST")]
    method: String,
    #[schema(example = "https://siem.example.com/events")]
    url: String,
    headers: Vec<SentHeaderView>,
    /// Its start; null if it is not shown.
    body: Option<String>,
    /// Of a body that is not shown.
    hidden_bytes: Option<u64>,
}

/// A header as it was sent; values that may be secret are masked.
#[derive(Serialize, ToSchema)]
struct SentHeaderView {
    #[schema(example = "content-type")]
    name: String,
    value: String,
}

/// What was answered to a test.
#[derive(Serialize, ToSchema)]
struct TestAnswerView {
    #[schema(example = 401)]
    status: u16,
    /// Its first 4 KiB; null if it is not shown.
    body: Option<String>,
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
    InBody(input): InBody<NewDestinationInput>,
) -> Result<Json<TestReportView>, ApiError> {
    let (draft, _) = input.into_draft()?;
    let settings = draft.parse_new().map_err(|errors| refuse(&errors))?;
    let tested = services.engine.test_destination(&caller.author, settings, None).await;
    Ok(Json(tested.map_err(AdminError::from)?.into()))
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
    InOptionalBody(change): InOptionalBody<DestinationChange>,
) -> Result<Json<TestReportView>, ApiError> {
    let stored = find(&services.engine, id).await?.destination;
    let mut draft = draft_of(&stored);
    if let Some(change) = change {
        change.check(&stored)?;
        let applied = change.apply(&mut draft, &mut Flow::default());
        applied.map_err(|errors| refuse(&errors))?;
    }
    let settings = draft.parse_change().map_err(|errors| refuse(&errors))?;
    let tested = services
        .engine
        .test_destination(&caller.author, settings, Some(stored.id))
        .await;
    Ok(Json(tested.map_err(AdminError::from)?.into()))
}

impl From<probe::TestReport> for TestReportView {
    fn from(report: probe::TestReport) -> Self {
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

impl From<probe::TestedRequest> for TestedRequestView {
    fn from(tested: probe::TestedRequest) -> Self {
        Self {
            purpose: match tested.purpose {
                probe::Purpose::Event => PurposeName::Event,
                probe::Purpose::AccessToken => PurposeName::AccessToken,
                probe::Purpose::LogEntry => PurposeName::LogEntry,
                probe::Purpose::Object => PurposeName::Object,
            },
            stages: tested.stages.into_iter().map(StageView::from).collect(),
            request: tested.sent.map(SentRequestView::from),
            answer: tested.answer.map(|answer| TestAnswerView {
                status: answer.status,
                body: answer.body,
            }),
        }
    }
}

impl From<probe::Stage> for StageView {
    fn from(stage: probe::Stage) -> Self {
        Self {
            name: match stage.name {
                probe::StageName::Prepared => StageName::Prepared,
                probe::StageName::Address => StageName::Address,
                probe::StageName::NetworkRule => StageName::NetworkRule,
                probe::StageName::Tcp => StageName::Tcp,
                probe::StageName::Tls => StageName::Tls,
                probe::StageName::Request => StageName::Request,
                probe::StageName::Answer => StageName::Answer,
            },
            state: match stage.state {
                probe::StageState::Done => StageState::Done,
                probe::StageState::Failed => StageState::Failed,
                probe::StageState::Skipped => StageState::Skipped,
            },
            started_us: stage.started_us,
            duration_us: stage.took_us,
            detail: stage.detail,
        }
    }
}

impl From<probe::SentRequest> for SentRequestView {
    fn from(sent: probe::SentRequest) -> Self {
        let (body, hidden_bytes) = match sent.body {
            probe::SentBody::Text(text) => (Some(text), None),
            probe::SentBody::Hidden(bytes) => (None, Some(bytes)),
        };
        let headers = sent.headers.into_iter().map(|header| SentHeaderView {
            name: header.name,
            value: header.value,
        });
        Self {
            method: sent.method,
            url: sent.url,
            headers: headers.collect(),
            body,
            hidden_bytes,
        }
    }
}

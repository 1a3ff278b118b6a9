//! What a stream has done, point by point.

use std::time::Duration;

use axum::{Json, extract::State};
use domain::{
    Timestamp,
    activity::{Counts, LatencyHistogram, Point, Span},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::find;
use crate::{
    error::ApiError,
    input::{InPath, InQuery},
    services::Services,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ActivityQuery {
    /// How far back: an hour by the minute, unless it says otherwise, a day by 15 minutes, or a week by the hour.
    #[param(inline, nullable = false)]
    span: Option<SpanName>,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SpanName {
    #[default]
    Hour,
    Day,
    Week,
}

/// What a stream has done in a stretch of time.
#[derive(Serialize, ToSchema)]
pub(super) struct ActivityView {
    span: SpanName,
    /// Minutes that one point stands for.
    #[schema(example = 1)]
    step_minutes: u32,
    /// The oldest first; the last one is not over yet.
    points: Vec<PointView>,
    /// All points together.
    totals: TotalsView,
}

/// What a stream did in one step.
#[derive(Serialize, ToSchema)]
pub(super) struct PointView {
    start: Timestamp,
    /// Events that were accepted; one that is sent again after a crash counts again.
    delivered: u64,
    /// Requests that failed.
    failed: u64,
    /// Null if nothing was accepted.
    latency: Option<LatencyView>,
}

/// What it did in all of them.
#[derive(Serialize, ToSchema)]
pub(super) struct TotalsView {
    /// Events that were accepted; one that is sent again after a crash counts again.
    delivered: u64,
    /// Requests that failed.
    failed: u64,
    /// Null if nothing was accepted.
    latency: Option<LatencyView>,
}

/// How long accepted requests took, in milliseconds, an eighth too long at most.
#[derive(Serialize, ToSchema)]
pub(super) struct LatencyView {
    #[schema(example = 12.287)]
    p50_ms: f64,
    #[schema(example = 28.671)]
    p95_ms: f64,
    #[schema(example = 45.055)]
    p99_ms: f64,
}

/// Show what a stream has done
#[utoipa::path(get, path = "/api/v1/destinations/{id}/activity", tag = "Streams",
    params(("id" = i64, Path, description = "The destination's id", minimum = 1), ActivityQuery),
    responses(
        (status = 200, description = "Deliveries, failures and latency over time", body = ActivityView),
        (status = 404, description = "There is no such destination"),
        (status = 422, description = "A parameter is not right"),
    ),
)]
pub(super) async fn show_activity(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
    InQuery(query): InQuery<ActivityQuery>,
) -> Result<Json<ActivityView>, ApiError> {
    let id = find(&services.engine, id).await?.destination.id;
    let name = query.span.unwrap_or_default();
    let span = name.span();
    let points = services.engine.activity(id, span).await?;
    let mut totals = Counts::default();
    for point in &points {
        totals.add(&point.counts);
    }
    Ok(Json(ActivityView {
        span: name,
        step_minutes: span.step(),
        points: points.iter().map(PointView::new).collect(),
        totals: TotalsView {
            delivered: totals.delivered,
            failed: totals.failed,
            latency: LatencyView::new(&totals.latency),
        },
    }))
}

impl SpanName {
    const fn span(self) -> Span {
        match self {
            Self::Hour => Span::Hour,
            Self::Day => Span::Day,
            Self::Week => Span::Week,
        }
    }
}

impl PointView {
    fn new(point: &Point) -> Self {
        let counts = &point.counts;
        Self {
            start: point.start.start(),
            delivered: counts.delivered,
            failed: counts.failed,
            latency: LatencyView::new(&counts.latency),
        }
    }
}

impl LatencyView {
    fn new(latency: &LatencyHistogram) -> Option<Self> {
        let percentile = |percent| latency.percentile(percent).map(milliseconds);
        Some(Self {
            p50_ms: percentile(50)?,
            p95_ms: percentile(95)?,
            p99_ms: percentile(99)?,
        })
    }
}

/// Whole microseconds, so that an answer has few digits.
fn milliseconds(duration: Duration) -> f64 {
    f64::from(u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)) / 1_000.0
}

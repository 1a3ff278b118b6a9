//! The activity of a stream over time.

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
    /// Time range: an hour by the minute (the default), a day by 15 minutes, or a week by the hour.
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

/// Activity of a stream in a time range.
#[derive(Serialize, ToSchema)]
pub(super) struct ActivityView {
    span: SpanName,
    /// Length of a point in minutes.
    #[schema(example = 1)]
    step_minutes: u32,
    /// Points, oldest first. The last one is still in progress.
    points: Vec<PointView>,
    /// Sum of all points.
    totals: TotalsView,
}

/// Activity of a stream in one point.
#[derive(Serialize, ToSchema)]
pub(super) struct PointView {
    start: Timestamp,
    /// Number of accepted events, including repeats after a crash.
    delivered: u64,
    /// Number of failed requests.
    failed: u64,
    /// Null if no request was accepted.
    latency: Option<LatencyView>,
}

/// Activity of a stream in all points.
#[derive(Serialize, ToSchema)]
pub(super) struct TotalsView {
    /// Number of accepted events, including repeats after a crash.
    delivered: u64,
    /// Number of failed requests.
    failed: u64,
    /// Null if no request was accepted.
    latency: Option<LatencyView>,
}

/// Durations of accepted requests in milliseconds, rounded up by at most 12.5 %.
#[derive(Serialize, ToSchema)]
pub(super) struct LatencyView {
    #[schema(example = 12.287)]
    p50_ms: f64,
    #[schema(example = 28.671)]
    p95_ms: f64,
    #[schema(example = 45.055)]
    p99_ms: f64,
}

/// Show the activity of a stream
#[utoipa::path(get, path = "/api/v1/destinations/{id}/activity", tag = "Streams",
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1), ActivityQuery),
    responses(
        (status = 200, description = "Deliveries, failures and latencies over time", body = ActivityView),
        (status = 404, description = "The destination does not exist"),
        (status = 422, description = "A parameter is invalid"),
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

/// Rounded to microseconds, so that a response has few digits.
fn milliseconds(duration: Duration) -> f64 {
    f64::from(u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)) / 1_000.0
}

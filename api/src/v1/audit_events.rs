//! Reads audit events, with cursor-based pages.

pub(super) mod deliveries;
pub(super) mod export;
mod filter_query;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzz;
mod query;

use axum::{
    Json,
    extract::{OriginalUri, State},
    http::{HeaderMap, HeaderValue, Uri, header::LINK},
    response::{IntoResponse, Response},
};
use domain::{Timestamp, ids::Seq};
use engine::{
    Lineage,
    log::{BrowseRow, EventLog, LogError},
};
use serde::Serialize;
use serde_json::value::RawValue;
use url::form_urlencoded::Serializer;
use utoipa::ToSchema;

use self::{
    filter_query::{FilterQuery, InFilter},
    query::{EventQuery, PageQuery, Start},
};
use super::cursor::Cursor;
use crate::{
    error::ApiError,
    input::{InPath, not_found},
    limits::PAGE_BYTES,
    services::Services,
};

/// An audit event, and how it was received.
#[derive(Serialize, ToSchema)]
pub(super) struct LoggedEvent {
    /// Position in the log. Positions increase in the order in which events are received, and are only reused after a restore from a backup.
    #[schema(example = 4711)]
    seq: i64,
    /// Name of the API token that posted the event, or `audit-streams` for events of this instance.
    #[schema(example = "gitlab-production")]
    source: String,
    received_at: Timestamp,
    /// The event, exactly as it is delivered.
    #[schema(value_type = Object, example = json!({
        "id": "0199e2f4-5d1c-7a3b-9c1d-2f8d6a5e4c3b", "author_id": 7, "entity_id": 29, "entity_type": "Project",
        "details": {"custom_message": "Created project engine-room"}, "ip_address": "192.0.2.10",
        "author_name": "Ada Byron", "entity_path": "analytical/engine-room", "target_details": "engine-room",
        "created_at": "2026-02-23T06:21:05.283Z", "target_type": "Project", "target_id": 29,
        "event_type": "project_created",
    }))]
    event: Box<RawValue>,
}

/// A page of events that match a filter.
#[derive(Serialize, ToSchema)]
pub(super) struct EventPage {
    items: Vec<LoggedEvent>,
    /// The `cursor` of the next page. Null on the last page.
    next_cursor: Option<String>,
    /// The `cursor` at the end of this page, also on the last page: use it later to get newer events. Null only if there are no
    /// events and the order is newest first.
    end_cursor: Option<String>,
    /// The `cursor` up to which the log was searched, if the page ended before it was full: a search for `text` is interrupted
    /// after a while, and a page has about 8 MiB of events. Continue with `next_cursor`. Otherwise null.
    searched_to: Option<String>,
}

/// List audit events
///
/// Lists events by `created_at`, newest first. To follow the log without missing events, use `order_by=seq&sort=asc` and continue
/// from `end_cursor`: positions only increase, while a new event can have a `created_at` in the past.
#[utoipa::path(get, path = "/api/v1/audit_events", tag = "Audit events", params(FilterQuery, PageQuery), responses(
    (status = 200, description = "A page of events", body = EventPage,
        headers(("Link" = String, description = "URL of the next page, if there is one: `<…>; rel=\"next\"`"))),
    (status = 422, description = "A parameter is invalid"),
    (status = 503, description = "Too many requests are reading the log. Retry after the number of seconds in `Retry-After`"),
))]
pub(super) async fn list_audit_events(
    State(services): State<Services>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    InFilter(filter, page): InFilter<PageQuery>,
) -> Result<Response, ApiError> {
    let lineage = services.engine.lineage();
    let query = page.parse(filter, lineage)?;
    let _permit = services.log_reads.permit().await?;
    let page = find(services.engine.log(), lineage, &query).await?;
    let public_url = services.public_url.as_seen_by(&headers);
    let next = page.next_cursor.as_ref();
    let link = next.and_then(|cursor| next_link(&public_url, &uri, cursor));
    let headers: HeaderMap = link.map(|link| (LINK, link)).into_iter().collect();
    Ok((headers, Json(page)).into_response())
}

/// Show an audit event
#[utoipa::path(get, path = "/api/v1/audit_events/{seq}", tag = "Audit events",
    params(("seq" = i64, Path, description = "Position in the log", minimum = 1)),
    responses(
        (status = 200, description = "The event", body = LoggedEvent),
        (status = 404, description = "There is no event at this position, or it was removed"),
    ),
)]
pub(super) async fn show_audit_event(
    State(services): State<Services>,
    InPath(seq): InPath<i64>,
) -> Result<Json<LoggedEvent>, ApiError> {
    let found = services.engine.log().show(Seq::new(seq)).await.map_err(unreadable)?;
    view(found.ok_or_else(not_found)?).map(Json)
}

async fn find(log: &EventLog, lineage: &Lineage, query: &EventQuery) -> Result<EventPage, ApiError> {
    // One event more than the page has shows whether there is a next page.
    let asked = query.per_page + 1;
    let found = match query.start {
        Start::Created(request) => {
            let found = log.browse_within(&query.filter, request, asked, PAGE_BYTES).await;
            let found = found.map_err(unreadable)?;
            Found {
                rows: found.rows,
                searched_to: found.searched_to.map(Cursor::Created),
                end: found.end.map(Cursor::Created),
            }
        }
        Start::Position(request) => {
            let found = log
                .browse_by_seq(&query.filter, request, asked, PAGE_BYTES)
                .await
                .map_err(unreadable)?;
            Found {
                rows: found.rows,
                searched_to: found.searched_to.map(Cursor::Position),
                end: found.end.map(Cursor::Position),
            }
        }
    };
    page(query, found, lineage)
}

/// The result of the log, in either order.
struct Found {
    rows: Vec<BrowseRow>,
    searched_to: Option<Cursor>,
    end: Option<Cursor>,
}

fn page(query: &EventQuery, found: Found, lineage: &Lineage) -> Result<EventPage, ApiError> {
    let mut rows = found.rows;
    let is_more = rows.len() > query.per_page;
    rows.truncate(query.per_page);
    let last = rows.last().filter(|_| is_more).map(|row| query.cursor_of(row));
    let searched_to = found.searched_to.filter(|_| !is_more);
    // If nothing was found, the next request continues at the same position.
    let end = last.or(found.end).or_else(|| query.start.cursor());
    let print = |cursor: Cursor| cursor.print(lineage);
    Ok(EventPage {
        items: rows.into_iter().map(view).collect::<Result<_, _>>()?,
        next_cursor: last.or(searched_to).map(print),
        end_cursor: end.map(print),
        searched_to: searched_to.map(|cursor| match cursor {
            Cursor::Created(position) => position.created_at.to_string(),
            Cursor::Position(seq) => seq.to_string(),
        }),
    })
}

fn view(row: BrowseRow) -> Result<LoggedEvent, ApiError> {
    let event = RawValue::from_string(row.body);
    Ok(LoggedEvent {
        seq: row.position.seq.get(),
        source: row.source,
        received_at: row.received_at,
        event: event.map_err(|error| ApiError::internal("A stored event is not valid JSON.", &error))?,
    })
}

/// The same request with another cursor.
fn next_link(public_url: &str, uri: &Uri, cursor: &str) -> Option<HeaderValue> {
    let given = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let mut query = Serializer::new(String::new());
    query.extend_pairs(given.filter(|(name, _)| name != "cursor"));
    query.append_pair("cursor", cursor);
    let link = format!("<{public_url}{}?{}>; rel=\"next\"", uri.path(), query.finish());
    HeaderValue::try_from(link).ok()
}

/// An internal error of the log.
pub(crate) fn unreadable(error: LogError) -> ApiError {
    ApiError::internal("A log query of the API failed.", &error)
}

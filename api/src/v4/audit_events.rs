//! `GET /api/v4/audit_events` and `GET /api/v4/audit_events/:id`.

use std::sync::Arc;

use axum::{
    Json,
    extract::{OriginalUri, Path, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use domain::ids::Seq;
use engine::log::SeqRequest;

use super::{
    error::GitlabError,
    event::print,
    pagination::{Here, Numbered},
    parted::Parted,
    query::{ListQuery, Page},
};
use crate::{
    limits::PAGE_BYTES,
    services::Services,
    v1::{
        audit_events::unreadable,
        cursor::{Cursor, CursorError},
    },
};

/// Maximum offset of pages: GitLab's limit.
/// <https://docs.gitlab.com/administration/instance_limits/#max-offset-allowed-by-the-rest-api-for-offset-based-pagination>
const MAX_OFFSET: usize = 50_000;

/// Maximum number of events that are counted: <https://docs.gitlab.com/user/gitlab_com/#pagination-response-headers>
const COUNTED: usize = 10_000;

/// `GET /api/v4/audit_events`.
pub(super) async fn list_audit_events(
    State(services): State<Services>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, GitlabError> {
    let query = ListQuery::parse(&uri)?;
    let here = Here {
        public_url: &services.public_url.as_seen_by(&headers),
        uri: &uri,
    };
    match query.page {
        Page::Number(page) => numbered(&services, &here, &query, page).await,
        Page::After(ref cursor) => keyset(&services, &here, &query, cursor.as_deref()).await,
    }
}

/// `GET /api/v4/audit_events/:id`.
pub(super) async fn show_audit_event(
    State(services): State<Services>,
    Path(id): Path<String>,
) -> Result<Response, GitlabError> {
    let seq = id.parse().map_err(|_| GitlabError::invalid("id"))?;
    let found = services.engine.log().show(Seq::new(seq)).await.map_err(unreadable)?;
    let not_found = || GitlabError::message(StatusCode::NOT_FOUND, "404 Not found");
    let event = print(&found.ok_or_else(not_found)?)?;
    Ok(Json(event).into_response())
}

/// A numbered page has a fixed number of events, so it is not shortened if they are large, but produced while it is sent.
async fn numbered(
    services: &Services,
    here: &Here<'_>,
    query: &ListQuery,
    page: usize,
) -> Result<Response, GitlabError> {
    let per_page = query.per_page;
    let end = page.saturating_mul(per_page);
    if end > MAX_OFFSET {
        let text = format!(
            "Offset pagination has a maximum allowed offset of {MAX_OFFSET} for requests that return objects of type \
             AuditEvent. Remaining records can be retrieved using keyset pagination."
        );
        return Err(GitlabError::error(StatusCode::METHOD_NOT_ALLOWED, &text));
    }
    let permit = services.log_reads.permit().await?;
    let log = services.engine.log();
    let found = log
        .page_by_seq(&query.filter, query.newest_first, end - per_page..end, COUNTED)
        .await
        .map_err(unreadable)?;
    drop(permit);
    let headers = here.numbered_headers(&Numbered {
        page,
        per_page,
        is_more: found.is_more,
        total: found.total,
    });
    let parts = Parted::begin(Arc::clone(services), found.places).await?;
    Ok((headers, [(CONTENT_TYPE, "application/json")], parts.into_body()).into_response())
}

async fn keyset(
    services: &Services,
    here: &Here<'_>,
    query: &ListQuery,
    cursor: Option<&str>,
) -> Result<Response, GitlabError> {
    let lineage = services.engine.lineage();
    let cursor = cursor.map(|text| Cursor::parse(text, lineage)).transpose();
    let request = match (cursor.map_err(refuse)?, query.newest_first) {
        (None, true) => SeqRequest::Newest,
        (None, false) => SeqRequest::Oldest,
        (Some(Cursor::Position(seq)), true) => SeqRequest::Before(seq),
        (Some(Cursor::Position(seq)), false) => SeqRequest::After(seq),
        (Some(Cursor::Created(_)), _) => return Err(GitlabError::invalid("cursor")),
    };
    let _permit = services.log_reads.permit().await?;
    let log = services.engine.log();
    let found = log
        .browse_by_seq(&query.filter, request, query.per_page + 1, PAGE_BYTES)
        .await
        .map_err(unreadable)?;
    let mut rows = found.rows;
    let is_more = rows.len() > query.per_page;
    rows.truncate(query.per_page);
    let last = rows.last().filter(|_| is_more).map(|row| row.position.seq);
    let next_cursor = last
        .or(found.searched_to)
        .map(|seq| Cursor::Position(seq).print(lineage));
    let items = rows.iter().map(print).collect::<Result<Vec<_>, _>>()?;
    Ok((here.keyset_headers(next_cursor), Json(items)).into_response())
}

fn refuse(error: CursorError) -> GitlabError {
    match error {
        CursorError::Malformed => GitlabError::invalid("cursor"),
        CursorError::OtherLog => GitlabError::error(
            StatusCode::BAD_REQUEST,
            "cursor is invalid: the server was restored from a backup since, or the cursor is from another server",
        ),
    }
}

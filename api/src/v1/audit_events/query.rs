//! The parameters of a query for events.

use domain::{Timestamp, ids::Seq};
use engine::log::{BrowsePosition, BrowseRequest, BrowseRow, EntityFilter, EventFilter, SeqRequest};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::super::{cursor::Cursor, fields::refuse_one};
use crate::error::ApiError;

const PER_PAGE: usize = 25;
const MOST_PER_PAGE: usize = 100;

/// All parameters must match. Texts are compared exactly, except `text`.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::v1) struct ListQuery {
    /// Id or name of the author.
    #[param(example = "Ada Byron", nullable = false)]
    author: Option<String>,
    /// Id or name of a user who is the author or the entity of the event.
    #[param(nullable = false)]
    user: Option<String>,
    /// Type of the entity, for example `Project`, `Group` or `Gitlab::Audit::InstanceScope`. Requires `entity`, except with
    /// `order_by=seq`.
    #[param(example = "Project", nullable = false)]
    entity_type: Option<String>,
    /// Id or path of the entity. Requires `entity_type`.
    #[param(example = "analytical/engine-room", nullable = false)]
    entity: Option<String>,
    #[param(example = "project_created", nullable = false)]
    event_type: Option<String>,
    #[param(example = "192.0.2.10", nullable = false)]
    ip_address: Option<String>,
    /// Part of any value in `details`, at any depth. ASCII letters match in either case.
    #[param(nullable = false)]
    text: Option<String>,
    /// Earliest creation time: a time (RFC 3339), or a day in UTC.
    #[param(example = "2026-02-23", nullable = false)]
    created_after: Option<String>,
    /// Latest creation time: a time (RFC 3339), or a day in UTC, which includes the whole day.
    #[param(example = "2026-02-23T12:00:00Z", nullable = false)]
    created_before: Option<String>,
    /// Order by `created_at` of the event (the default), or by its position in the log.
    #[param(inline, nullable = false)]
    order_by: Option<OrderBy>,
    /// `desc` (the default) for newest first, or `asc` for oldest first.
    #[param(inline, nullable = false)]
    sort: Option<Sort>,
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    per_page: Option<usize>,
    /// The `next_cursor` or `end_cursor` of a previous page with the same parameters.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// Parameters of an export. All parameters must match. Texts are compared exactly, except `text`.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::v1) struct ExportQuery {
    /// Id or name of the author.
    #[param(example = "Ada Byron", nullable = false)]
    author: Option<String>,
    /// Id or name of a user who is the author or the entity of the event.
    #[param(nullable = false)]
    user: Option<String>,
    /// Type of the entity, for example `Project`. Requires `entity`.
    #[param(example = "Project", nullable = false)]
    entity_type: Option<String>,
    /// Id or path of the entity. Requires `entity_type`.
    #[param(example = "analytical/engine-room", nullable = false)]
    entity: Option<String>,
    #[param(example = "project_created", nullable = false)]
    event_type: Option<String>,
    #[param(example = "192.0.2.10", nullable = false)]
    ip_address: Option<String>,
    /// Part of any value in `details`, at any depth. ASCII letters match in either case.
    #[param(nullable = false)]
    text: Option<String>,
    /// Earliest creation time: a time (RFC 3339), or a day in UTC.
    #[param(example = "2026-02-23", nullable = false)]
    created_after: Option<String>,
    /// Latest creation time: a time (RFC 3339), or a day in UTC, which includes the whole day.
    #[param(example = "2026-02-23T12:00:00Z", nullable = false)]
    created_before: Option<String>,
}

impl ExportQuery {
    /// # Errors
    /// 422 at the first parameter that is not right.
    pub(super) fn parse(self) -> Result<EventFilter, ApiError> {
        let list = ListQuery {
            author: self.author,
            user: self.user,
            entity_type: self.entity_type,
            entity: self.entity,
            event_type: self.event_type,
            ip_address: self.ip_address,
            text: self.text,
            created_after: self.created_after,
            created_before: self.created_before,
            order_by: None,
            sort: None,
            per_page: None,
            cursor: None,
        };
        list.parse().map(|query| query.filter)
    }
}

/// Order of events.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OrderBy {
    #[default]
    CreatedAt,
    Seq,
}

/// Direction of the order.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Sort {
    #[default]
    Desc,
    Asc,
}

/// The filter, and where to start.
#[derive(Debug)]
pub(super) struct EventQuery {
    pub(super) filter: EventFilter,
    pub(super) start: Start,
    pub(super) per_page: usize,
}

/// Where a page starts, in one of the two orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Created(BrowseRequest),
    Position(SeqRequest),
}

impl ListQuery {
    /// # Errors
    /// 422 at the first parameter that is not right.
    pub(super) fn parse(self) -> Result<EventQuery, ApiError> {
        let start = start(
            self.order_by.unwrap_or_default(),
            self.sort.unwrap_or_default(),
            given(self.cursor).as_deref(),
        )?;
        let by_position = matches!(start, Start::Position(_));
        let entity = match (given(self.entity_type), given(self.entity)) {
            (None, Some(_)) => return Err(refuse_one("entity_type", "entity_type: required with entity.")),
            (Some(_), None) if !by_position => {
                let rule = "entity: required with entity_type, except with order_by=seq.";
                return Err(refuse_one("entity", rule));
            }
            (Some(entity_type), entity) => Some(EntityFilter { entity_type, entity }),
            (None, None) => None,
        };
        let per_page = self.per_page.unwrap_or(PER_PAGE);
        if !(1..=MOST_PER_PAGE).contains(&per_page) {
            return Err(refuse_one("per_page", "per_page: must be from 1 to 100."));
        }
        let moment = |field: &str, text: Option<String>, read: fn(&str) -> Option<Timestamp>| {
            let rule = || format!("{field}: must be a time such as 2025-10-14T18:00:08Z, or a day such as 2025-10-14.");
            let moment = given(text).map(|text| read(&text).ok_or_else(|| refuse_one(field, &rule())));
            moment.transpose()
        };
        Ok(EventQuery {
            filter: EventFilter {
                author: given(self.author),
                user: given(self.user),
                entity,
                event_type: given(self.event_type),
                ip_address: given(self.ip_address),
                text: given(self.text),
                created_from: moment("created_after", self.created_after, Timestamp::start_of)?,
                created_before: moment("created_before", self.created_before, Timestamp::end_of)?,
            },
            start,
            per_page,
        })
    }
}

impl Start {
    /// Where to start; `None` for the newest event, because newer ones can arrive.
    pub(super) fn cursor(self) -> Option<Cursor> {
        match self {
            Self::Created(BrowseRequest::OlderThan(end) | BrowseRequest::NewerThan(end)) => Some(Cursor::Created(end)),
            Self::Position(SeqRequest::Before(end) | SeqRequest::After(end)) => Some(Cursor::Position(end)),
            Self::Created(BrowseRequest::Oldest) => Some(Cursor::Created(BrowsePosition {
                created_at: Timestamp::from_unix_ms(i64::MIN),
                seq: Seq::START,
            })),
            Self::Position(SeqRequest::Oldest) => Some(Cursor::Position(Seq::START)),
            Self::Created(BrowseRequest::Newest) | Self::Position(SeqRequest::Newest) => None,
        }
    }
}

impl EventQuery {
    pub(super) fn cursor_of(&self, row: &BrowseRow) -> Cursor {
        match self.start {
            Start::Created(_) => Cursor::Created(row.position),
            Start::Position(_) => Cursor::Position(row.position.seq),
        }
    }
}

/// An empty parameter counts as omitted.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn start(order_by: OrderBy, sort: Sort, cursor: Option<&str>) -> Result<Start, ApiError> {
    let rule = "cursor: must be the next_cursor or end_cursor of a page with the same order_by.";
    let unknown = || refuse_one("cursor", rule);
    let cursor = cursor.map(|text| Cursor::parse(text).ok_or_else(unknown)).transpose()?;
    let start = match (order_by, sort, cursor) {
        (OrderBy::CreatedAt, Sort::Desc, None) => Start::Created(BrowseRequest::Newest),
        (OrderBy::CreatedAt, Sort::Asc, None) => Start::Created(BrowseRequest::Oldest),
        (OrderBy::CreatedAt, Sort::Desc, Some(Cursor::Created(end))) => Start::Created(BrowseRequest::OlderThan(end)),
        (OrderBy::CreatedAt, Sort::Asc, Some(Cursor::Created(end))) => Start::Created(BrowseRequest::NewerThan(end)),
        (OrderBy::Seq, Sort::Desc, None) => Start::Position(SeqRequest::Newest),
        (OrderBy::Seq, Sort::Asc, None) => Start::Position(SeqRequest::Oldest),
        (OrderBy::Seq, Sort::Desc, Some(Cursor::Position(end))) => Start::Position(SeqRequest::Before(end)),
        (OrderBy::Seq, Sort::Asc, Some(Cursor::Position(end))) => Start::Position(SeqRequest::After(end)),
        _ => return Err(unknown()),
    };
    Ok(start)
}

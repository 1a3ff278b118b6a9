//! The parameters of a list of events that say in which order, and which page.

use domain::{Timestamp, ids::Seq};
use engine::{
    Lineage,
    log::{BrowsePosition, BrowseRequest, BrowseRow, EventFilter, SeqRequest},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    super::{
        cursor::{Cursor, CursorError},
        fields::refuse_one,
    },
    filter_query::FilterQuery,
};
use crate::error::ApiError;

const PER_PAGE: usize = 25;
const MOST_PER_PAGE: usize = 100;

/// The order, and which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::v1) struct PageQuery {
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

/// An export has no order and no pages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::v1) struct NoPage {}

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

impl PageQuery {
    /// # Errors
    /// 422 at the first parameter that is not right.
    pub(super) fn parse(self, filter: FilterQuery, lineage: &Lineage) -> Result<EventQuery, ApiError> {
        let cursor = self.cursor.filter(|cursor| !cursor.is_empty());
        let cursor = cursor.map(|text| Cursor::parse(&text, lineage).map_err(refuse));
        let start = start(
            self.order_by.unwrap_or_default(),
            self.sort.unwrap_or_default(),
            cursor.transpose()?,
        )?;
        let filter = filter.parse(matches!(start, Start::Position(_)))?;
        let per_page = self.per_page.unwrap_or(PER_PAGE);
        if !(1..=MOST_PER_PAGE).contains(&per_page) {
            return Err(refuse_one("per_page", "per_page: must be from 1 to 100."));
        }
        Ok(EventQuery {
            filter,
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

fn refuse(error: CursorError) -> ApiError {
    let message = match error {
        CursorError::Malformed => "cursor: must be the next_cursor or end_cursor of a page with the same order_by.",
        CursorError::OtherLog => {
            "cursor: is of another log: the server was restored from a backup since, or the cursor is from another server. Start \
             without a cursor, and recognize events that you have by their id."
        }
    };
    refuse_one("cursor", message)
}

fn start(order_by: OrderBy, sort: Sort, cursor: Option<Cursor>) -> Result<Start, ApiError> {
    let start = match (order_by, sort, cursor) {
        (OrderBy::CreatedAt, Sort::Desc, None) => Start::Created(BrowseRequest::Newest),
        (OrderBy::CreatedAt, Sort::Asc, None) => Start::Created(BrowseRequest::Oldest),
        (OrderBy::CreatedAt, Sort::Desc, Some(Cursor::Created(end))) => Start::Created(BrowseRequest::OlderThan(end)),
        (OrderBy::CreatedAt, Sort::Asc, Some(Cursor::Created(end))) => Start::Created(BrowseRequest::NewerThan(end)),
        (OrderBy::Seq, Sort::Desc, None) => Start::Position(SeqRequest::Newest),
        (OrderBy::Seq, Sort::Asc, None) => Start::Position(SeqRequest::Oldest),
        (OrderBy::Seq, Sort::Desc, Some(Cursor::Position(end))) => Start::Position(SeqRequest::Before(end)),
        (OrderBy::Seq, Sort::Asc, Some(Cursor::Position(end))) => Start::Position(SeqRequest::After(end)),
        _ => return Err(refuse(CursorError::Malformed)),
    };
    Ok(start)
}

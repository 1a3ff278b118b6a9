//! What the fuzz targets call.

use axum::{
    extract::FromRequestParts,
    http::{Request, StatusCode, Uri},
};
use engine::{Lineage, log::EventFilter};
use futures::FutureExt as _;

use super::{super::cursor::Cursor, filter_query::InFilter, query::PageQuery};

/// The log whose cursors are accepted.
const INSTANCE: &str = "01234567";

/// The filter, the page size and the cursor of a list of events, or the status of the response.
///
/// # Errors
/// The status if a parameter is invalid.
pub fn read_event_query(uri: Uri) -> Result<(EventFilter, usize, Option<String>), StatusCode> {
    let lineage = Lineage::of_instance(INSTANCE);
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.uri = uri;
    // Nothing is waited for: a query is read from the head.
    let read = InFilter::<PageQuery>::from_request_parts(&mut parts, &()).now_or_never();
    let read = read.ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
    let query = read.and_then(|InFilter(filter, page)| page.parse(filter, &lineage));
    let query = query.map_err(|error| error.status())?;
    let cursor = query.start.cursor().map(|cursor| cursor.print(&lineage));
    Ok((query.filter, query.per_page, cursor))
}

/// A cursor as it is written again.
pub fn read_cursor(text: &str) -> Option<String> {
    let lineage = Lineage::of_instance(INSTANCE);
    let cursor = Cursor::parse(text, &lineage).ok()?;
    Some(cursor.print(&lineage))
}

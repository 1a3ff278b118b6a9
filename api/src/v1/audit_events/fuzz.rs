//! What the fuzz targets call.

use axum::{
    extract::FromRequestParts,
    http::{Request, StatusCode, Uri},
};
use engine::log::EventFilter;
use futures::FutureExt as _;

use super::{super::cursor::Cursor, filter_query::InFilter, query::PageQuery};

/// The filter, the page size and the cursor of a list of events, or the status of the response.
///
/// # Errors
/// The status if a parameter is invalid.
pub fn read_event_query(uri: Uri) -> Result<(EventFilter, usize, Option<String>), StatusCode> {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.uri = uri;
    // Nothing is waited for: a query is read from the head.
    let read = InFilter::<PageQuery>::from_request_parts(&mut parts, &()).now_or_never();
    let read = read.ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
    let query = read.and_then(|InFilter(filter, page)| page.parse(filter));
    let query = query.map_err(|error| error.status())?;
    Ok((query.filter, query.per_page, query.start.cursor().map(Cursor::print)))
}

/// A cursor as it is written again.
pub fn read_cursor(text: &str) -> Option<String> {
    Cursor::parse(text).map(Cursor::print)
}

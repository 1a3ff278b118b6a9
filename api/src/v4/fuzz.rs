//! What the fuzz targets call.

use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse as _;
use domain::Timestamp;
use engine::log::EventFilter;

use super::{moment::moment, query::ListQuery};

/// The filter and the page size of a list of events, or the status of the response.
///
/// # Errors
/// The status if a parameter is invalid.
pub fn read_gitlab_query(uri: &Uri) -> Result<(EventFilter, usize), StatusCode> {
    let query = ListQuery::parse(uri).map_err(|error| error.into_response().status())?;
    Ok((query.filter, query.per_page))
}

/// A time in a parameter.
pub fn read_gitlab_moment(text: &str) -> Option<Timestamp> {
    moment(text)
}

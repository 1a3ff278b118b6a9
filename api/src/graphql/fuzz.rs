//! What the fuzz targets call.

use async_graphql::{Request, parser::types::ExecutableDocument};
use axum::http::StatusCode;

use super::{
    brackets::deepest_bracket,
    query_limits::{MAX_BRACKETS, check_limits, weigh},
    request::{Queries, read_queries},
};
use crate::error::ApiError;

/// What a query costs.
#[derive(Clone, Debug)]
pub struct Weighed {
    /// Number of fields, with fragments expanded.
    pub complexity: u32,
    /// Depth of fields.
    pub depth: u32,
    /// The parsed query.
    pub document: ExecutableDocument,
}

/// The queries of a request, or the status of the response.
///
/// # Errors
/// The status if the body is no GraphQL request.
pub fn read_graphql(body: &[u8]) -> Result<Vec<Request>, StatusCode> {
    match read_queries(body) {
        Ok(Queries::One(request)) => Ok(vec![*request]),
        Ok(Queries::Batch(requests)) => Ok(requests),
        Err(error) => Err(ApiError::from(error).status()),
    }
}

/// Whether a query is within the limits.
///
/// # Errors
/// The message.
pub fn admit_query(query: &str) -> Result<(), String> {
    check_limits(&mut Request::new(query)).map_err(|error| error.message)
}

/// Weighs a query as long as its brackets are not nested too deep for the parser.
pub fn weigh_query(query: &str) -> Option<Weighed> {
    let deepest = deepest_bracket(query).ok()?;
    if deepest > MAX_BRACKETS {
        return None;
    }
    let document = async_graphql::parser::parse_query(query).ok()?;
    let (complexity, depth) = weigh(&document);
    Some(Weighed {
        complexity,
        depth,
        document,
    })
}

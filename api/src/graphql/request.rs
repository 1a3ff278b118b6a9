//! The JSON body of a request: one query or a batch of queries.

use async_graphql::Variables;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::error::ApiError;

/// Maximum number of queries in a batch.
const MAX_QUERIES: usize = 10;

/// Maximum number of characters of all queries of a request, without their variables: GitLab's limit.
const MAX_QUERY_CHARS: usize = 10_000;

/// One query.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryRequest {
    #[serde(default)]
    query: Option<String>,
    #[serde(default)]
    variables: Value,
    #[serde(default)]
    operation_name: Option<String>,
}

/// The queries of a request.
#[derive(Debug)]
pub(super) enum Queries {
    One(Box<async_graphql::Request>),
    /// The response is a list.
    Batch(Vec<async_graphql::Request>),
}

/// Why a request as a whole is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RequestError {
    #[error("The request body is not valid JSON. Send {{\"query\": …, \"variables\": …, \"operationName\": …}}")]
    NotJson,
    #[error("The request body is not a GraphQL request. Send {{\"query\": …, \"variables\": …, \"operationName\": …}}")]
    NoQuery,
    #[error("A batch must have 1 to 10 queries")]
    Batch,
    #[error("Query too large")]
    TooLarge,
    #[error("`variables` must be an object")]
    Variables,
}

impl From<RequestError> for ApiError {
    fn from(error: RequestError) -> Self {
        let (status, code) = match error {
            RequestError::NotJson => (StatusCode::BAD_REQUEST, "invalid_json"),
            RequestError::NoQuery => (StatusCode::BAD_REQUEST, "invalid_body"),
            RequestError::Batch => (StatusCode::BAD_REQUEST, "too_many_queries"),
            RequestError::TooLarge => (StatusCode::UNPROCESSABLE_ENTITY, "query_too_large"),
            RequestError::Variables => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_variables"),
        };
        Self::new(status, code, error.to_string())
    }
}

/// Parses the body of a request.
///
/// # Errors
/// [`RequestError`].
pub(super) fn read_queries(body: &[u8]) -> Result<Queries, RequestError> {
    let value: Value = serde_json::from_slice(body).map_err(|_| RequestError::NotJson)?;
    match value {
        Value::Array(queries) if queries.is_empty() || queries.len() > MAX_QUERIES => Err(RequestError::Batch),
        Value::Array(queries) => {
            let queries = queries.into_iter().map(read_query).collect::<Result<Vec<_>, _>>()?;
            check_size(&queries)?;
            let queries = queries.into_iter().map(to_request).collect::<Result<_, _>>()?;
            Ok(Queries::Batch(queries))
        }
        query => {
            let query = read_query(query)?;
            check_size(std::slice::from_ref(&query))?;
            to_request(query).map(|request| Queries::One(Box::new(request)))
        }
    }
}

fn read_query(query: Value) -> Result<QueryRequest, RequestError> {
    // serde would read a list as the fields in their order.
    if !query.is_object() {
        return Err(RequestError::NoQuery);
    }
    serde_json::from_value(query).map_err(|_| RequestError::NoQuery)
}

fn check_size(queries: &[QueryRequest]) -> Result<(), RequestError> {
    let texts = queries.iter().filter_map(|query| query.query.as_ref());
    let chars: usize = texts.map(|text| text.chars().count()).sum();
    if chars > MAX_QUERY_CHARS {
        return Err(RequestError::TooLarge);
    }
    Ok(())
}

fn to_request(query: QueryRequest) -> Result<async_graphql::Request, RequestError> {
    let text = query
        .query
        .filter(|text| !text.trim().is_empty())
        .ok_or(RequestError::NoQuery)?;
    let request = async_graphql::Request::new(text).variables(read_variables(query.variables)?);
    let name = query.operation_name.filter(|name| !name.is_empty());
    Ok(match name {
        Some(name) => request.operation_name(name),
        None => request,
    })
}

/// Some clients send variables as a string with JSON, which GitLab accepts.
fn read_variables(variables: Value) -> Result<Variables, RequestError> {
    match variables {
        Value::Null => Ok(Variables::default()),
        Value::Object(_) => Ok(Variables::from_json(variables)),
        Value::String(text) if text.trim().is_empty() => Ok(Variables::default()),
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(Value::Null) => Ok(Variables::default()),
            Ok(variables @ Value::Object(_)) => Ok(Variables::from_json(variables)),
            _ => Err(RequestError::Variables),
        },
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => Err(RequestError::Variables),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(body: &str) -> Option<RequestError> {
        read_queries(body.as_bytes()).err()
    }

    #[test]
    fn a_query_comes_alone_or_with_others() {
        let one = json!({"query": "{a}", "variables": "{\"x\": 1}", "operationName": null, "extensions": {}});
        let Ok(Queries::One(request)) = read_queries(one.to_string().as_bytes()) else {
            panic!("not one");
        };
        assert_eq!(request.query, "{a}");
        assert_eq!(serde_json::to_value(&request.variables).unwrap(), json!({"x": 1}));
        assert_eq!(request.operation_name, None);
        let ten = Value::from(vec![one; 10]);
        assert!(matches!(read_queries(ten.to_string().as_bytes()), Ok(Queries::Batch(queries)) if queries.len() == 10));
    }

    #[test]
    fn what_is_no_query_is_refused() {
        for (body, error) in [
            ("", RequestError::NotJson),
            ("{", RequestError::NotJson),
            ("7", RequestError::NoQuery),
            ("{}", RequestError::NoQuery),
            (r#"{"query": ""}"#, RequestError::NoQuery),
            (r#"{"query": 7}"#, RequestError::NoQuery),
            (r#"[["{a}"]]"#, RequestError::NoQuery),
            ("[]", RequestError::Batch),
            (r#"{"query": "{a}", "variables": [1]}"#, RequestError::Variables),
            (r#"{"query": "{a}", "variables": "["}"#, RequestError::Variables),
        ] {
            assert_eq!(refusal(body), Some(error), "{body}");
        }
        let eleven = Value::from(vec![json!({"query": "{a}"}); 11]);
        assert_eq!(refusal(&eleven.to_string()), Some(RequestError::Batch));
        let half = json!({"query": format!("{{{}}}", "a".repeat(5_000))});
        assert_eq!(refusal(&half.to_string()), None);
        assert_eq!(refusal(&json!([half, half]).to_string()), Some(RequestError::TooLarge));
    }
}

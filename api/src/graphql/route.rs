//! `POST /api/graphql`: authorises and executes a request.

use async_graphql::{Response as Answer, Value};
use axum::{
    body::Body,
    extract::State,
    http::{
        HeaderValue, Request, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    super::{
        ApiError,
        auth::{Caller, authorise},
        body::drain,
        input::read,
    },
    access::Viewer,
    query_limits::check_limits,
    request::{Queries, read_queries},
    schema::SCHEMA,
};
use crate::services::Services;

const JSON: &str = "application/json";

/// Executes a query, a mutation, or a batch of them. The body is not read before the caller is authorised.
pub(crate) async fn post_graphql(State(services): State<Services>, request: Request<Body>) -> Response {
    let (head, mut body) = request.into_parts();
    let caller = match authorise(&services, &head, "POST /api/graphql").await {
        Ok(caller) => caller,
        Err(error) => {
            drain(&mut body, error.status()).await;
            return refuse(error);
        }
    };
    match answer(&services, &caller, body).await {
        Ok(answer) => {
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static(JSON)),
                (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ];
            let mut response = (headers, answer.to_string()).into_response();
            caller.rate.set(response.headers_mut());
            response
        }
        Err(error) => refuse(error.with_rate(caller.rate)),
    }
}

async fn answer(services: &Services, caller: &Caller, body: Body) -> Result<serde_json::Value, ApiError> {
    match read_queries(&read(body).await?)? {
        Queries::One(query) => Ok(carry_out(services, caller, *query).await),
        Queries::Batch(queries) => {
            let others = queries.len().saturating_sub(1);
            services.api_rate.count_others(caller.owner, others);
            let mut answers = Vec::with_capacity(queries.len());
            for query in queries {
                answers.push(carry_out(services, caller, query).await);
            }
            Ok(serde_json::Value::Array(answers))
        }
    }
}

async fn carry_out(services: &Services, caller: &Caller, mut query: async_graphql::Request) -> serde_json::Value {
    let answer = match check_limits(&mut query) {
        Ok(()) => {
            let query = query.data(Viewer(caller.clone())).data(services.clone());
            SCHEMA.execute(query).await
        }
        Err(error) => Answer::from_errors(vec![error]),
    };
    shape(&answer)
}

/// The response to a query that was not executed has no `data`, not even null (GraphQL, section 7.1).
fn shape(answer: &Answer) -> serde_json::Value {
    let was_refused = answer.data == Value::Null && answer.errors.iter().all(|error| error.path.is_empty());
    if was_refused {
        json!({"errors": answer.errors})
    } else if answer.errors.is_empty() {
        json!({"data": answer.data})
    } else {
        json!({"data": answer.data, "errors": answer.errors})
    }
}

/// An error of the request as a whole, in the format of GraphQL errors.
fn refuse(error: ApiError) -> Response {
    let message = match error.status() {
        StatusCode::UNAUTHORIZED => "Invalid token",
        _ => error.message(),
    };
    let body = json!({"errors": [{"message": message}]});
    error.into_response_with(JSON, body.to_string())
}

//! `POST /api/graphql`: who asks, what, and the answer in JSON.

use async_graphql::{Response as Answer, Value};
use axum::{
    body::Body,
    extract::State,
    http::{
        HeaderValue, Request, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use domain::access::Scope;
use serde_json::json;

use super::{
    super::{
        ApiError,
        body::drain,
        caller::{Caller, authorise},
        input::read,
    },
    access::Viewer,
    query_limits::check_limits,
    request::{Queries, read_queries},
    schema::SCHEMA,
};
use crate::services::Services;

const JSON: &str = "application/json";

/// Carries out a query, a mutation, or a batch of them.
pub(in crate::api) async fn post_graphql(State(services): State<Services>, request: Request<Body>) -> Response {
    let (head, mut body) = request.into_parts();
    let viewer = match identify(&services, &head).await {
        Ok(viewer) => viewer,
        Err(error) => {
            drain(&mut body).await;
            return refuse(error);
        }
    };
    let rate = viewer.as_ref().map(|caller| caller.rate).unwrap_or_default();
    match answer(&services, viewer, body).await {
        Ok(answer) => {
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static(JSON)),
                (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ];
            let mut response = (headers, answer.to_string()).into_response();
            rate.set(response.headers_mut());
            response
        }
        Err(error) => refuse(error.with_rate(rate)),
    }
}

/// Who asks. Without a token or session nobody does: such a request learns no more than what there is to ask for.
async fn identify(services: &Services, head: &Parts) -> Result<Option<Caller>, ApiError> {
    match authorise(services, head, Scope::Read).await {
        Ok(caller) => Ok(Some(caller)),
        Err(error) if error.code() == "missing_token" => Ok(None),
        Err(error) => Err(error),
    }
}

async fn answer(services: &Services, viewer: Option<Caller>, body: Body) -> Result<serde_json::Value, ApiError> {
    match read_queries(&read(body).await?)? {
        Queries::One(query) => Ok(carry_out(services, viewer, *query).await),
        Queries::Batch(queries) => {
            let mut answers = Vec::with_capacity(queries.len());
            for query in queries {
                answers.push(carry_out(services, viewer.clone(), query).await);
            }
            Ok(serde_json::Value::Array(answers))
        }
    }
}

async fn carry_out(
    services: &Services,
    viewer: Option<Caller>,
    mut query: async_graphql::Request,
) -> serde_json::Value {
    let answer = match check_limits(&mut query) {
        Ok(()) => SCHEMA.execute(query.data(Viewer(viewer)).data(services.clone())).await,
        Err(error) => Answer::from_errors(vec![error]),
    };
    shape(&answer)
}

/// A query that was not carried out has no data, not even null (GraphQL, section 7.1).
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

/// An error about the request as a whole, in the shape of any other.
fn refuse(error: ApiError) -> Response {
    let message = match error.status() {
        StatusCode::UNAUTHORIZED => "Invalid token",
        _ => error.message(),
    };
    let body = json!({"errors": [{"message": message}]});
    error.into_response_with(JSON, body.to_string())
}

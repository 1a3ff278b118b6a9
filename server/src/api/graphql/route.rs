//! `POST /api/graphql`.

use std::time::Duration;

use async_graphql::{Response as Answer, Value};
use axum::{
    body::{Body, Bytes, to_bytes},
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
    super::{ApiError, caller::Caller, caller::authorise},
    access::Viewer,
    query_limits::check_limits,
    request::{Queries, read_queries},
    schema::SCHEMA,
};
use crate::services::Services;

/// The most bytes of a body.
const MAX_BODY_BYTES: usize = 256 * 1024;

const JSON: &str = "application/json";

/// How long a body may take to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(30);

/// Carries out a query, a mutation, or a batch of them.
pub(in crate::api) async fn post_graphql(State(services): State<Services>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let viewer = match identify(&services, &head).await {
        Ok(viewer) => viewer,
        Err(error) => {
            let refusal = json!({"errors": [{"message": error.message()}]});
            return error.into_response_with(JSON, refusal.to_string());
        }
    };
    let rate = viewer.as_ref().map(|caller| caller.rate).unwrap_or_default();
    let mut response = match answer(&services, viewer, body).await {
        Ok(answer) => respond(StatusCode::OK, &answer),
        Err(refusal) => respond(refusal.status, &json!({"errors": [{"message": refusal.message}]})),
    };
    rate.set(response.headers_mut());
    response
}

/// Why a request was not looked at further.
struct Refusal {
    status: StatusCode,
    message: String,
}

async fn answer(services: &Services, viewer: Option<Caller>, body: Body) -> Result<serde_json::Value, Refusal> {
    let body = read_body(body).await?;
    let queries = read_queries(&body).map_err(|error| Refusal {
        status: error.status(),
        message: error.to_string(),
    })?;
    match queries {
        Queries::One(query) => Ok(carry_out(services, viewer, query).await),
        Queries::Batch(queries) => {
            let mut answers = Vec::with_capacity(queries.len());
            for query in queries {
                answers.push(carry_out(services, viewer.clone(), query).await);
            }
            Ok(serde_json::Value::Array(answers))
        }
    }
}

/// Who asks. Without a token or session nobody does: such a request learns no more than what there is to ask for.
async fn identify(services: &Services, head: &Parts) -> Result<Option<Caller>, ApiError> {
    match authorise(services, head, Scope::Read).await {
        Ok(caller) => Ok(Some(caller)),
        Err(error) if error.code() == "missing_token" => Ok(None),
        Err(error) if error.status() == StatusCode::UNAUTHORIZED => {
            Err(ApiError::new(StatusCode::UNAUTHORIZED, error.code(), "Invalid token"))
        }
        Err(error) => Err(error),
    }
}

async fn read_body(body: Body) -> Result<Bytes, Refusal> {
    let refused = |status, message: &str| Refusal {
        status,
        message: message.to_owned(),
    };
    match tokio::time::timeout(ARRIVES_WITHIN, to_bytes(body, MAX_BODY_BYTES)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(refused(StatusCode::PAYLOAD_TOO_LARGE, "A request has at most 256 KiB")),
        Err(_) => Err(refused(
            StatusCode::REQUEST_TIMEOUT,
            "The body did not arrive within 30 seconds",
        )),
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

fn respond(status: StatusCode, answer: &serde_json::Value) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(JSON)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, answer.to_string()).into_response()
}

//! `POST /api/graphql`: who asks, what, and the answer in JSON.

use std::net::IpAddr;

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
        caller::{Caller, authorise, peer_of},
        input::read,
        rate::RateHeaders,
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
    let asking = match identify(&services, &head).await {
        Ok(asking) => asking,
        Err(error) => {
            drain(&mut body).await;
            return refuse(error);
        }
    };
    let rate = asking.rate();
    match answer(&services, &asking, body).await {
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

/// Who asks.
enum Asking {
    Known(Caller),
    /// Without a token or session: such a request learns no more than what there is to ask for.
    Stranger(IpAddr),
}

impl Asking {
    fn rate(&self) -> RateHeaders {
        match self {
            Self::Known(caller) => caller.rate,
            Self::Stranger(_) => RateHeaders::default(),
        }
    }

    fn viewer(&self) -> Viewer {
        match self {
            Self::Known(caller) => Viewer(Some(caller.clone())),
            Self::Stranger(_) => Viewer(None),
        }
    }
}

async fn identify(services: &Services, head: &Parts) -> Result<Asking, ApiError> {
    match authorise(services, head, Scope::Read).await {
        Ok(caller) => Ok(Asking::Known(caller)),
        Err(error) if error.code() == "missing_token" => admit_stranger(services, head),
        Err(error) => Err(error),
    }
}

fn admit_stranger(services: &Services, head: &Parts) -> Result<Asking, ApiError> {
    let address = services.trusted_proxies.client_address(peer_of(head)?, &head.headers);
    match services.strangers.count(address) {
        Ok(()) => Ok(Asking::Stranger(address)),
        Err(wait) => {
            let message = "Too many requests without an API token came from this address.";
            let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message);
            Err(error.with_retry_after(wait.seconds()))
        }
    }
}

async fn answer(services: &Services, asking: &Asking, body: Body) -> Result<serde_json::Value, ApiError> {
    match read_queries(&read(body).await?)? {
        Queries::One(query) => Ok(carry_out(services, asking.viewer(), *query).await),
        Queries::Batch(queries) => {
            let others = queries.len().saturating_sub(1);
            match asking {
                Asking::Known(caller) => services.api_rate.count_others(caller.owner, others),
                Asking::Stranger(address) => services.strangers.count_others(*address, others),
            }
            let mut answers = Vec::with_capacity(queries.len());
            for query in queries {
                answers.push(carry_out(services, asking.viewer(), query).await);
            }
            Ok(serde_json::Value::Array(answers))
        }
    }
}

async fn carry_out(services: &Services, viewer: Viewer, mut query: async_graphql::Request) -> serde_json::Value {
    let answer = match check_limits(&mut query) {
        Ok(()) => SCHEMA.execute(query.data(viewer).data(services.clone())).await,
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

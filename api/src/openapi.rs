//! The OpenAPI document: generated from the routes, then completed with what all operations have in common.

use axum::{Router, http::Method, http::header::CONTENT_TYPE, routing::get};
use domain::{
    access::{
        SessionCookie,
        permissions::{self, Credentials},
    },
    destination::HeaderDraft,
    view::HeaderView,
};
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    auth::AUDIT_EVENTS,
    error::{PROBLEM_JSON, Problem},
    ingest,
    services::Services,
    v1,
    v1::describe_kinds,
};

/// Responses of all operations: status, name and description.
const COMMON: [(&str, &str, &str); 4] = [
    ("401", "Unauthorized", "The token is missing or invalid"),
    ("403", "Forbidden", "The token does not have the required scope"),
    (
        "429",
        "TooManyRequests",
        "Too many requests. Retry after the number of seconds in `Retry-After`",
    ),
    ("500", "InternalError", "Internal error. The server log has details"),
];

/// Responses of all operations with a body.
const OF_BODIES: [(&str, &str, &str); 4] = [
    (
        "400",
        "BadRequest",
        "The request body is not valid JSON, or a header is invalid",
    ),
    ("408", "TooSlow", "The request body did not arrive within 30 seconds"),
    ("413", "TooLarge", "The request body is larger than 256 KiB"),
    ("422", "Unprocessable", "A field is invalid"),
];

const RATE_HEADERS: [(&str, &str); 3] = [
    (
        "RateLimit-Limit",
        "Limit of requests per minute or, for posting audit events, of events per second. Absent if there is no limit",
    ),
    ("RateLimit-Remaining", "Number of requests or events left"),
    (
        "RateLimit-Reset",
        "Time at which the whole limit is available again, in seconds since 1970",
    ),
];

/// Additional headers of some errors.
const ERROR_HEADERS: [(&str, &str, &str); 2] = [
    ("Retry-After", "integer", "Number of seconds after which to retry"),
    ("WWW-Authenticate", "string", "Authentication challenge (RFC 6750)"),
];

/// The OpenAPI document as JSON.
pub fn document() -> String {
    let mut document = serde_json::to_value(documented().into_openapi()).unwrap_or_default();
    document["info"] = json!({
        "title": "Audit Streams",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Stores audit events and streams them to destinations. Send an API token in `Authorization: Bearer` or \
                        `PRIVATE-TOKEN`. `x-required-scope` of an operation is the scope that the token must have; `admin` allows \
                        everything.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    });
    document["servers"] = json!([{"url": "/", "description": "This server"}]);
    document["tags"] = json!([
        {"name": "Audit events", "description": "Post and read events"},
        {"name": "Destinations", "description": "Destinations that events are streamed to"},
        {"name": "Streams", "description": "Health of the streams, and events that could not be delivered"},
        {"name": "Instance", "description": "Overview of the instance"},
        {"name": "Settings", "description": "Settings for network rules, retention and alerts"},
        {"name": "Tokens", "description": "API tokens"},
        {"name": "Users", "description": "Administrators who can sign in"},
    ]);
    document["components"]["securitySchemes"] = json!({
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "ast_…"},
        "private_token": {"type": "apiKey", "in": "header", "name": "PRIVATE-TOKEN", "description": "The header that GitLab's clients send"},
        "session": {"type": "apiKey", "in": "cookie", "name": SessionCookie::new(true, None).name(),
            "description": "The session of an administrator. Accepted only from this server's own pages"},
    });
    document["components"]["headers"] = shared_headers().into();
    document["components"]["responses"] = shared_responses().into();
    let mut problems = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut problems);
    // Referred to by the fields of kinds alone.
    problems.extend([
        (HeaderDraft::name().into_owned(), HeaderDraft::schema()),
        (HeaderView::name().into_owned(), HeaderView::schema()),
    ]);
    for (name, schema) in problems {
        document["components"]["schemas"][name] = serde_json::to_value(schema).unwrap_or_default();
    }
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        describe_kinds(schemas);
    }
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, item) in paths {
            complete_path(path, item);
        }
    }
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// The document is public.
pub(crate) fn router() -> Router<Services> {
    let document = document();
    let answer = move || async move { ([(CONTENT_TYPE, "application/json")], document) };
    Router::new().route("/api/openapi.json", get(answer))
}

fn complete_path(path: &str, item: &mut Value) {
    let Some(operations) = item.as_object_mut() else { return };
    for (method, operation) in operations {
        let Ok(method) = Method::from_bytes(method.to_ascii_uppercase().as_bytes()) else {
            continue;
        };
        operation["security"] = json!([{"bearer": []}, {"private_token": []}, {"session": []}]);
        let needed = permissions::find(&permissions::name_of(method.as_str(), path));
        if needed.credentials == Credentials::Token {
            operation["security"] = json!([{"bearer": []}, {"private_token": []}]);
        }
        operation["x-required-scope"] = json!(needed.permission.scope());
        let takes_body = operation.get("requestBody").is_some() && path != AUDIT_EVENTS;
        if let Some(responses) = operation["responses"].as_object_mut() {
            complete_responses(responses, takes_body);
        }
    }
}

/// Adds the common responses, the format of errors and the rate headers.
fn complete_responses(responses: &mut Map<String, Value>, takes_body: bool) {
    for (status, response) in responses.iter_mut() {
        for (name, reference) in headers_of(status) {
            response["headers"][name] = reference;
        }
        if status.starts_with(['4', '5']) && response.get("content").is_none() {
            response["content"] = problem_content();
        }
    }
    let common = COMMON.iter().chain(OF_BODIES.iter().filter(|_| takes_body));
    for (status, name, _) in common {
        let shared = json!({"$ref": format!("#/components/responses/{name}")});
        responses.entry(*status).or_insert(shared);
    }
}

/// The headers of a response with this status. A caller that is not identified has no limit.
fn headers_of(status: &str) -> Map<String, Value> {
    let rates = RATE_HEADERS
        .map(|(name, _)| name)
        .into_iter()
        .filter(|_| status != "401");
    let more = ERROR_HEADERS.map(|(name, ..)| name).into_iter();
    let more = more.filter(|name| match *name {
        "Retry-After" => matches!(status, "429" | "503"),
        _ => matches!(status, "401" | "403"),
    });
    let reference = |name: &str| json!({"$ref": format!("#/components/headers/{name}")});
    rates
        .chain(more)
        .map(|name| (name.to_owned(), reference(name)))
        .collect()
}

fn shared_responses() -> Map<String, Value> {
    let response = |status: &str, description: &str| {
        let headers = headers_of(status);
        json!({"description": description, "headers": headers, "content": problem_content()})
    };
    let all = COMMON.iter().chain(&OF_BODIES);
    all.map(|(status, name, description)| ((*name).to_owned(), response(status, description)))
        .collect()
}

fn shared_headers() -> Map<String, Value> {
    let rates = RATE_HEADERS.map(|(name, description)| (name, "integer", description));
    let header = |kind: &str, description: &str| json!({"description": description, "schema": {"type": kind}});
    let all = rates.into_iter().chain(ERROR_HEADERS);
    all.map(|(name, kind, description)| (name.to_owned(), header(kind, description)))
        .collect()
}

fn problem_content() -> Value {
    json!({PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}})
}

/// The documented routes.
fn documented() -> OpenApiRouter<Services> {
    ingest::route().merge(v1::routes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_says_who_may_ask_and_what_can_go_wrong() {
        let document: Value = serde_json::from_str(&document()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.values().flat_map(|item| item.as_object().unwrap().values());
        let mut count = 0;
        for operation in operations {
            count += 1;
            let id = &operation["operationId"];
            assert!(
                ["ingest", "read", "admin"].contains(&operation["x-required-scope"].as_str().unwrap()),
                "{id}"
            );
            let refused = &operation["responses"]["401"]["$ref"];
            assert_eq!(refused, "#/components/responses/Unauthorized", "{id}");
            assert!(operation["summary"].is_string() && operation["tags"].is_array(), "{id}");
        }
        assert!(count >= 26, "{count}");
        // What the generator makes of an enum that is inlined together with a description: nothing could be both.
        assert!(!document.to_string().contains("allOf"));
    }
}

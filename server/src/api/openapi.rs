//! The OpenAPI document: made of the routes themselves, then completed with what holds for all of them.

use axum::{Router, http::Method, http::header::CONTENT_TYPE, routing::get};
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use super::{
    AUDIT_EVENTS,
    error::{PROBLEM_JSON, Problem},
    guard::needed_scope,
};
use crate::services::Services;

/// The document as it is served.
pub(crate) fn document() -> String {
    let mut document = serde_json::to_value(super::documented().into_openapi()).unwrap_or_default();
    document["info"] = json!({
        "title": "Audit Streams",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Takes in audit events, keeps them, and streams them. Send an API token in `Authorization: Bearer` or \
                        `PRIVATE-TOKEN`; `x-required-scope` of an operation says what it has to allow, and `admin` allows everything.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    });
    document["servers"] = json!([{"url": "/", "description": "This server"}]);
    document["tags"] = json!([
        {"name": "Audit events", "description": "Posting and reading events"},
        {"name": "Destinations", "description": "Where events are streamed to"},
        {"name": "Streams", "description": "How each stream is doing, and what it could not deliver"},
        {"name": "Instance", "description": "The instance at a glance"},
        {"name": "Settings", "description": "Network and retention"},
        {"name": "Tokens", "description": "API tokens"},
        {"name": "Users", "description": "Administrators who sign in"},
    ]);
    document["components"]["securitySchemes"] = json!({
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "ast_…"},
        "private_token": {"type": "apiKey", "in": "header", "name": "PRIVATE-TOKEN", "description": "As GitLab's clients send it"},
    });
    let mut problems = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut problems);
    for (name, schema) in problems {
        document["components"]["schemas"][name] = serde_json::to_value(schema).unwrap_or_default();
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

/// Everybody may read what there is to ask for.
pub(super) fn router() -> Router<Services> {
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
        operation["security"] = json!([{"bearer": []}, {"private_token": []}]);
        operation["x-required-scope"] = json!(needed_scope(&method, path));
        let takes_body = operation.get("requestBody").is_some() && path != AUDIT_EVENTS;
        if let Some(responses) = operation["responses"].as_object_mut() {
            complete_responses(responses, takes_body);
        }
    }
}

/// What every operation may answer, and how errors and limits are told.
fn complete_responses(responses: &mut Map<String, Value>, takes_body: bool) {
    let mut common = vec![
        ("401", "No token, or one that is not valid"),
        ("403", "The token lacks the scope"),
        ("429", "Too many requests; `Retry-After` says when to come back"),
        ("500", "A failure of the server"),
    ];
    if takes_body {
        common.push(("400", "The body is not JSON, or a header is not right"));
        common.push(("413", "The body has more than 256 KiB"));
        common.push(("422", "A field is not right"));
    }
    for (status, description) in common {
        responses
            .entry(status)
            .or_insert_with(|| json!({"description": description}));
    }
    for (status, response) in responses {
        response["headers"]["RateLimit-Limit"] = header("Requests a minute");
        response["headers"]["RateLimit-Remaining"] = header("How many of them are left");
        response["headers"]["RateLimit-Reset"] = header("When all of them are back, in seconds since 1970");
        if status.starts_with(['4', '5']) && response.get("content").is_none() {
            response["content"] = json!({PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}});
        }
    }
}

fn header(description: &str) -> Value {
    json!({"description": description, "schema": {"type": "integer"}})
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
            let problem = &operation["responses"]["401"]["content"]["application/problem+json"];
            assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem", "{id}");
            assert!(operation["summary"].is_string() && operation["tags"].is_array(), "{id}");
        }
        assert!(count >= 26, "{count}");
    }
}

//! One request for each operation: a read that shows something, and a change that changes something if it is permitted.

use domain::access::permissions::Operation;

/// A request that an operation answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Its name in the table of permissions.
    pub(super) operation: &'static str,
    /// The path; that of the operation if it is `None`.
    path: Option<&'static str>,
    /// JSON, or else a form.
    pub(super) body: &'static str,
    /// The status for a caller with every permission.
    pub(super) status: u16,
    /// A table that it then changes; `events` stands for the audit events of both databases. `None` if nothing changes.
    pub(super) changes: Option<&'static str>,
}

impl Sample {
    pub(super) fn path(&self) -> &'static str {
        let (_, path) = self.operation.split_once(' ').unwrap();
        self.path.unwrap_or(path)
    }

    pub(super) fn content_type(&self) -> &'static str {
        match self.body.starts_with('{') {
            true => "application/json",
            false => "application/x-www-form-urlencoded",
        }
    }
}

const fn change(operation: &'static str, body: &'static str, status: u16, table: &'static str) -> Sample {
    Sample {
        operation,
        path: None,
        body,
        status,
        changes: Some(table),
    }
}

const fn change_at(
    operation: &'static str,
    path: &'static str,
    body: &'static str,
    status: u16,
    table: &'static str,
) -> Sample {
    Sample {
        path: Some(path),
        ..change(operation, body, status, table)
    }
}

/// A request that is no read and leaves everything as it is.
const fn question(operation: &'static str, body: &'static str, status: u16) -> Sample {
    Sample {
        changes: None,
        ..change(operation, body, status, "")
    }
}

const fn question_at(operation: &'static str, path: &'static str, body: &'static str, status: u16) -> Sample {
    Sample {
        path: Some(path),
        ..question(operation, body, status)
    }
}

/// Every operation that is no read, in an order in which each has something to change.
pub(super) const CHANGES: &[Sample] = &[
    change(
        "POST /api/v1/audit_events",
        r#"{"event_type":"user_created"}"#,
        201,
        "events",
    ),
    change(
        "POST /api/graphql",
        r#"{"query":"mutation { instanceExternalAuditEventDestinationCreate(input: {name: \"made\", destinationUrl: \"http://127.0.0.1:9/made\"}) { errors } }"}"#,
        200,
        "destinations",
    ),
    // So that nothing is written because that one fails.
    change_at(
        "PATCH /api/v1/destinations/{id}",
        "/api/v1/destinations/4",
        r#"{"name":"renamed","paused":true}"#,
        200,
        "destinations",
    ),
    change(
        "POST /api/v1/destinations",
        r#"{"name":"REST","paused":true,"http":{"url":"http://127.0.0.1:9/rest"}}"#,
        201,
        "destinations",
    ),
    change(
        "POST /api/v1/destinations/test",
        r#"{"name":"new","http":{"url":"http://127.0.0.1:9/new"}}"#,
        200,
        "events",
    ),
    change_at(
        "POST /api/v1/destinations/{id}/test",
        "/api/v1/destinations/1/test",
        "{}",
        200,
        "events",
    ),
    change_at(
        "POST /api/v1/destinations/{id}/signing_secret/rotate",
        "/api/v1/destinations/1/signing_secret/rotate",
        "",
        200,
        "previous_secrets",
    ),
    change_at(
        "DELETE /api/v1/destinations/{id}/signing_secret/previous",
        "/api/v1/destinations/1/signing_secret/previous",
        "",
        200,
        "previous_secrets",
    ),
    change_at(
        "POST /api/v1/destinations/{id}/verification_token/rotate",
        "/api/v1/destinations/1/verification_token/rotate",
        "",
        200,
        "previous_secrets",
    ),
    change_at(
        "DELETE /api/v1/destinations/{id}/verification_token/previous",
        "/api/v1/destinations/1/verification_token/previous",
        "",
        200,
        "previous_secrets",
    ),
    question_at(
        "POST /api/v1/destinations/{id}/park",
        "/api/v1/destinations/1/park",
        r#"{"seq":9}"#,
        409,
    ),
    change_at(
        "POST /api/v1/destinations/{id}/parked/discard",
        "/api/v1/destinations/1/parked/discard",
        r#"{"seqs":[1]}"#,
        200,
        "discarded_events",
    ),
    change_at(
        "POST /api/v1/destinations/{id}/parked/retry",
        "/api/v1/destinations/1/parked/retry",
        r#"{"seqs":[2]}"#,
        200,
        "refused_events",
    ),
    change_at(
        "DELETE /api/v1/destinations/{id}/parked/{seq}",
        "/api/v1/destinations/1/parked/3",
        "",
        204,
        "discarded_events",
    ),
    change_at(
        "POST /api/v1/destinations/{id}/parked/{seq}/retry",
        "/api/v1/destinations/1/parked/4/retry",
        "",
        204,
        "refused_events",
    ),
    change_at(
        "POST /api/v1/destinations/{id}/retrying/discard",
        "/api/v1/destinations/1/retrying/discard",
        r#"{"seqs":[6]}"#,
        200,
        "discarded_events",
    ),
    change_at(
        "POST /api/v1/destinations/{id}/retrying/park",
        "/api/v1/destinations/1/retrying/park",
        r#"{"seqs":[7]}"#,
        200,
        "refused_events",
    ),
    change_at(
        "POST /api/v1/destinations/{id}/retrying/retry",
        "/api/v1/destinations/1/retrying/retry",
        r#"{"seqs":[8]}"#,
        200,
        "refused_events",
    ),
    change_at(
        "POST /api/v1/audit_events/{seq}/deliveries/{destination_id}/send",
        "/api/v1/audit_events/7/deliveries/1/send",
        "",
        204,
        "refused_events",
    ),
    question_at(
        "POST /api/v1/destinations/{id}/replays/count",
        "/api/v1/destinations/1/replays/count",
        r#"{"created_after":"2000-01-01"}"#,
        200,
    ),
    change_at(
        "POST /api/v1/destinations/{id}/replays",
        "/api/v1/destinations/1/replays",
        r#"{"created_after":"2000-01-01"}"#,
        201,
        "replays",
    ),
    change_at(
        "DELETE /api/v1/destinations/{id}/replays/{replay_id}",
        "/api/v1/destinations/1/replays/2",
        "",
        200,
        "replays",
    ),
    question_at(
        "POST /api/v1/destinations/{id}/retry",
        "/api/v1/destinations/1/retry",
        "",
        204,
    ),
    change_at(
        "DELETE /api/v1/destinations/{id}",
        "/api/v1/destinations/3",
        "",
        204,
        "destinations",
    ),
    change(
        "PATCH /api/v1/settings/alerts",
        r#"{"failing_minutes":7}"#,
        200,
        "alert_settings",
    ),
    change(
        "PATCH /api/v1/settings/network",
        r#"{"allowlist":["rest.example"]}"#,
        200,
        "settings",
    ),
    change("PATCH /api/v1/settings/retention", r#"{"days":77}"#, 200, "settings"),
    change(
        "POST /api/v1/tokens",
        r#"{"name":"rest","scopes":["read"]}"#,
        201,
        "api_tokens",
    ),
    change_at("DELETE /api/v1/tokens/{id}", "/api/v1/tokens/6", "", 204, "api_tokens"),
    change("POST /api/v1/users", r#"{"username":"rest"}"#, 201, "users"),
    change_at(
        "DELETE /api/v1/users/{id}/sessions/{session}",
        "/api/v1/users/2/sessions/4",
        "",
        204,
        "sessions",
    ),
    change_at(
        "DELETE /api/v1/users/{id}/sessions",
        "/api/v1/users/2/sessions",
        "",
        204,
        "sessions",
    ),
    change_at(
        "PATCH /api/v1/users/{id}",
        "/api/v1/users/2",
        r#"{"enabled":false}"#,
        200,
        "users",
    ),
    change_at(
        "POST /api/v1/users/{id}/reset_password",
        "/api/v1/users/2/reset_password",
        "{}",
        200,
        "users",
    ),
    change(
        "POST /api/page/alerts/email",
        "version=2&draft[host]=127.0.0.1&draft[port]=9&draft[security]=none&draft[from]=a@example.com&draft[to]=b@example.com",
        200,
        "alert_settings",
    ),
    change("POST /api/page/alerts/email/test", "", 422, "events"),
    change(
        "POST /api/page/alerts/thresholds",
        "version=3&failing_minutes=9&log_share=55",
        200,
        "alert_settings",
    ),
    change(
        "POST /api/page/alerts/webhook",
        "version=4&draft[url]=http://127.0.0.1:9/",
        200,
        "alert_settings",
    ),
    change("POST /api/page/alerts/webhook/test", "", 422, "events"),
    change(
        "POST /api/page/destinations/create",
        r#"{"draft":{"name":"page","target":{"http":{"url":"http://127.0.0.1:9/page"}}}}"#,
        200,
        "destinations",
    ),
    // So that nothing is written because that one fails.
    change(
        "POST /api/page/streams/command",
        "id=6&command=deactivate",
        200,
        "inactive_spans",
    ),
    change(
        "POST /api/page/destinations/test",
        r#"{"id":null,"draft":{"name":"other","target":{"http":{"url":"http://127.0.0.1:9/other"}}}}"#,
        200,
        "events",
    ),
    question(
        "POST /api/page/destinations/secret",
        r#"{"id":2,"secret":"signing"}"#,
        200,
    ),
    change(
        "POST /api/page/destinations/rotate",
        r#"{"id":2,"secret":"signing_secret","version":1}"#,
        200,
        "previous_secrets",
    ),
    change(
        "POST /api/page/destinations/end_rotation",
        r#"{"id":2,"secret":"signing_secret","version":2}"#,
        200,
        "previous_secrets",
    ),
    change(
        "POST /api/page/destinations/update",
        r#"{"id":2,"version":3,"draft":{"name":"moved","target":{"http":{"url":"http://127.0.0.1:9/moved"}}}}"#,
        200,
        "destinations",
    ),
    change(
        "POST /api/page/events/send_again",
        "seq=1&destination=2",
        200,
        "refused_events",
    ),
    change(
        "POST /api/page/streams/change_refused",
        r#"{"id":2,"list":"parked","change":"discard","choice":"all"}"#,
        200,
        "discarded_events",
    ),
    question(
        "POST /api/page/streams/count_replay",
        r#"{"id":2,"draft":{"created_after":"2000-01-01"}}"#,
        200,
    ),
    change(
        "POST /api/page/streams/start_replay",
        r#"{"id":2,"draft":{"created_after":"2000-01-01"}}"#,
        200,
        "replays",
    ),
    change(
        "POST /api/page/streams/cancel_replay",
        r#"{"id":2,"replay":3}"#,
        200,
        "replays",
    ),
    question("POST /api/page/streams/park_event", "id=2&seq=9", 409),
    question("POST /api/page/streams/retry_now", "id=2", 200),
    change("POST /api/page/destinations/delete", r#"{"id":2}"#, 200, "destinations"),
    change(
        "POST /api/page/network/update",
        "version=3&allow_local_network=true&allowlist=page.example",
        200,
        "settings",
    ),
    change(
        "POST /api/page/retention/update",
        "version=2&days=66&log_size=",
        200,
        "settings",
    ),
    change(
        "POST /api/page/tokens/create",
        "name=page&scopes[0]=read",
        200,
        "api_tokens",
    ),
    change("POST /api/page/tokens/revoke", "id=7", 200, "api_tokens"),
    change("POST /api/page/users/add", "username=page", 200, "users"),
    change("POST /api/page/users/reset_password", "id=2", 200, "users"),
    change("POST /api/page/users/set_enabled", "id=2&enabled=true", 200, "users"),
    change(
        "POST /api/page/views/save",
        "name=second&query=text%3Dx",
        200,
        "saved_views",
    ),
    change("POST /api/page/views/rename", "id=1&name=third", 200, "saved_views"),
    change("POST /api/page/views/delete", "id=1", 200, "saved_views"),
    change("POST /api/page/sessions/end", "id=6", 200, "sessions"),
    change(
        "POST /api/page/profile/change_password",
        "current=correct+horse+battery&new=another+horse+battery",
        200,
        "users",
    ),
    change(
        "POST /api/page/session/sign_in",
        "username=root&password=another+horse+battery",
        200,
        "sessions",
    ),
    change("POST /api/page/sessions/end_all", "", 200, "sessions"),
    change("POST /api/page/session/sign_out", "", 200, "sessions"),
];

/// The address of an operation on something that is there.
pub(super) fn address(operation: &Operation) -> String {
    let (_, path) = operation.name.split_once(' ').unwrap();
    let query = match path {
        "/api/page/events/show" | "/api/page/events/deliveries" => "?seq=1",
        "/api/page/events/new" => "?since=1",
        "/api/page/streams/activity" => "?id=1&range=hour",
        "/api/page/streams/deliveries" => "?id=1&only_failed=false",
        "/api/page/streams/refused" => "?id=1&list=parked",
        "/api/page/streams/replays" => "?id=1",
        _ => "",
    };
    format!("{path}{query}")
        .replace("{replay_id}", "1")
        .replace("{id}", "1")
        .replace("{seq}", "1")
        .replace("{destination_id}", "1")
        .replace("{session}", "1")
}

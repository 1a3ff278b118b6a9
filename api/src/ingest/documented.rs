//! The schema of events in the OpenAPI document. It is not used for parsing, which is in `domain::event`.

use utoipa::ToSchema;

/// An audit event to post. Other members are stored unchanged.
#[derive(ToSchema)]
#[schema(example = json!({
    "event_type": "user_created", "author_name": "Ada", "entity_type": "Group", "entity_id": 7,
    "entity_path": "engineering", "details": {"custom_message": "Created user Grace"},
}))]
#[expect(
    dead_code,
    reason = "it is there to be documented: `domain::event` reads what is posted"
)]
pub(super) struct AuditEventInput {
    #[schema(min_length = 1, max_length = 255, example = "user_created")]
    event_type: String,
    /// Key for detecting duplicates: a string or an integer. Generated if omitted.
    id: Option<Identifier>,
    author_id: Option<Identifier>,
    author_name: Option<String>,
    entity_id: Option<Identifier>,
    /// Defaults to the instance.
    #[schema(example = "Project")]
    entity_type: Option<String>,
    entity_path: Option<String>,
    target_id: Option<Identifier>,
    target_type: Option<String>,
    target_details: Option<String>,
    ip_address: Option<String>,
    /// Defaults to the time at which the event is received.
    #[schema(format = DateTime)]
    created_at: Option<String>,
    #[schema(value_type = Value)]
    details: Option<serde_json::Value>,
}

#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is there to be documented")]
pub(super) enum Posted {
    One(Box<AuditEventInput>),
    Several(Vec<AuditEventInput>),
}

#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is there to be documented")]
pub(super) enum Identifier {
    Text(String),
    Number(i64),
}

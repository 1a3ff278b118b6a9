//! What tests of GraphQL need besides a client.

use serde_json::{Value, json};

use crate::{
    graphql_client::{GraphqlClient, http_id},
    instance::Instance,
};

pub(crate) const NOT_THERE: &str =
    "The resource that you are attempting to access does not exist or you don't have permission to perform this action";

impl<'instance> GraphqlClient<'instance> {
    pub(crate) fn without_token(instance: &'instance Instance) -> Self {
        Self { instance, token: None }
    }

    /// The message of a mutation that had to be refused at the top of the answer.
    pub(crate) async fn top_error(&self, mutation: &str, input: Value) -> String {
        let answer = self.mutate(mutation, input, "").await;
        let message = answer["errors"][0]["message"].as_str();
        let message = message.unwrap_or_else(|| panic!("{answer}")).to_owned();
        assert_eq!(answer, refused(mutation, &message));
        message
    }
}

/// The whole answer to one mutation that was refused at its top.
pub(crate) fn refused(mutation: &str, message: &str) -> Value {
    json!({"data": {mutation: null}, "errors": [{"message": message, "path": [mutation]}]})
}

/// Takes a text that was made up out of an answer, and puts `made up` in its place.
pub(crate) fn take_text(answer: &mut Value, pointer: &str) -> String {
    let place = answer
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("nothing at {pointer}"));
    let text = place.as_str().unwrap().to_owned();
    *place = json!("made up");
    text
}

pub(crate) fn header_id(number: i64) -> String {
    format!("gid://gitlab/AuditEvents::Streaming::InstanceHeader/{number}")
}

pub(crate) fn google_id(number: i64) -> String {
    format!("gid://gitlab/AuditEvents::Instance::GoogleCloudLoggingConfiguration/{number}")
}

pub(crate) fn s3_id(number: i64) -> String {
    format!("gid://gitlab/AuditEvents::Instance::AmazonS3Configuration/{number}")
}

pub(crate) fn namespace_filter_id(number: i64) -> String {
    format!("gid://gitlab/AuditEvents::Instance::NamespaceFilter/{number}")
}

/// The mutation of its own family that updates a destination of this kind, the destination in its payload, and its id.
pub(crate) fn update_mutation(kind: &str, number: i64) -> (&'static str, &'static str, String) {
    match kind {
        "http" => (
            "instanceExternalAuditEventDestinationUpdate",
            "instanceExternalAuditEventDestination",
            http_id(number),
        ),
        "gcp" => (
            "instanceGoogleCloudLoggingConfigurationUpdate",
            "instanceGoogleCloudLoggingConfiguration",
            google_id(number),
        ),
        _ => (
            "auditEventsInstanceAmazonS3ConfigurationUpdate",
            "instanceAmazonS3Configuration",
            s3_id(number),
        ),
    }
}

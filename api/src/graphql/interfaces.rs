//! GitLab's interfaces. Each is implemented by one type here; GitLab's other implementations belong to groups. No field returns an
//! interface, so the schema registers them; fragments use them (`... on AuditEventStreamingDestinationInterface`).

#![expect(
    clippy::duplicated_attributes,
    reason = "fields of one interface have the same type, and each says so"
)]

use async_graphql::{ID, Interface};
use serde_json::Value;

use super::{
    google::InstanceGoogleCloudLoggingConfigurationType, headers::AuditEventsStreamingInstanceHeader,
    http_destinations::InstanceExternalAuditEventDestination, s3::InstanceAmazonS3ConfigurationType,
    unified::InstanceAuditEventStreamingDestination,
};

/// A destination of any kind.
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "ID of the destination."),
    field(name = "name", ty = "String", desc = "Name of the destination."),
    field(name = "category", ty = "String", desc = "Kind of the destination."),
    field(name = "config", ty = "Value", desc = "Configuration of the destination."),
    field(
        name = "event_type_filters",
        ty = "Vec<String>",
        desc = "Allowlist: only these event types are streamed. Empty if all are."
    ),
    field(
        name = "secret_token",
        ty = "String",
        desc = "Verification token of an HTTP destination, sent with each event. Empty for other kinds."
    ),
    field(
        name = "active",
        ty = "bool",
        desc = "Whether events are streamed to the destination."
    )
)]
pub(super) enum AuditEventStreamingDestinationInterface {
    Instance(InstanceAuditEventStreamingDestination),
}

/// An HTTP destination.
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "ID of the destination."),
    field(name = "name", ty = "String", desc = "Name of the destination."),
    field(name = "destination_url", ty = "String", desc = "URL that events are posted to."),
    field(
        name = "verification_token",
        ty = "String",
        desc = "Verification token, sent with each event as `X-Gitlab-Event-Streaming-Token`."
    ),
    field(
        name = "event_type_filters",
        ty = "Vec<String>",
        desc = "Allowlist: only these event types are streamed. Empty if all are."
    ),
    field(
        name = "active",
        ty = "bool",
        desc = "Whether events are streamed to the destination."
    )
)]
pub(super) enum ExternalAuditEventDestinationInterface {
    Instance(InstanceExternalAuditEventDestination),
}

/// A Google Cloud Logging destination.
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "ID of the destination."),
    field(name = "name", ty = "String", desc = "Name of the destination."),
    field(
        name = "google_project_id_name",
        ty = "String",
        desc = "ID of the Google Cloud project that entries are written to."
    ),
    field(
        name = "client_email",
        ty = "String",
        desc = "E-mail address of the service account that writes the entries."
    ),
    field(name = "log_id_name", ty = "String", desc = "Name of the log."),
    field(
        name = "active",
        ty = "bool",
        desc = "Whether events are streamed to the destination."
    )
)]
pub(super) enum GoogleCloudLoggingConfigurationInterface {
    Instance(InstanceGoogleCloudLoggingConfigurationType),
}

/// An AWS S3 destination.
#[derive(Interface)]
#[graphql(
    name = "AmazonS3ConfigurationInterface",
    field(name = "id", ty = "ID", desc = "ID of the destination."),
    field(name = "name", ty = "String", desc = "Name of the destination."),
    field(name = "access_key_xid", ty = "String", desc = "Access key ID of the AWS account."),
    field(name = "bucket_name", ty = "String", desc = "Name of the bucket."),
    field(name = "aws_region", ty = "String", desc = "Region of the bucket."),
    field(
        name = "active",
        ty = "bool",
        desc = "Whether events are streamed to the destination."
    )
)]
pub(super) enum AmazonS3ConfigurationInterface {
    Instance(InstanceAmazonS3ConfigurationType),
}

/// A custom HTTP header.
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "ID of the header."),
    field(name = "key", ty = "String", desc = "Name of the header."),
    field(name = "value", ty = "String", desc = "Value of the header."),
    field(name = "active", ty = "bool", desc = "Whether the header is sent.")
)]
pub(super) enum BaseHeaderInterface {
    Instance(AuditEventsStreamingInstanceHeader),
}

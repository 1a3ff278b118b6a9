//! GitLab's families for Google Cloud Logging and AWS S3: each operation with its whole answer, carried out and refused.

use receivers::google::GoogleServer;
use serde_json::{Value, json};

use crate::{
    graphql_client::{GraphqlClient, http_id},
    graphql_helpers::{NOT_THERE, google_id, refused, s3_id},
    instance::Instance,
};

const GOOGLE_CREATE: &str = "instanceGoogleCloudLoggingConfigurationCreate";
const GOOGLE_UPDATE: &str = "instanceGoogleCloudLoggingConfigurationUpdate";
const GOOGLE_DESTROY: &str = "instanceGoogleCloudLoggingConfigurationDestroy";
const GOOGLE: &str =
    "instanceGoogleCloudLoggingConfiguration { id name googleProjectIdName clientEmail logIdName active paused }";

async fn private_key() -> String {
    let google = GoogleServer::start().await.unwrap();
    google.service_account().private_key_pem.clone()
}

fn google_input(key: &str, change: Value) -> Value {
    let mut input = json!({
        "name": "Cloud", "googleProjectIdName": "my-project", "clientEmail": "audit@my-project.example", "privateKey": key,
    });
    for (field, value) in change.as_object().unwrap() {
        input[field] = value.clone();
    }
    input
}

fn answer(mutation: &str, shown: &str, errors: &[&str], destination: Value) -> Value {
    json!({"data": {mutation: {"clientMutationId": null, "errors": errors, shown: destination}}})
}

#[tokio::test]
async fn a_google_destination_is_added_listed_changed_and_removed() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    let shown = "instanceGoogleCloudLoggingConfiguration";
    let mut destination = json!({
        "id": google_id(1), "name": "Cloud", "googleProjectIdName": "my-project",
        "clientEmail": "audit@my-project.example", "logIdName": "audit_events", "active": true, "paused": false,
    });
    let input = google_input(&private_key().await, json!({}));
    assert_eq!(
        api.mutate(GOOGLE_CREATE, input, GOOGLE).await,
        answer(GOOGLE_CREATE, shown, &[], destination.clone())
    );
    for (field, value) in [
        ("name", json!("Cloud 2")),
        ("googleProjectIdName", json!("other-project")),
        ("clientEmail", json!("b@other-project.example")),
        ("logIdName", json!("audit/instance")),
        ("active", json!(false)),
        ("paused", json!(true)),
    ] {
        destination[field] = value.clone();
        assert_eq!(
            api.mutate(GOOGLE_UPDATE, json!({"id": google_id(1), field: value}), GOOGLE)
                .await,
            answer(GOOGLE_UPDATE, shown, &[], destination.clone()),
            "the others stay"
        );
    }
    let new_key = json!({"id": google_id(1), "privateKey": private_key().await});
    assert_eq!(
        api.mutate(GOOGLE_UPDATE, new_key, GOOGLE).await,
        answer(GOOGLE_UPDATE, shown, &[], destination.clone())
    );
    let listed = api.ask(
        "{ instanceGoogleCloudLoggingConfigurations { nodes { id name googleProjectIdName clientEmail \
                          logIdName active paused } } }",
    );
    assert_eq!(
        listed.await,
        json!({"data": {"instanceGoogleCloudLoggingConfigurations": {"nodes": [destination]}}})
    );
    assert_eq!(
        api.mutate(GOOGLE_DESTROY, json!({"id": google_id(1)}), "").await,
        json!({"data": {GOOGLE_DESTROY: {"clientMutationId": null, "errors": []}}})
    );
    for mutation in [GOOGLE_UPDATE, GOOGLE_DESTROY] {
        assert_eq!(
            api.mutate(mutation, json!({"id": google_id(1)}), "").await,
            refused(mutation, NOT_THERE)
        );
    }
}

#[tokio::test]
async fn what_breaks_a_rule_of_a_google_destination_is_told_in_the_payload() {
    let instance = Instance::start_with(|options| {
        options.engine.destination_limit = 2;
    })
    .await;
    let api = GraphqlClient::new(&instance, "admin").await;
    let (key, shown) = (private_key().await, "instanceGoogleCloudLoggingConfiguration");
    api.payload(GOOGLE_CREATE, google_input(&key, json!({})), "").await;
    for (change, message) in [
        (
            json!({"googleProjectIdName": "My-Project"}),
            "Google project id name must only contain lowercase letters, digits, or hyphens, and must start with a letter \
             and end with a letter or a digit",
        ),
        (json!({"clientEmail": "nobody"}), "Client email is invalid"),
        (
            json!({"logIdName": "a b"}),
            "Log id name must only contain letters, digits, forward-slash, underscore, hyphen or period",
        ),
        (
            json!({"privateKey": "{}"}),
            "Private key must be the private_key of a service account's key: a PEM text from -----BEGIN PRIVATE KEY----- to \
             -----END PRIVATE KEY-----",
        ),
        (
            json!({"name": "Other"}),
            "Log id name has already been taken for this project",
        ),
        (json!({"logIdName": "other"}), "Name has already been taken"),
    ] {
        assert_eq!(
            api.mutate(GOOGLE_CREATE, google_input(&key, change), GOOGLE).await,
            answer(GOOGLE_CREATE, shown, &[message], Value::Null)
        );
    }
    let id = json!(google_id(1));
    assert_eq!(
        api.errors(GOOGLE_UPDATE, json!({"id": id, "clientEmail": "nobody"}))
            .await,
        ["Client email is invalid"]
    );
    assert_eq!(
        api.errors(GOOGLE_UPDATE, json!({"id": id, "privateKey": ""})).await,
        ["Private key can't be blank"]
    );
    api.payload(
        GOOGLE_CREATE,
        google_input(&key, json!({"name": "Second", "logIdName": "second"})),
        "",
    )
    .await;
    assert_eq!(
        api.errors(
            GOOGLE_CREATE,
            google_input(&key, json!({"name": "Third", "logIdName": "third"}))
        )
        .await,
        ["Maximum number of external audit event destinations (2) exceeded"]
    );
}

const S3_CREATE: &str = "auditEventsInstanceAmazonS3ConfigurationCreate";
const S3_UPDATE: &str = "auditEventsInstanceAmazonS3ConfigurationUpdate";
const S3_DELETE: &str = "auditEventsInstanceAmazonS3ConfigurationDelete";
const S3: &str = "instanceAmazonS3Configuration { id name accessKeyXid bucketName awsRegion endpointUrl keyPrefix \
                  objectLayout partitions omitChecksums encryption kmsKeyId lockMode lockDays active paused }";

fn s3_input(change: Value) -> Value {
    let mut input = json!({
        "name": "Bucket", "accessKeyXid": "AKIAIOSFODNN7EXAMPLE", "bucketName": "audit-events", "awsRegion": "eu-central-1",
        "secretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    });
    for (field, value) in change.as_object().unwrap() {
        input[field] = value.clone();
    }
    input
}

#[tokio::test]
async fn an_s3_destination_is_added_listed_changed_and_removed() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    let shown = "instanceAmazonS3Configuration";
    let mut destination = json!({
        "id": s3_id(1), "name": "Bucket", "accessKeyXid": "AKIAIOSFODNN7EXAMPLE", "bucketName": "audit-events",
        "awsRegion": "eu-central-1", "endpointUrl": null, "keyPrefix": "", "objectLayout": "events", "partitions": "dates",
        "omitChecksums": false, "encryption": "", "kmsKeyId": "", "lockMode": "", "lockDays": null, "active": true,
        "paused": false,
    });
    assert_eq!(
        api.mutate(S3_CREATE, s3_input(json!({})), S3).await,
        answer(S3_CREATE, shown, &[], destination.clone())
    );
    for (field, value) in [
        ("name", json!("Bucket 2")),
        ("accessKeyXid", json!("AKIAIOSFODNN7EXAMPL2")),
        ("bucketName", json!("audit-events-2")),
        ("awsRegion", json!("us-east-1")),
        ("endpointUrl", json!("https://minio.example:9000")),
        ("keyPrefix", json!("audit/prod")),
        ("objectLayout", json!("batches")),
        ("partitions", json!("hive")),
        ("omitChecksums", json!(true)),
        ("encryption", json!("aws:kms")),
        ("kmsKeyId", json!("key-1")),
        ("active", json!(false)),
        ("paused", json!(true)),
    ] {
        destination[field] = value.clone();
        assert_eq!(
            api.mutate(S3_UPDATE, json!({"id": s3_id(1), field: value}), S3).await,
            answer(S3_UPDATE, shown, &[], destination.clone()),
            "the others stay"
        );
    }
    destination["endpointUrl"] = Value::Null;
    let back = json!({"id": s3_id(1), "endpointUrl": "", "secretAccessKey": "another+secret"});
    assert_eq!(
        api.mutate(S3_UPDATE, back, S3).await,
        answer(S3_UPDATE, shown, &[], destination.clone())
    );
    let listed = api.ask(
        "{ auditEventsInstanceAmazonS3Configurations { nodes { id name accessKeyXid bucketName awsRegion \
                          endpointUrl keyPrefix objectLayout partitions omitChecksums encryption kmsKeyId lockMode lockDays active \
                          paused } } }",
    );
    assert_eq!(
        listed.await,
        json!({"data": {"auditEventsInstanceAmazonS3Configurations": {"nodes": [destination]}}})
    );
    assert_eq!(
        api.mutate(S3_DELETE, json!({"id": s3_id(1)}), "").await,
        json!({"data": {S3_DELETE: {"clientMutationId": null, "errors": []}}})
    );
    for mutation in [S3_UPDATE, S3_DELETE] {
        assert_eq!(
            api.mutate(mutation, json!({"id": s3_id(1)}), "").await,
            refused(mutation, NOT_THERE)
        );
    }
    let own = json!({"endpointUrl": "http://127.0.0.1:9000/", "keyPrefix": "a", "objectLayout": "batches",
        "bucketName": "audit_logs", "awsRegion": "RegionOne", "accessKeyXid": "minioadmin",
        "lockMode": "COMPLIANCE", "lockDays": 7});
    let added = api.payload(S3_CREATE, s3_input(own), S3).await;
    let added = &added["instanceAmazonS3Configuration"];
    assert_eq!(added["endpointUrl"], "http://127.0.0.1:9000");
    assert_eq!(
        (&added["keyPrefix"], &added["objectLayout"]),
        (&json!("a"), &json!("batches"))
    );
    assert_eq!(
        (&added["lockMode"], &added["lockDays"], &added["bucketName"]),
        (&json!("COMPLIANCE"), &json!(7), &json!("audit_logs"))
    );
}

#[tokio::test]
async fn what_breaks_a_rule_of_an_s3_destination_is_told_in_the_payload() {
    let instance = Instance::start_with(|options| {
        options.engine.destination_limit = 1;
    })
    .await;
    let api = GraphqlClient::new(&instance, "admin").await;
    api.payload(S3_CREATE, s3_input(json!({})), "").await;
    for (change, message) in [
        (
            json!({"accessKeyXid": "AKIAIOSFODNN7-EXAMPLE"}),
            "Access key xid must only contain letters, digits or underscore",
        ),
        (json!({"bucketName": "Bucket"}), "Bucket name is invalid"),
        (
            json!({"awsRegion": "US East"}),
            "AWS region must be a valid region code, for example us-east-1",
        ),
        (json!({"secretAccessKey": ""}), "Secret access key can't be blank"),
        (
            json!({"endpointUrl": "minio.example"}),
            "Endpoint url must be a valid URL",
        ),
        (
            json!({"keyPrefix": "a/../b"}),
            "Key prefix must only contain letters, digits and !-_.*'()=/, and no part of it may be empty, . or ..",
        ),
        (
            json!({}),
            "Maximum number of external audit event destinations (1) exceeded",
        ),
    ] {
        assert_eq!(
            api.mutate(S3_CREATE, s3_input(change.clone()), S3).await,
            answer(S3_CREATE, "instanceAmazonS3Configuration", &[message], Value::Null)
        );
        let mut change = change;
        if change != json!({}) {
            change["id"] = json!(s3_id(1));
            assert_eq!(api.errors(S3_UPDATE, change).await, [message]);
        }
    }
    assert_eq!(
        api.top_error(S3_UPDATE, json!({"id": http_id(1)})).await,
        format!(
            "{:?} does not represent an instance of AuditEvents::Instance::AmazonS3Configuration",
            http_id(1)
        )
    );
}

#[tokio::test]
async fn two_destinations_have_neither_a_name_nor_a_bucket_in_common() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    api.payload(S3_CREATE, s3_input(json!({})), "").await;
    assert_eq!(
        api.errors(S3_CREATE, s3_input(json!({"bucketName": "other"}))).await,
        ["Name has already been taken"]
    );
    assert_eq!(
        api.errors(S3_CREATE, s3_input(json!({"name": "Other"}))).await,
        ["Bucket name has already been taken"]
    );
    // A name is taken within its kind alone.
    let same_name = google_input(&private_key().await, json!({"name": "Bucket"}));
    assert_eq!(api.payload(GOOGLE_CREATE, same_name, "").await["errors"], json!([]));
}

//! `config` of the unified family: a JSON object whose keys depend on the category.
//!
//! A change replaces all of it, as GitLab does. The keys that GitLab does not have are the exception: where they are left out,
//! what is stored stays, so that a client that knows nothing of them does no harm.

use std::collections::BTreeMap;

use domain::{
    Field, FieldErrors,
    destination::{
        DestinationKind, GoogleDraft, HeaderDraft, HttpDraft, ObjectLayout, S3Draft, S3Settings, TargetDraft,
    },
};
use engine::admin::{HttpTarget, Target};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{errors::broken, family::WRONG_SHAPE};
use crate::destinations::visible_url;

/// Where the unified family writes, unless it is told otherwise.
const LOG_ID: &str = "audit-events";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpConfig {
    url: String,
    #[serde(
        default,
        deserialize_with = "given_or_none",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    headers: BTreeMap<String, HeaderConfig>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderConfig {
    value: String,
    #[serde(default = "is_active")]
    active: bool,
}

/// Null says that there are none.
fn given_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, HeaderConfig>, D::Error> {
    let headers = Option::<BTreeMap<String, HeaderConfig>>::deserialize(deserializer)?;
    Ok(headers.unwrap_or_default())
}

const fn is_active() -> bool {
    true
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GoogleConfig {
    google_project_id_name: String,
    client_email: String,
    log_id_name: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct S3Config {
    access_key_xid: String,
    bucket_name: String,
    aws_region: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_layout: Option<ObjectLayout>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partitions: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    omit_checksums: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock_mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock_days: Option<u32>,
}

/// An empty form of this kind, to write a config into.
pub(super) fn empty(kind: DestinationKind) -> TargetDraft {
    match kind {
        DestinationKind::Http => TargetDraft::Http(HttpDraft::default()),
        DestinationKind::GoogleCloudLogging => TargetDraft::GoogleCloudLogging(GoogleDraft::default()),
        DestinationKind::AmazonS3 => TargetDraft::AmazonS3(S3Draft::default()),
    }
}

/// Writes a config into a form.
///
/// # Errors
/// GitLab's one message for everything that does not have the shape of a config. What breaks another rule is found when the
/// form is parsed, and told in the same words (`family`).
pub(super) fn write_config(draft: &mut TargetDraft, config: &Value) -> Result<(), FieldErrors> {
    match draft {
        TargetDraft::Http(draft) => {
            let config: HttpConfig = read(config, Field::Url)?;
            draft.url = config.url;
            draft.headers = header_drafts(config.headers, &draft.headers);
        }
        TargetDraft::GoogleCloudLogging(draft) => {
            let config: GoogleConfig = read(config, Field::ProjectId)?;
            draft.project_id = config.google_project_id_name;
            draft.client_email = config.client_email;
            let log_id = config.log_id_name.filter(|log_id| !log_id.trim().is_empty());
            draft.log_id = log_id.unwrap_or_else(|| LOG_ID.to_owned());
        }
        TargetDraft::AmazonS3(draft) => {
            let config: S3Config = read(config, Field::Bucket)?;
            draft.access_key_id = config.access_key_xid;
            draft.bucket = config.bucket_name;
            draft.region = config.aws_region;
            draft.layout = config.object_layout.unwrap_or(draft.layout);
            draft.omit_checksums = config.omit_checksums.unwrap_or(draft.omit_checksums);
            let lock_days = config.lock_days.map(|days| days.to_string());
            for (given, text) in [
                (config.endpoint_url, &mut draft.endpoint_url),
                (config.key_prefix, &mut draft.key_prefix),
                (config.partitions, &mut draft.partitions),
                (config.encryption, &mut draft.encryption),
                (config.kms_key_id, &mut draft.kms_key_id),
                (config.lock_mode, &mut draft.lock_mode),
                (lock_days, &mut draft.lock_days),
            ] {
                if let Some(given) = given {
                    *text = given;
                }
            }
        }
    }
    Ok(())
}

/// Writes the secret of the kind into a form.
pub(super) fn write_secret(draft: &mut TargetDraft, secret: Option<&String>) {
    let Some(secret) = secret.cloned() else { return };
    match draft {
        TargetDraft::Http(draft) => draft.verification_token = Some(secret),
        TargetDraft::GoogleCloudLogging(draft) => draft.private_key = Some(secret),
        TargetDraft::AmazonS3(draft) => draft.secret_access_key = Some(secret),
    }
}

/// What is stored as a config. Unless it is to be revealed, header values are empty and URLs end with their host.
///
/// # Errors
/// None in practice: texts and booleans always have a JSON form.
pub(super) fn read_config(target: &Target, reveals: bool) -> Result<Value, serde_json::Error> {
    match target {
        Target::Http(target) => serde_json::to_value(HttpConfig {
            url: visible_url(&target.url, reveals),
            headers: header_configs(target, reveals),
        }),
        Target::GoogleCloudLogging(target) => serde_json::to_value(GoogleConfig {
            google_project_id_name: target.settings.project_id().to_owned(),
            client_email: target.settings.client_email().to_owned(),
            log_id_name: Some(target.settings.log_id().to_owned()),
        }),
        Target::AmazonS3(target) => serde_json::to_value(s3_config(&target.settings, reveals)),
    }
}

/// Without the keys that GitLab does not have, where they say nothing.
fn s3_config(settings: &S3Settings, reveals: bool) -> S3Config {
    let draft = settings.draft();
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    S3Config {
        access_key_xid: draft.access_key_id,
        bucket_name: draft.bucket,
        aws_region: draft.region,
        endpoint_url: settings.endpoint_url().map(|url| visible_url(url, reveals)),
        key_prefix: some(draft.key_prefix),
        object_layout: Some(draft.layout).filter(|layout| *layout != ObjectLayout::default()),
        partitions: some(draft.partitions),
        omit_checksums: Some(true).filter(|_| draft.omit_checksums),
        encryption: some(draft.encryption),
        kms_key_id: some(draft.kms_key_id),
        lock_mode: some(draft.lock_mode),
        lock_days: settings.options().lock.map(|lock| lock.days),
    }
}

/// A config may come as JSON in a text, as GitLab takes it.
fn read<T: DeserializeOwned>(config: &Value, field: Field) -> Result<T, FieldErrors> {
    let read = match config {
        Value::Object(_) => T::deserialize(config),
        Value::String(text) if text.trim_start().starts_with('{') => serde_json::from_str(text),
        _ => return Err(broken(field, WRONG_SHAPE)),
    };
    read.map_err(|_| broken(field, WRONG_SHAPE))
}

/// A header that keeps its name keeps its id, so that only what changed is told of as a change.
fn header_drafts(headers: BTreeMap<String, HeaderConfig>, before: &[HeaderDraft]) -> Vec<HeaderDraft> {
    let drafts = headers.into_iter().map(|(name, header)| HeaderDraft {
        id: before
            .iter()
            .find(|stored| stored.name == name)
            .and_then(|stored| stored.id),
        name,
        value: Some(header.value),
        active: header.active,
    });
    drafts.collect()
}

fn header_configs(target: &HttpTarget, reveals: bool) -> BTreeMap<String, HeaderConfig> {
    let configs = target.headers.iter().map(|header| {
        let value = if reveals { header.value.expose() } else { "" };
        let config = HeaderConfig {
            value: value.to_owned(),
            active: header.active,
        };
        (header.name.as_str().to_owned(), config)
    });
    configs.collect()
}

#[cfg(test)]
mod tests {
    use domain::ids::HeaderId;
    use serde_json::json;

    use super::*;

    fn written(kind: DestinationKind, config: &Value) -> Result<TargetDraft, String> {
        let mut draft = empty(kind);
        write_config(&mut draft, config).map_err(|errors| errors.to_string())?;
        Ok(draft)
    }

    #[test]
    fn what_does_not_have_the_shape_is_refused_in_one_sentence() {
        let (http, google, s3) = (
            DestinationKind::Http,
            DestinationKind::GoogleCloudLogging,
            DestinationKind::AmazonS3,
        );
        for (kind, config) in [
            (http, json!(null)),
            (http, json!("https://siem.example")),
            (http, json!("{")),
            (http, json!("[\"https://siem.example\"]")),
            (http, json!(["https://siem.example"])),
            (http, json!({})),
            (http, json!({"url": 7})),
            (http, json!({"url": "https://siem.example", "more": true})),
            (http, json!({"url": "https://siem.example", "headers": {"X-A": "1"}})),
            (
                http,
                json!({"url": "https://siem.example", "headers": {"X-A": {"value": "1", "x": 1}}}),
            ),
            (google, json!({"googleProjectIdName": "my-project"})),
            (s3, json!({"accessKeyXid": "AKIAIOSFODNN7EXAMPLE", "bucketName": "b"})),
            (
                s3,
                json!({"accessKeyXid": "A", "bucketName": "b", "awsRegion": "r", "objectLayout": "rows"}),
            ),
        ] {
            assert_eq!(written(kind, &config), Err(WRONG_SHAPE.to_owned()), "{config}");
        }
    }

    #[test]
    fn an_empty_headers_object_means_no_headers_and_so_does_null() {
        for headers in [json!({}), json!(null)] {
            let config = json!({"url": "https://siem.example", "headers": headers});
            let Ok(TargetDraft::Http(draft)) = written(DestinationKind::Http, &config) else {
                panic!("refused");
            };
            assert!(draft.headers.is_empty());
        }
    }

    #[test]
    fn a_config_may_come_as_json_in_a_text() {
        for config in [
            json!({"url": "https://siem.example", "headers": {"X-A": {"value": "1"}}}),
            json!({"googleProjectIdName": "my-project", "clientEmail": "a@b.example"}),
            json!({"accessKeyXid": "A", "bucketName": "b", "awsRegion": "r"}),
        ] {
            for kind in DestinationKind::ALL {
                let of_object = written(kind, &config);
                assert_eq!(written(kind, &Value::from(config.to_string())), of_object, "{config}");
            }
        }
    }

    #[test]
    fn an_empty_log_is_the_default_one() {
        for log_id in [json!(null), json!(""), json!(" ")] {
            let config =
                json!({"googleProjectIdName": "my-project", "clientEmail": "a@b.example", "logIdName": log_id});
            let Ok(TargetDraft::GoogleCloudLogging(draft)) = written(DestinationKind::GoogleCloudLogging, &config)
            else {
                panic!("refused");
            };
            assert_eq!(draft.log_id, LOG_ID);
        }
    }

    #[test]
    fn a_header_that_keeps_its_name_is_the_same_header() {
        let stored = HeaderDraft {
            id: Some(HeaderId::new(7)),
            name: "X-A".into(),
            value: None,
            active: true,
        };
        let mut draft = TargetDraft::Http(HttpDraft {
            headers: vec![stored],
            ..HttpDraft::default()
        });
        let config = json!({"url": "https://x.example", "headers": {"X-A": {"value": "1"}, "X-B": {"value": "2"}}});
        write_config(&mut draft, &config).unwrap();
        let TargetDraft::Http(draft) = draft else { panic!() };
        let ids: Vec<_> = draft.headers.iter().map(|header| header.id).collect();
        assert_eq!(ids, [Some(HeaderId::new(7)), None]);
    }

    #[test]
    fn keys_that_gitlab_does_not_have_stay_as_they_are_where_they_are_left_out() {
        let mut draft = TargetDraft::AmazonS3(S3Draft {
            endpoint_url: "https://minio.example".into(),
            key_prefix: "audit".into(),
            layout: ObjectLayout::Batches,
            ..S3Draft::default()
        });
        let plain = json!({"accessKeyXid": "A", "bucketName": "b", "awsRegion": "r"});
        write_config(&mut draft, &plain).unwrap();
        let TargetDraft::AmazonS3(kept) = &draft else { panic!() };
        assert_eq!(
            (kept.key_prefix.as_str(), kept.layout),
            ("audit", ObjectLayout::Batches)
        );
        let mut emptied = plain;
        emptied["endpointUrl"] = json!("");
        write_config(&mut draft, &emptied).unwrap();
        let TargetDraft::AmazonS3(changed) = draft else {
            panic!()
        };
        assert_eq!(
            (changed.endpoint_url.as_str(), changed.key_prefix.as_str()),
            ("", "audit")
        );
    }
}

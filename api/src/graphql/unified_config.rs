//! `config` of the unified family: a JSON object whose keys depend on the category.
//!
//! A change replaces all of it, as GitLab does. The keys that GitLab does not have are the exception: where they are left out,
//! what is stored stays, so that a client that knows nothing of them does no harm.

use domain::{
    FieldErrors,
    destination::{FieldSpec, HeaderDraft, Input, KindSpec, TargetDraft},
};
use engine::admin::{Header, Target};
use serde_json::{Map, Value, json};

use super::{errors::broken, family::WRONG_SHAPE};
use crate::destinations::{visible_proxy, visible_url};

/// The key of the custom headers, for kinds that have them.
const HEADERS: &str = "headers";

/// Writes a config into a form.
///
/// # Errors
/// GitLab's one message for everything that does not have the shape of a config. What breaks another rule is found when the
/// form is parsed, and reported with the same message (`family`).
pub(super) fn write_config(draft: &mut TargetDraft, config: &Value) -> Result<(), FieldErrors> {
    let spec = draft.kind.spec();
    write(draft, config).ok_or_else(|| broken(spec.taken.field, WRONG_SHAPE))
}

/// `None` for what does not have the shape of a config.
fn write(draft: &mut TargetDraft, config: &Value) -> Option<()> {
    let kind = draft.kind.spec();
    let config = object_in(config)?;
    if !config.keys().all(|key| is_known(kind, key)) {
        return None;
    }
    for (spec, key) in keys(kind) {
        match config.get(key).filter(|value| !value.is_null()) {
            Some(value) => {
                let text = spec.text_of_json(value)?;
                if spec.is_addition && text.trim().is_empty() && !spec.default.is_empty() {
                    return None;
                }
                let is_default = !spec.is_addition && text.trim().is_empty() && !spec.default.is_empty();
                draft.change_text(spec.field, if is_default { spec.default.to_owned() } else { text });
            }
            None if spec.must_be_sent() => return None,
            None if spec.is_addition => {}
            None => {
                draft.change_text(spec.field, spec.default.to_owned());
            }
        }
    }
    if kind.has_headers {
        draft.headers = match config.get(HEADERS) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Object(headers)) => header_drafts(headers, &draft.headers)?,
            Some(_) => return None,
        };
    }
    Some(())
}

/// A config may come as JSON in a text, as GitLab takes it.
fn object_in(config: &Value) -> Option<Map<String, Value>> {
    match config {
        Value::Object(object) => Some(object.clone()),
        Value::String(text) if text.trim_start().starts_with('{') => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// The fields of a kind that stand in a config, with their keys.
pub(super) fn keys(kind: &'static KindSpec) -> impl Iterator<Item = (&'static FieldSpec, &'static str)> {
    kind.given_fields().filter_map(|spec| Some((spec, spec.gitlab_key?)))
}

fn is_known(kind: &'static KindSpec, key: &str) -> bool {
    keys(kind).any(|(_, known)| known == key) || (kind.has_headers && key == HEADERS)
}

/// A header that keeps its name keeps its id, so that only what changed is reported as a change. `None` for a wrong shape.
fn header_drafts(headers: &Map<String, Value>, before: &[HeaderDraft]) -> Option<Vec<HeaderDraft>> {
    let drafts = headers.iter().map(|(name, header)| {
        let header = header.as_object()?;
        if !header.keys().all(|key| key == "value" || key == "active") {
            return None;
        }
        Some(HeaderDraft {
            id: before
                .iter()
                .find(|stored| stored.name == *name)
                .and_then(|stored| stored.id),
            name: name.clone(),
            value: Some(header.get("value")?.as_str()?.to_owned()),
            active: header.get("active").map_or(Some(true), Value::as_bool)?,
        })
    });
    drafts.collect()
}

/// Writes the secret of the kind into a form.
pub(super) fn write_secret(draft: &mut TargetDraft, secret: Option<&String>) {
    if let (Some(secret), Some((spec, _))) = (secret, draft.kind.spec().given_secret()) {
        draft.set_text(spec.field, secret.clone());
    }
}

/// What is stored as a config, without the keys that GitLab does not have where they have their default. Unless it is to be
/// revealed, header values are empty and URLs end with their host.
pub(super) fn read_config(target: &Target, reveals: bool) -> Value {
    let mut config = Map::new();
    for (spec, key) in keys(target.kind.spec()) {
        let text = target.values.text(spec.field);
        // Secrets are write-only.
        if spec.secret.is_some() || (spec.is_addition && text == spec.default) {
            continue;
        }
        let value = match spec.input {
            Input::Url { .. } => Value::from(visible_url(text, reveals)),
            Input::Proxy => Value::from(visible_proxy(text, reveals)),
            _ => spec.to_json(text),
        };
        config.insert(key.to_owned(), value);
    }
    if !target.headers.is_empty() {
        config.insert(HEADERS.to_owned(), header_configs(&target.headers, reveals));
    }
    Value::Object(config)
}

fn header_configs(headers: &[Header], reveals: bool) -> Value {
    let configs = headers.iter().map(|header| {
        let value = if reveals { header.value.expose() } else { "" };
        let config = json!({ "value": value, "active": header.active });
        (header.name.as_str().to_owned(), config)
    });
    Value::Object(configs.collect())
}

#[cfg(test)]
mod tests {
    use domain::{Field, destination::DestinationKind, ids::HeaderId};
    use serde_json::json;

    use super::*;

    fn written(kind: DestinationKind, config: &Value) -> Result<TargetDraft, String> {
        let mut draft = TargetDraft::new(kind);
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
                json!({"accessKeyXid": "A", "bucketName": "b", "awsRegion": "r", "objectLayout": 1}),
            ),
            (
                s3,
                json!({"accessKeyXid": "A", "bucketName": "b", "awsRegion": "r", "objectLayout": ""}),
            ),
        ] {
            assert_eq!(written(kind, &config), Err(WRONG_SHAPE.to_owned()), "{config}");
        }
    }

    #[test]
    fn an_empty_headers_object_means_no_headers_and_so_does_null() {
        for headers in [json!({}), json!(null)] {
            let config = json!({"url": "https://siem.example", "headers": headers});
            assert!(written(DestinationKind::Http, &config).unwrap().headers.is_empty());
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
            let draft = written(DestinationKind::GoogleCloudLogging, &config).unwrap();
            assert_eq!(draft.text(Field::LogId), "audit-events");
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
        let mut draft = TargetDraft::new(DestinationKind::Http);
        draft.headers.push(stored);
        let config = json!({"url": "https://x.example", "headers": {"X-A": {"value": "1"}, "X-B": {"value": "2"}}});
        write_config(&mut draft, &config).unwrap();
        let ids: Vec<_> = draft.headers.iter().map(|header| header.id).collect();
        assert_eq!(ids, [Some(HeaderId::new(7)), None]);
    }

    #[test]
    fn keys_that_gitlab_does_not_have_stay_as_they_are_where_they_are_left_out() {
        let mut draft = TargetDraft::new(DestinationKind::AmazonS3).with([
            (Field::EndpointUrl, "https://minio.example"),
            (Field::KeyPrefix, "audit"),
            (Field::ObjectLayout, "batches"),
        ]);
        let plain = json!({"accessKeyXid": "A", "bucketName": "b", "awsRegion": "r"});
        write_config(&mut draft, &plain).unwrap();
        let shown = |draft: &TargetDraft, field| draft.text(field).to_owned();
        assert_eq!(shown(&draft, Field::KeyPrefix), "audit");
        assert_eq!(shown(&draft, Field::ObjectLayout), "batches");
        let mut emptied = plain;
        emptied["endpointUrl"] = json!("");
        write_config(&mut draft, &emptied).unwrap();
        assert_eq!(shown(&draft, Field::EndpointUrl), "");
        assert_eq!(shown(&draft, Field::KeyPrefix), "audit");
    }
}

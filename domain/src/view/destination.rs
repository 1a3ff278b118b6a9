//! The read model of a destination.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
    ser::SerializeMap,
};

use super::{HealthView, WarningView};
use crate::{
    Timestamp,
    destination::{DestinationKind, DestinationUrl, FieldMap, FieldsSeed, HEADERS, Input, Reading},
    ids::{DestinationId, HeaderId},
};

/// A destination that events are streamed to. It has the object of its kind: `http`, `gcp` or `aws`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DestinationView {
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: DestinationId,
    /// Version of the resource, also sent as `ETag`. It increases with every change.
    pub version: i64,
    #[cfg_attr(feature = "openapi", schema(example = "SIEM"))]
    pub name: String,
    pub kind: DestinationKind,
    /// Whether events are sent. Events received while it is false are not sent later.
    pub active: bool,
    /// Whether streaming is paused. Events received during a pause are kept and sent later.
    pub paused: bool,
    /// Allowlist: only these event types are sent. Empty if there is no allowlist.
    #[cfg_attr(feature = "openapi", schema(example = json!(["user_created"])))]
    pub event_types: Vec<String>,
    /// Denylist: all event types except these are sent. Empty if there is no denylist. Only one of the two lists can have event
    /// types; if both are empty, all event types are sent.
    #[cfg_attr(feature = "openapi", schema(example = json!([])))]
    pub event_type_denylist: Vec<String>,
    /// Full paths of the groups and projects whose events are sent. All events are sent if empty.
    #[cfg_attr(feature = "openapi", schema(example = json!(["engineering/web"])))]
    pub namespaces: Vec<String>,
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub target: TargetView,
    pub health: HealthView,
    /// Warnings about event types that this instance does not know.
    pub warnings: Vec<WarningView>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The fields of the kind of a destination, without secrets that are never shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetView {
    pub kind: DestinationKind,
    pub values: FieldMap,
    pub headers: Vec<HeaderView>,
}

/// A custom header.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeaderView {
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: HeaderId,
    #[cfg_attr(feature = "openapi", schema(example = "X-Team"))]
    pub name: String,
    /// Only for administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, example = "security"))]
    pub value: Option<String>,
    /// Whether the header is sent.
    pub active: bool,
}

impl TargetView {
    /// The values that can be shown: administrators see complete URLs and secrets that can be shown; others see the origin of a
    /// URL, because a path or a query can contain a secret.
    pub fn new(kind: DestinationKind, values: &FieldMap, headers: Vec<HeaderView>, for_admin: bool) -> Self {
        let mut shown = FieldMap::default();
        for spec in kind.spec().given_fields() {
            let Some(text) = values.get(spec.field) else { continue };
            match (spec.input, &spec.secret) {
                (Input::Url { .. }, _) if !for_admin => {
                    shown.set(spec.field, DestinationUrl::origin_of(text));
                }
                (_, Some(secret)) if !(for_admin && secret.is_shown) => {}
                _ => shown.set(spec.field, text),
            }
        }
        Self {
            kind,
            values: shown,
            headers,
        }
    }
}

impl fmt::Debug for HeaderView {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HeaderView")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// `"aws": {…}`, by the table of the kind.
impl Serialize for TargetView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Fields<'a>(&'a TargetView);
        impl Serialize for Fields<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let TargetView { kind, values, headers } = self.0;
                let mut map = serializer.serialize_map(None)?;
                for spec in kind.spec().given_fields() {
                    let text = values.get(spec.field);
                    if spec.secret.is_none() || text.is_some() {
                        map.serialize_entry(spec.api_key, &spec.to_json(text.unwrap_or_default()))?;
                    }
                }
                if kind.spec().has_headers {
                    map.serialize_entry(HEADERS, headers)?;
                }
                map.end()
            }
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.kind.as_str(), &Fields(self))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for TargetView {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneKind;
        impl<'de> Visitor<'de> for OneKind {
            type Value = TargetView;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the fields of one kind")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TargetView, A::Error> {
                let mut found = None;
                while let Some(key) = map.next_key::<String>()? {
                    let Some(kind) = DestinationKind::parse(&key) else {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    let reading = Reading::Draft;
                    let sent = map.next_value_seed(FieldsSeed { kind, reading })?;
                    let headers = sent.headers.unwrap_or_default().into_iter().map(|header| {
                        Ok(HeaderView {
                            id: header.id.ok_or_else(|| A::Error::missing_field("id"))?,
                            name: header.name,
                            value: header.value,
                            active: header.active,
                        })
                    });
                    found = Some(TargetView {
                        kind,
                        values: sent.values.into_iter().collect(),
                        headers: headers.collect::<Result<_, A::Error>>()?,
                    });
                }
                found.ok_or_else(|| A::Error::custom("the fields of no kind"))
            }
        }
        deserializer.deserialize_map(OneKind)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Field;

    fn values() -> FieldMap {
        FieldMap::from([
            (Field::Url, "https://siem.example/in?key=s3cret"),
            (Field::VerificationToken, "token-s3cret-012345"),
            (Field::SigningSecret, "whsec_s3cret"),
        ])
    }

    fn shown(for_admin: bool) -> Value {
        let header = HeaderView {
            id: HeaderId::new(7),
            name: "X-A".into(),
            value: for_admin.then(|| "header-s3cret".into()),
            active: true,
        };
        let view = TargetView::new(DestinationKind::Http, &values(), vec![header], for_admin);
        assert!(!format!("{view:?}").contains("s3cret"));
        let value = serde_json::to_value(&view).unwrap();
        assert_eq!(serde_json::from_value::<TargetView>(value.clone()).unwrap(), view);
        value
    }

    #[test]
    fn others_than_administrators_see_no_secret() {
        let headers = json!([{"id": 7, "name": "X-A", "active": true}]);
        assert_eq!(
            shown(false),
            json!({"http": {"url": "https://siem.example", "headers": headers}})
        );
        let http = &shown(true)["http"];
        assert_eq!(http["verification_token"], "token-s3cret-012345");
        assert_eq!(http["headers"][0]["value"], "header-s3cret");
        assert_eq!(http.get("signing_secret"), None);
    }

    #[test]
    fn a_value_has_the_type_of_its_field() {
        let values = FieldMap::from([
            (Field::Bucket, "audit"),
            (Field::Checksums, "true"),
            (Field::LockDays, "30"),
            (Field::SecretAccessKey, "s3cret"),
        ]);
        let view = TargetView::new(DestinationKind::AmazonS3, &values, Vec::new(), true);
        let aws = &serde_json::to_value(&view).unwrap()["aws"];
        assert_eq!(
            (&aws["bucket"], &aws["omit_checksums"], &aws["lock_days"]),
            (&json!("audit"), &json!(true), &json!(30))
        );
        assert_eq!(
            (aws.get("key_prefix"), aws.get("secret_access_key")),
            (Some(&Value::Null), None)
        );
    }
}

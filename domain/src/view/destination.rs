//! The read model of a destination.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
    ser::SerializeMap,
};

use super::{HealthView, WarningCode, WarningView};
use crate::{
    Timestamp,
    destination::{
        DestinationDraft, DestinationKind, DestinationUrl, FieldMap, FieldsSeed, FilterKind, HEADERS, HeaderDraft,
        Input, Reading, RotatedSecret, TargetDraft,
    },
    ids::{DestinationId, HeaderId},
    proxy::ProxyChoice,
};

/// How much of a destination is shown. Secrets that are never shown are in none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Only the origin of a URL, because a path or a query can contain a secret, and no secret.
    Limited,
    /// What a form shows: complete URLs and verification tokens. The values of headers are fetched one by one.
    Form,
    /// Also the values of headers.
    Full,
}

/// A destination that events are streamed to. It has the object of its kind: `http`, `gcp` or `aws`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DestinationView {
    /// Id of the destination.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: DestinationId,
    /// Version of the resource, also sent as `ETag`. It increases with every change.
    pub version: i64,
    /// Name of the destination; no other destination has it.
    #[cfg_attr(feature = "openapi", schema(example = "SIEM"))]
    pub name: String,
    /// Kind of the destination.
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
    /// The object of its kind.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub target: TargetView,
    /// Secrets that were rotated less than a day ago, and whose previous value is still used.
    pub rotations: Vec<RotationView>,
    /// How the stream is doing.
    pub health: HealthView,
    /// Warnings about event types that this instance does not know.
    pub warnings: Vec<WarningView>,
    /// When the destination was added.
    pub created_at: Timestamp,
    /// When its settings were last changed.
    pub updated_at: Timestamp,
}

/// The fields of the kind of a destination, without secrets that are never shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetView {
    /// Which kind of destination.
    pub kind: DestinationKind,
    /// Text of each field that is shown.
    pub values: FieldMap,
    /// Custom headers; empty if this kind has none.
    pub headers: Vec<HeaderView>,
}

/// A secret that was rotated, while the previous one is still used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RotationView {
    /// The secret that was rotated.
    pub secret: RotatedSecret,
    /// Until when the previous value is used: the previous verification token is sent, or requests are also signed with the previous signing
    /// secret.
    pub previous_valid_until: Timestamp,
}

/// The new secret of a rotation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewSecretView {
    /// The new secret.
    #[cfg_attr(feature = "openapi", schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))]
    pub value: String,
    /// Until when the previous value is used: the previous verification token is sent, or requests are also signed with the previous signing
    /// secret.
    pub previous_valid_until: Timestamp,
}

/// A secret of a destination that an administrator may see, each by a request for it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DestinationSecret {
    /// The Standard Webhooks secret (`whsec_…`) with which a receiver checks signatures.
    Signing,
    /// The value of a custom header.
    Header(HeaderId),
}

/// A custom header.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeaderView {
    /// Id of the header.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: HeaderId,
    /// Name of the header.
    #[cfg_attr(feature = "openapi", schema(example = "X-Team"))]
    pub name: String,
    /// Only for administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, example = "security"))]
    pub value: Option<String>,
    /// Whether the header is sent.
    pub active: bool,
}

impl DestinationView {
    /// Event types of the filter that this instance does not know.
    pub fn unknown_types(&self) -> impl Iterator<Item = &str> {
        let unknown = |warning: &&WarningView| warning.code == WarningCode::UnknownEventType;
        let warnings = self.warnings.iter().filter(unknown);
        warnings.filter_map(|warning| {
            let (list, position) = warning.field.strip_suffix(']')?.split_once('[')?;
            let types = match list {
                "event_types" => &self.event_types,
                _ => &self.event_type_denylist,
            };
            types.get(position.parse::<usize>().ok()?).map(String::as_str)
        })
    }

    /// Until when the previous one of a secret is valid. `None` if there is none.
    pub fn previous_valid_until(&self, secret: RotatedSecret) -> Option<Timestamp> {
        let mut rotations = self.rotations.iter();
        let rotation = rotations.find(|rotation| rotation.secret == secret)?;
        Some(rotation.previous_valid_until)
    }

    /// Whether some events are not sent because of a filter.
    pub const fn is_filtered(&self) -> bool {
        !self.event_types.is_empty() || !self.event_type_denylist.is_empty() || !self.namespaces.is_empty()
    }
}

impl DestinationDraft {
    /// The form of a destination that is stored. Secrets and values of headers that are not shown are left out, and stay as
    /// they are stored.
    pub fn from_view(view: &DestinationView) -> Self {
        let (filter_kind, event_types) = match view.event_type_denylist.as_slice() {
            [] => (FilterKind::Allow, &view.event_types),
            _ => (FilterKind::Deny, &view.event_type_denylist),
        };
        Self {
            name: view.name.clone(),
            target: view.target.clone().into(),
            event_types: event_types.clone(),
            filter_kind,
            namespaces: view.namespaces.join(", "),
            start_from: String::new(),
        }
    }
}

impl From<TargetView> for TargetDraft {
    fn from(view: TargetView) -> Self {
        let headers = view.headers.into_iter().map(|header| HeaderDraft {
            id: Some(header.id),
            name: header.name,
            value: header.value,
            active: header.active,
        });
        Self {
            kind: view.kind,
            values: view.values,
            headers: headers.collect(),
        }
    }
}

impl TargetView {
    /// The values and headers that can be shown.
    pub fn new(kind: DestinationKind, values: &FieldMap, headers: Vec<HeaderView>, visibility: Visibility) -> Self {
        let mut shown = FieldMap::default();
        for spec in kind.spec().given_fields() {
            let Some(text) = values.get(spec.field) else { continue };
            let is_limited = visibility == Visibility::Limited;
            match (spec.input, &spec.secret) {
                (Input::Proxy, _) => {
                    let proxy = match ProxyChoice::parse(text) {
                        Ok(choice) if !is_limited => choice.masked(),
                        _ => ProxyChoice::origin_of(text),
                    };
                    shown.set(spec.field, proxy);
                }
                (Input::Url { .. }, _) if is_limited => {
                    shown.set(spec.field, DestinationUrl::origin_of(text));
                }
                (_, Some(secret)) if is_limited || !secret.is_shown => {}
                _ => shown.set(spec.field, text),
            }
        }
        Self {
            kind,
            values: shown,
            headers,
        }
    }

    /// Where events are sent, in one line and without secrets.
    pub fn summary(&self) -> String {
        (self.kind.spec().summary)(&self.values)
    }
}

impl fmt::Debug for NewSecretView {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewSecretView")
            .field("previous_valid_until", &self.previous_valid_until)
            .finish_non_exhaustive()
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
    use crate::{
        Field,
        health::{StreamFacts, StreamHealth},
    };

    fn values() -> FieldMap {
        FieldMap::from([
            (Field::Url, "https://siem.example/in?key=s3cret"),
            (Field::VerificationToken, "token-s3cret-012345"),
            (Field::SigningSecret, "whsec_s3cret"),
        ])
    }

    fn shown(visibility: Visibility) -> Value {
        let header = HeaderView {
            id: HeaderId::new(7),
            name: "X-A".into(),
            value: (visibility == Visibility::Full).then(|| "header-s3cret".into()),
            active: true,
        };
        let view = TargetView::new(DestinationKind::Http, &values(), vec![header], visibility);
        assert!(!format!("{view:?}").contains("s3cret"));
        let value = serde_json::to_value(&view).unwrap();
        assert_eq!(serde_json::from_value::<TargetView>(value.clone()).unwrap(), view);
        value
    }

    #[test]
    fn others_than_administrators_see_no_secret() {
        let headers = json!([{"id": 7, "name": "X-A", "active": true}]);
        assert_eq!(
            shown(Visibility::Limited),
            json!({"http": {
                "url": "https://siem.example", "request_format": null, "batch_events": null, "batch_bytes": null,
                "batch_wait_ms": null, "compression": null, "tls_ca_certificates": null, "tls_client_certificate": null,
                "tls_server_name": null, "tls_verify": null, "proxy": null, "request_timeout_seconds": null,
                "max_concurrent_requests": null, "max_requests_per_second": null, "retry_status_codes": null,
                "reject_status_codes": null, "headers": headers,
            }})
        );
        let form = &shown(Visibility::Form)["http"];
        assert_eq!(form["verification_token"], "token-s3cret-012345");
        assert_eq!(form.get("signing_secret"), None);
        let http = &shown(Visibility::Full)["http"];
        assert_eq!(http["verification_token"], "token-s3cret-012345");
        assert_eq!(http["headers"][0]["value"], "header-s3cret");
        assert_eq!(http.get("signing_secret"), None);
    }

    fn view(types: &[&str], denied: &[&str], unknown: &str) -> DestinationView {
        let names = |types: &[&str]| types.iter().map(ToString::to_string).collect();
        let header = HeaderView {
            id: HeaderId::new(7),
            name: "X-A".into(),
            value: None,
            active: false,
        };
        DestinationView {
            id: DestinationId::new(3),
            version: 4,
            name: "SIEM".into(),
            kind: DestinationKind::Http,
            active: true,
            paused: false,
            event_types: names(types),
            event_type_denylist: names(denied),
            namespaces: vec!["group".into(), "group/project".into()],
            target: TargetView::new(DestinationKind::Http, &values(), vec![header], Visibility::Form),
            rotations: Vec::new(),
            health: HealthView::new(DestinationKind::Http, &StreamHealth::Inactive, &StreamFacts::default()),
            warnings: vec![WarningView {
                code: WarningCode::UnknownEventType,
                field: unknown.into(),
                message: "unknown".into(),
            }],
            created_at: Timestamp::from_unix_ms(0),
            updated_at: Timestamp::from_unix_ms(0),
        }
    }

    #[test]
    fn a_form_has_what_is_shown_and_leaves_the_rest_as_it_is_stored() {
        let allow = DestinationDraft::from_view(&view(&["a", "b"], &[], "event_types[1]"));
        assert_eq!(
            (allow.filter_kind, allow.event_types.as_slice()),
            (FilterKind::Allow, ["a".to_owned(), "b".to_owned()].as_slice())
        );
        assert_eq!(allow.namespaces, "group, group/project");
        assert_eq!(allow.target.text(Field::Url), "https://siem.example/in?key=s3cret");
        assert_eq!(allow.target.values.get(Field::SigningSecret), None);
        let header = allow.target.headers.first().unwrap();
        assert_eq!(
            (header.id, header.value.as_deref(), header.active),
            (Some(HeaderId::new(7)), None, false)
        );
        assert!(allow.parse_change().is_ok());
        let deny = DestinationDraft::from_view(&view(&[], &["c"], "event_type_denylist[0]"));
        assert_eq!(
            (deny.filter_kind, deny.event_types),
            (FilterKind::Deny, vec!["c".to_owned()])
        );
    }

    #[test]
    fn unknown_types_are_those_that_the_warnings_are_about() {
        let unknown = |view: DestinationView| view.unknown_types().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(unknown(view(&["a", "b"], &[], "event_types[1]")), ["b"]);
        assert_eq!(unknown(view(&[], &["c"], "event_type_denylist[0]")), ["c"]);
        assert!(unknown(view(&["a"], &[], "event_types[1]")).is_empty());
    }

    #[test]
    fn a_value_has_the_type_of_its_field() {
        let values = FieldMap::from([
            (Field::Bucket, "audit"),
            (Field::Checksums, "true"),
            (Field::LockDays, "30"),
            (Field::SecretAccessKey, "s3cret"),
        ]);
        let view = TargetView::new(DestinationKind::AmazonS3, &values, Vec::new(), Visibility::Full);
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

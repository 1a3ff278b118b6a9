//! One event as it was posted: which fields it has, whether each is of the right shape, and the body that is kept.
//!
//! Shapes and defaults follow the schema of GitLab's streamed audit events. Values are never reinterpreted: numbers keep
//! their digits, strings their escapes, `details` and unknown fields everything.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    AuditEvent, EventId, EventType, MAX_EVENT_BYTES,
    compact::{compact, depth},
    own::INSTANCE_SCOPE,
};
use crate::Timestamp;

/// The documented fields, in the order in which they are written.
const FIELDS: [&str; 13] = [
    "id",
    "author_id",
    "entity_id",
    "entity_type",
    "details",
    "ip_address",
    "author_name",
    "entity_path",
    "target_details",
    "created_at",
    "target_type",
    "target_id",
    "event_type",
];

/// Deeper JSON can't be read back by every receiver.
const MAX_DEPTH: usize = 64;

/// What the server adds to an event that does not bring it.
#[derive(Clone, Debug)]
pub struct Received {
    pub received_at: Timestamp,
    /// Makes an id for an event that has none.
    pub fresh_id: fn() -> EventId,
}

/// Why an event is not accepted: which field (none: the event as a whole), and the rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct EventError {
    pub field: Option<&'static str>,
    pub reason: Cow<'static, str>,
}

pub(super) fn parse(json: &str, received: &Received, fresh_id: &dyn Fn() -> EventId) -> Result<AuditEvent, EventError> {
    if json.len() > MAX_EVENT_BYTES {
        return Err(whole("an event has at most 1 MiB"));
    }
    if !json.trim_ascii_start().starts_with('{') {
        return Err(whole("an event is a JSON object"));
    }
    let sent: Sent<'_> = serde_json::from_str(json).map_err(|error| whole(error.to_string()))?;
    if depth(json) > MAX_DEPTH {
        return Err(whole("an event nests at most 64 levels deep"));
    }
    sent.check(json, received, fresh_id)
}

fn whole(reason: impl Into<Cow<'static, str>>) -> EventError {
    EventError {
        field: None,
        reason: reason.into(),
    }
}

/// The fields of an event, each as the text it was sent as. JSON `null` counts as absent but not as incomplete.
struct Sent<'json> {
    known: [Option<&'json RawValue>; FIELDS.len()],
    unknown: Vec<(Cow<'json, str>, &'json RawValue)>,
}

impl<'json> Sent<'json> {
    fn value(&self, field: &str) -> Option<&'json str> {
        let position = FIELDS.iter().position(|known| *known == field)?;
        self.known
            .get(position)
            .copied()
            .flatten()
            .map(RawValue::get)
            .filter(|text| *text != "null")
    }

    fn string(&self, field: &'static str) -> Result<Option<Cow<'json, str>>, EventError> {
        let Some(text) = self.value(field) else { return Ok(None) };
        let string: BorrowedString<'json> = serde_json::from_str(text).map_err(|_| EventError {
            field: Some(field),
            reason: "must be a string".into(),
        })?;
        Ok(Some(string.0))
    }

    /// An integer or a string, as text.
    fn identifier(&self, field: &'static str) -> Result<Option<Cow<'json, str>>, EventError> {
        match self.value(field) {
            Some(text) if is_integer(text) => Ok(Some(Cow::Borrowed(text))),
            Some(text) if !text.starts_with('"') => Err(EventError {
                field: Some(field),
                reason: "must be an integer or a string".into(),
            }),
            _ => self.string(field),
        }
    }

    fn check(&self, json: &str, received: &Received, fresh_id: &dyn Fn() -> EventId) -> Result<AuditEvent, EventError> {
        let event_type = self.event_type()?;
        let id = match self.identifier("id")? {
            Some(id) => EventId::parse(&id)
                .ok_or_else(|| field_error("id", "must have 1 to 255 characters, none of them a control character"))?,
            None => fresh_id(),
        };
        let created_at = match self.string("created_at")? {
            Some(text) => Timestamp::parse(&text).map_err(|error| field_error("created_at", error.to_string()))?,
            None => received.received_at,
        };
        self.identifier("target_id")?;
        for field in ["target_details", "target_type"] {
            self.string(field)?;
        }
        let author_id = self.identifier("author_id")?;
        let entity_id = self.identifier("entity_id")?;
        let author_name = self.string("author_name")?;
        let entity_type = self.string("entity_type")?;
        let entity_path = self.string("entity_path")?;
        let ip_address = self.string("ip_address")?;
        if self.is_complete() && !json.bytes().any(|byte| matches!(byte, b'\n' | b'\r')) {
            return Ok(AuditEvent {
                id,
                event_type,
                author_id: text(author_id),
                author_name: text(author_name),
                entity_id: text(entity_id),
                entity_type: text(entity_type),
                entity_path: text(entity_path),
                ip_address: text(ip_address),
                created_at,
                body: json.trim_ascii().into(),
            });
        }
        let fill = Fill::new(self, &id, created_at);
        let body = fill.write(self);
        Ok(AuditEvent {
            id,
            event_type,
            author_id: text(author_id.or_else(|| fill.plain("author_id"))),
            author_name: text(author_name.or_else(|| fill.plain("author_name"))),
            entity_id: text(entity_id.or_else(|| fill.plain("entity_id"))),
            entity_type: text(entity_type.or_else(|| fill.plain("entity_type"))),
            entity_path: text(entity_path.or_else(|| fill.plain("entity_path"))),
            ip_address: text(ip_address.or_else(|| fill.plain("ip_address"))),
            created_at,
            body: body.into_boxed_str(),
        })
    }

    fn event_type(&self) -> Result<EventType, EventError> {
        let Some(text) = self.string("event_type")? else {
            return Err(field_error("event_type", "is required, for example user_created"));
        };
        EventType::parse(&text)
            .ok_or_else(|| field_error("event_type", "must have 1 to 255 printable ASCII characters"))
    }

    /// Every documented field was sent, with a value wherever the schema wants one.
    fn is_complete(&self) -> bool {
        FIELDS
            .iter()
            .zip(&self.known)
            .all(|(field, value)| match value.map(RawValue::get) {
                None => false,
                Some("null") => *field == "target_id",
                Some(_) => true,
            })
    }
}

fn text(value: Option<Cow<'_, str>>) -> String {
    value.map(Cow::into_owned).unwrap_or_default()
}

fn field_error(field: &'static str, reason: impl Into<Cow<'static, str>>) -> EventError {
    EventError {
        field: Some(field),
        reason: reason.into(),
    }
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.len() <= 38 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// JSON text for the fields that were not sent.
struct Fill(Vec<(&'static str, String)>);

impl Fill {
    fn new(sent: &Sent<'_>, id: &EventId, created_at: Timestamp) -> Self {
        let details = Details::read(sent.value("details"));
        let of_instance = sent.value("entity_type").is_none() && sent.value("entity_id").is_none();
        let instance_or_empty = |name: &str| quote(if of_instance { name } else { "" });
        let fill = [
            ("id", quote(id.as_str())),
            ("author_id", "-1".to_owned()),
            ("entity_id", if of_instance { "1" } else { "null" }.to_owned()),
            ("entity_type", instance_or_empty(INSTANCE_SCOPE)),
            ("details", "{}".to_owned()),
            ("ip_address", details.string("ip_address").unwrap_or_else(|| quote(""))),
            (
                "author_name",
                details.string("author_name").unwrap_or_else(|| quote("")),
            ),
            (
                "entity_path",
                details
                    .string("entity_path")
                    .unwrap_or_else(|| instance_or_empty("gitlab_instance")),
            ),
            (
                "target_details",
                details.string("target_details").unwrap_or_else(|| quote("unknown")),
            ),
            ("created_at", quote(&created_at.to_string())),
            (
                "target_type",
                details.string("target_type").unwrap_or_else(|| quote("")),
            ),
            (
                "target_id",
                details.identifier("target_id").unwrap_or_else(|| "null".to_owned()),
            ),
        ];
        Self(
            fill.into_iter()
                .filter(|(field, _)| sent.value(field).is_none())
                .collect(),
        )
    }

    fn json(&self, field: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(filled, _)| *filled == field)
            .map(|(_, json)| json.as_str())
    }

    /// The filled value as text without JSON quotes; none for `null`.
    fn plain(&self, field: &str) -> Option<Cow<'static, str>> {
        let json = self.json(field).filter(|json| *json != "null")?;
        Some(Cow::Owned(
            serde_json::from_str(json).unwrap_or_else(|_| json.to_owned()),
        ))
    }

    fn write(&self, sent: &Sent<'_>) -> String {
        let mut body = String::with_capacity(512);
        let known = FIELDS
            .iter()
            .map(|field| (*field, sent.value(field).or_else(|| self.json(field))));
        for (field, json) in known.filter_map(|(field, json)| Some((field, json?))) {
            append(&mut body, &quote(field), json);
        }
        for (field, json) in &sent.unknown {
            append(&mut body, &quote(field), json.get());
        }
        body.push('}');
        body
    }
}

fn append(body: &mut String, quoted_field: &str, json: &str) {
    body.push(if body.is_empty() { '{' } else { ',' });
    body.push_str(quoted_field);
    body.push(':');
    compact(json, body);
}

fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The members of `details`, as JSON text; none if it is no object.
struct Details<'json>(Vec<(Cow<'json, str>, &'json RawValue)>);

impl<'json> Details<'json> {
    fn read(details: Option<&'json str>) -> Self {
        let members = details.and_then(|text| serde_json::from_str::<Members<'json>>(text).ok());
        Self(members.map(|members| members.0).unwrap_or_default())
    }

    fn json(&self, field: &str) -> Option<&'json str> {
        self.0
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, value)| value.get())
    }

    fn string(&self, field: &str) -> Option<String> {
        self.json(field).filter(|text| text.starts_with('"')).map(str::to_owned)
    }

    fn identifier(&self, field: &str) -> Option<String> {
        self.json(field)
            .filter(|text| text.starts_with('"') || is_integer(text))
            .map(str::to_owned)
    }
}

struct BorrowedString<'json>(Cow<'json, str>);

impl<'de> Deserialize<'de> for BorrowedString<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Cow<'de, str>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Text).map(Self)
    }
}

/// The members of any object, in the order sent.
struct Members<'json>(Vec<(Cow<'json, str>, &'json RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<BorrowedString<'de>, &'de RawValue>()? {
                    members.push((name.0, value));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Object).map(Self)
    }
}

impl<'de> Deserialize<'de> for Sent<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut sent = Sent {
            known: [None; FIELDS.len()],
            unknown: Vec::new(),
        };
        for (name, value) in Members::deserialize(deserializer)?.0 {
            let slot = FIELDS
                .iter()
                .position(|known| *known == name)
                .and_then(|position| sent.known.get_mut(position));
            match slot {
                None => sent.unknown.push((name, value)),
                Some(slot) if slot.is_none() => *slot = Some(value),
                Some(_) => return Err(serde::de::Error::custom(format!("the field `{name}` stands twice"))),
            }
        }
        Ok(sent)
    }
}

#[cfg(test)]
mod tests;

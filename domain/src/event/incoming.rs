//! One event as it was posted: which fields it has, whether each is of the right shape, and the body that is kept.
//!
//! Shapes and defaults follow the schema of GitLab's streamed audit events. Values are never reinterpreted: numbers keep
//! their digits, strings their escapes, `details` and unknown fields everything.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, de::Error};

use super::{
    AuditEvent, EventId, EventType,
    body::{Members, decode_strictly, plain},
    compact::{compact, depth},
};
use crate::Timestamp;

/// The largest event in bytes, whatever the limit of the instance is.
pub(crate) const MAX_EVENT_BYTES: usize = 25 * 1024 * 1024;

/// The `entity_type` of events that concern the instance as a whole.
pub(crate) const INSTANCE_SCOPE: &str = "Gitlab::Audit::InstanceScope";

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

/// Text that no reader could show: JSON has a notation for it, Unicode has not.
const UNPAIRED_SURROGATE: &str = "has an unpaired surrogate (such as \\ud83d), which is not valid Unicode";

/// What the server adds to an event that does not bring it.
#[derive(Clone, Debug)]
pub struct Received {
    /// When the request was received.
    pub received_at: Timestamp,
    /// Makes an id for an event that has none.
    pub fresh_id: fn() -> EventId,
}

/// Why an event is not accepted: which field (none: the event as a whole), and the rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct EventError {
    /// The invalid member. `None` if the event as a whole is invalid.
    pub field: Option<&'static str>,
    /// Why it is invalid, as a phrase.
    pub reason: Cow<'static, str>,
}

impl AuditEvent {
    /// Checks one JSON object and fills in what is missing.
    ///
    /// An object that has every documented field and no line breaks is kept byte for byte. Any other is written anew:
    /// documented fields in their documented order, then unknown ones as they came, values unchanged.
    ///
    /// # Errors
    /// [`EventError`] with the field and the rule it breaks.
    pub fn parse(json: &str, received: &Received) -> Result<Self, EventError> {
        self::parse(json, received, &received.fresh_id)
    }

    /// The same, where an event that brings no id gets `id`.
    ///
    /// # Errors
    /// [`EventError`] with the field and the rule it breaks.
    pub fn parse_as(json: &str, received: &Received, id: impl Fn() -> EventId) -> Result<Self, EventError> {
        self::parse(json, received, &id)
    }
}

fn parse(json: &str, received: &Received, fresh_id: &dyn Fn() -> EventId) -> Result<AuditEvent, EventError> {
    if json.len() > MAX_EVENT_BYTES {
        return Err(whole("must have at most 25 MiB"));
    }
    if !json.trim_ascii_start().starts_with('{') {
        return Err(whole("must be a JSON object"));
    }
    let sent: Sent<'_> = serde_json::from_str(json).map_err(|error| whole(error.to_string()))?;
    if depth(json) > MAX_DEPTH {
        return Err(whole("must not be nested more than 64 levels deep"));
    }
    sent.check(json, received, fresh_id)
}

/// The documented field of this name.
pub(super) fn documented_field(name: &str) -> Option<&'static str> {
    FIELDS.into_iter().find(|field| *field == name)
}

fn whole(reason: impl Into<Cow<'static, str>>) -> EventError {
    EventError {
        field: None,
        reason: reason.into(),
    }
}

/// The fields of an event, each as the text it was sent as. JSON `null` counts as absent but not as incomplete.
struct Sent<'json> {
    known: [Option<&'json str>; FIELDS.len()],
    /// Names and values as they were sent.
    unknown: Vec<(&'json str, &'json str)>,
}

impl<'json> Sent<'json> {
    fn value(&self, field: &str) -> Option<&'json str> {
        let position = FIELDS.iter().position(|known| *known == field)?;
        self.known
            .get(position)
            .copied()
            .flatten()
            .filter(|text| *text != "null")
    }

    fn string(&self, field: &'static str) -> Result<Option<Cow<'json, str>>, EventError> {
        let Some(text) = self.value(field) else { return Ok(None) };
        if !text.starts_with('"') {
            return Err(field_error(field, "must be a string"));
        }
        decode_strictly(text)
            .map(Some)
            .ok_or_else(|| field_error(field, UNPAIRED_SURROGATE))
    }

    /// An integer or a string, as text.
    fn identifier(&self, field: &'static str) -> Result<Option<Cow<'json, str>>, EventError> {
        match self.value(field) {
            Some(text) if is_integer(text) => Ok(Some(Cow::Borrowed(text))),
            Some(text) if is_digits(text) => {
                Err(field_error(field, "must have at most 38 digits, if it is an integer"))
            }
            Some(text) if !text.starts_with('"') => Err(field_error(field, "must be an integer or a string")),
            _ => self.string(field),
        }
    }

    /// When it happened, if it says so. What is not RFC 3339 is forgotten, so that it is written as RFC 3339: receivers of
    /// GitLab's events know no other form.
    fn take_created_at(&mut self) -> Result<Option<Timestamp>, EventError> {
        let Some(json) = self.value("created_at") else {
            return Ok(None);
        };
        let created_at = if json.starts_with('"') {
            let text = self.string("created_at")?.unwrap_or_default();
            if let Ok(created_at) = Timestamp::parse_rfc3339(&text) {
                return Ok(Some(created_at));
            }
            Timestamp::parse(&text)
        } else {
            Timestamp::parse_unix(json)
        };
        let created_at = created_at.map_err(|error| {
            field_error(
                "created_at",
                format!("{error}, or a Unix time in seconds or milliseconds"),
            )
        })?;
        for (field, value) in FIELDS.iter().zip(&mut self.known) {
            if *field == "created_at" {
                *value = None;
            }
        }
        Ok(Some(created_at))
    }

    fn check(
        mut self,
        json: &str,
        received: &Received,
        fresh_id: &dyn Fn() -> EventId,
    ) -> Result<AuditEvent, EventError> {
        let event_type = self.event_type()?;
        let id = match self.identifier("id")? {
            Some(id) => EventId::parse(&id)
                .ok_or_else(|| field_error("id", "must have 1 to 255 characters, none of them a control character"))?,
            None => fresh_id(),
        };
        let given_created_at = self.take_created_at()?;
        let is_dated = given_created_at.is_some();
        let created_at = given_created_at.unwrap_or(received.received_at);
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
                is_dated,
                body: json.trim_ascii().into(),
            });
        }
        let fill = Fill::new(&self, &id, created_at);
        let body = fill.write(&self);
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
            is_dated,
            body: body.into_boxed_str(),
        })
    }

    fn event_type(&self) -> Result<EventType, EventError> {
        let Some(text) = self.string("event_type")? else {
            return Err(field_error("event_type", "is required, for example user_created"));
        };
        EventType::parse(&text).ok_or_else(|| {
            field_error(
                "event_type",
                "must have 1 to 255 printable ASCII characters, and no space at either end",
            )
        })
    }

    /// Every documented field was sent, with a value wherever the schema wants one.
    fn is_complete(&self) -> bool {
        FIELDS.iter().zip(&self.known).all(|(field, value)| match *value {
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
    is_digits(text) && text.trim_start_matches('-').len() <= 38
}

fn is_digits(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// JSON text for the fields that were not sent.
struct Fill(Vec<(&'static str, String)>);

impl Fill {
    fn new(sent: &Sent<'_>, id: &EventId, created_at: Timestamp) -> Self {
        let details = Details::of(sent);
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
        self.json(field)
            .filter(|json| *json != "null")
            .map(plain)
            .map(Cow::Owned)
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
            append(&mut body, field, json);
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

/// What `details` says of the fields beside it; nothing, if it is no object.
struct Details<'json>(Option<Members<'json>>);

impl<'json> Details<'json> {
    fn of(sent: &Sent<'json>) -> Self {
        Self(sent.value("details").and_then(|json| Members::read(json).ok()))
    }

    /// JSON text that is valid Unicode, as in a field that was sent.
    fn string(&self, field: &str) -> Option<String> {
        self.0.as_ref()?.string(field).map(|text| quote(&text))
    }

    fn identifier(&self, field: &str) -> Option<String> {
        let integer = self.0.as_ref()?.json(field).filter(|json| is_integer(json));
        integer.map(str::to_owned).or_else(|| self.string(field))
    }
}

impl<'de> Deserialize<'de> for Sent<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut sent = Sent {
            known: [None; FIELDS.len()],
            unknown: Vec::new(),
        };
        for member in Members::deserialize(deserializer)?.iter() {
            let name = &*member.name;
            let slot = FIELDS
                .iter()
                .position(|known| *known == name)
                .and_then(|position| sent.known.get_mut(position));
            match slot {
                None if decode_strictly(member.raw_name).is_none() => {
                    return Err(Error::custom(format!(
                        "the field {} {UNPAIRED_SURROGATE}",
                        member.raw_name
                    )));
                }
                None => sent.unknown.push((member.raw_name, member.value)),
                Some(slot) if slot.is_none() => *slot = Some(member.value),
                Some(_) => return Err(Error::custom(format!("the field `{name}` appears twice"))),
            }
        }
        Ok(sent)
    }
}

#[cfg(test)]
mod tests;

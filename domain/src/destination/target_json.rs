//! The part of a destination that belongs to its kind as JSON, read and written by its table: `{"aws": {"bucket": "audit", …}}`.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, Error, MapAccess, Visitor, value::MapAccessDeserializer},
    ser::SerializeMap,
};

use serde_json::Value;

use super::{DestinationKind, FieldMap, FieldSpec, HeaderDraft, Input, KindSpec, TargetDraft};
use crate::Field;

/// The key of the custom headers.
pub const HEADERS: &str = "headers";

/// For what the fields of a kind are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Of a form: everything may be left out, and null is as good as left out.
    Draft,
    /// Of a new destination: what it can't be without must be sent.
    New,
    /// Of a change: what is left out stays, and null empties a field that can be empty.
    Change,
}

/// The fields of a kind that were sent. It has no `Debug`, because it contains secrets.
#[derive(Clone, Default)]
pub struct SentFields {
    /// Fields with their texts, in the order in which they were sent.
    pub values: Vec<(Field, String)>,
    /// `None` if they were left out. A list that is null is empty.
    pub headers: Option<Vec<HeaderDraft>>,
}

/// Reads the fields of a kind, and refuses each that it does not have.
#[derive(Clone, Copy, Debug)]
pub struct FieldsSeed {
    /// The kind whose fields are read.
    pub kind: DestinationKind,
    /// How strictly they are read.
    pub reading: Reading,
}

impl<'de> DeserializeSeed<'de> for FieldsSeed {
    type Value = SentFields;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<SentFields, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FieldsSeed {
    type Value = SentFields;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SentFields, A::Error> {
        let kind = self.kind.spec();
        let mut sent = SentFields::default();
        let mut seen: Vec<&str> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if kind.has_headers && key == HEADERS {
                note(&mut seen, HEADERS)?;
                let headers = match self.reading {
                    Reading::New => Some(map.next_value::<Headers>()?),
                    Reading::Draft | Reading::Change => map.next_value()?,
                };
                sent.headers = Some(headers.map_or_else(Vec::new, |headers| headers.0));
                continue;
            }
            let spec = kind.field_by_api_key(&key);
            let spec = spec.ok_or_else(|| unknown_field(&key, keys(kind)))?;
            note(&mut seen, spec.api_key)?;
            let reading = self.reading;
            let text = map.next_value_seed(ValueSeed { spec, reading })?;
            sent.values.extend(text.map(|text| (spec.field, text)));
        }
        let missing = kind
            .given_fields()
            .find(|spec| self.reading == Reading::New && spec.must_be_sent() && !seen.contains(&spec.api_key));
        match missing {
            Some(spec) => Err(Error::custom(format_args!("missing field `{}`", spec.api_key))),
            None => Ok(sent),
        }
    }
}

fn keys(kind: &'static KindSpec) -> impl Iterator<Item = &'static str> {
    let headers = kind.has_headers.then_some(HEADERS);
    kind.given_fields().map(|spec| spec.api_key).chain(headers)
}

fn note<E: Error>(seen: &mut Vec<&'static str>, key: &'static str) -> Result<(), E> {
    if seen.contains(&key) {
        return Err(Error::custom(format_args!("duplicate field `{key}`")));
    }
    seen.push(key);
    Ok(())
}

/// As serde words it.
pub fn unknown_field<E: Error>(key: &str, known: impl Iterator<Item = &'static str>) -> E {
    E::custom(format_args!("unknown field `{key}`, expected {}", one_of(known)))
}

fn one_of(names: impl Iterator<Item = &'static str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [one] => one.clone(),
        [one, other] => format!("{one} or {other}"),
        names => format!("one of {}", names.join(", ")),
    }
}

/// Reads the value of one field as text; `None` if it is as good as left out.
struct ValueSeed {
    spec: &'static FieldSpec,
    reading: Reading,
}

impl ValueSeed {
    fn read<'de, T: Deserialize<'de> + ToString, D: Deserializer<'de>>(
        &self,
        deserializer: D,
    ) -> Result<Option<String>, D::Error> {
        self.read_checked::<T, D>(deserializer, |_| Ok(()))
    }

    /// `check` looks at a value that was sent, and not at null.
    fn read_checked<'de, T: Deserialize<'de> + ToString, D: Deserializer<'de>>(
        &self,
        deserializer: D,
        check: impl FnOnce(&str) -> Result<(), D::Error>,
    ) -> Result<Option<String>, D::Error> {
        let is_made = self.spec.secret.as_ref().is_some_and(|secret| secret.made.is_some());
        let empties = self.reading == Reading::Change && !is_made && self.spec.is_nullable();
        let is_ignored = self.reading == Reading::New && (self.spec.is_nullable() || is_made);
        if empties || is_ignored {
            let value = Option::<T>::deserialize(deserializer)?.map(|value| value.to_string());
            value.as_deref().map_or(Ok(()), check)?;
            return Ok(value.or_else(|| empties.then(String::new)));
        }
        let value = T::deserialize(deserializer)?.to_string();
        check(&value)?;
        Ok(Some(value))
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<String>, D::Error> {
        match self.spec.input {
            _ if self.reading == Reading::Draft => typed(&Value::deserialize(deserializer)?),
            Input::Switch { .. } => self.read::<bool, D>(deserializer),
            Input::Number { .. } => self.read::<u32, D>(deserializer),
            Input::Choice { choices, .. } => {
                let named = choices.iter().map(|choice| choice.value);
                let named = named.filter(|value| !value.is_empty());
                self.read_checked::<String, D>(deserializer, |text| match named.clone().any(|value| value == text) {
                    true => Ok(()),
                    false => Err(Error::custom(format_args!(
                        "unknown variant `{text}`, expected {}",
                        one_of(named)
                    ))),
                })
            }
            _ => self.read::<String, D>(deserializer),
        }
    }
}

/// What is typed may not have the type of its field yet.
fn typed<E: Error>(value: &Value) -> Result<Option<String>, E> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Bool(_) | Value::Number(_) => Ok(Some(value.to_string())),
        Value::Array(_) | Value::Object(_) => Err(E::custom("expected a text")),
    }
}

/// A list of objects, none of which is written as an array of its members.
struct Headers(Vec<HeaderDraft>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let headers = Vec::<Object<HeaderDraft>>::deserialize(deserializer)?;
        Ok(Self(headers.into_iter().map(|header| header.0).collect()))
    }
}

struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = T;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_map(Members(PhantomData)).map(Self)
    }
}

impl<'de> Deserialize<'de> for TargetDraft {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneKind;
        impl<'de> Visitor<'de> for OneKind {
            type Value = TargetDraft;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object with the name of one kind")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TargetDraft, A::Error> {
                let key = map.next_key::<String>()?.unwrap_or_default();
                let kinds = DestinationKind::ALL.into_iter().map(DestinationKind::as_str);
                let kind = DestinationKind::parse(&key).ok_or_else(|| unknown_field(&key, kinds))?;
                let reading = Reading::Draft;
                let sent = map.next_value_seed(FieldsSeed { kind, reading })?;
                if let Some(other) = map.next_key::<String>()? {
                    return Err(unknown_field(&other, std::iter::once(kind.as_str())));
                }
                let mut draft = TargetDraft {
                    kind,
                    values: FieldMap::default(),
                    headers: sent.headers.unwrap_or_default(),
                };
                for (field, text) in sent.values {
                    draft.set_text(field, text);
                }
                Ok(draft)
            }
        }
        deserializer.deserialize_map(OneKind)
    }
}

impl Serialize for TargetDraft {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Fields<'a>(&'a TargetDraft);
        impl Serialize for Fields<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                for spec in self.0.kind.spec().given_fields() {
                    if let Some(text) = self.0.values.get(spec.field) {
                        map.serialize_entry(spec.api_key, text)?;
                    }
                }
                if self.0.kind.spec().has_headers {
                    map.serialize_entry(HEADERS, &self.0.headers)?;
                }
                map.end()
            }
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.kind.as_str(), &Fields(self))?;
        map.end()
    }
}

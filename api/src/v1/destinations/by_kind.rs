//! Requests about destinations: members that every destination has, and an object of each kind's fields, which are read and
//! described by the kind's table.

use std::{fmt, marker::PhantomData};

use domain::destination::{
    DestinationKind, FieldSpec, FieldsSeed, Input, KindSpec, Reading, SentFields, unknown_field,
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IntoDeserializer, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Map, Value, json};

/// Members of a request that every kind of destination has.
pub(super) trait Common: for<'de> Deserialize<'de> {
    /// The names of the members.
    const MEMBERS: &'static [&'static str];
    const READING: Reading;
}

/// A request with its objects of kinds, each at most once.
pub(super) struct ByKind<T> {
    pub(super) common: T,
    pub(super) kinds: Vec<(DestinationKind, SentFields)>,
}

impl<'de, T: Common> Deserialize<'de> for ByKind<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Common> Visitor<'de> for Members<T> {
            type Value = ByKind<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ByKind<T>, A::Error> {
                let mut kinds = Vec::new();
                let rest = WithoutKinds::<T, A> {
                    map,
                    kinds: &mut kinds,
                    of: PhantomData,
                };
                let common = T::deserialize(MapAccessDeserializer::new(rest))?;
                let kinds = kinds.into_iter().filter_map(|(kind, sent)| Some((kind, sent?)));
                Ok(ByKind {
                    common,
                    kinds: kinds.collect(),
                })
            }
        }
        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// The members of a request without the objects of kinds.
struct WithoutKinds<'a, T, A> {
    map: A,
    kinds: &'a mut Vec<(DestinationKind, Option<SentFields>)>,
    of: PhantomData<T>,
}

impl<'de, T: Common, A: MapAccess<'de>> MapAccess<'de> for WithoutKinds<'_, T, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.map.next_key::<String>()? {
            let Some(kind) = DestinationKind::parse(&key) else {
                if !T::MEMBERS.contains(&key.as_str()) {
                    return Err(unknown_field(&key, members::<T>()));
                }
                return seed.deserialize(key.into_deserializer()).map(Some);
            };
            if self.kinds.iter().any(|(other, _)| *other == kind) {
                return Err(A::Error::custom(format_args!("duplicate field `{key}`")));
            }
            let reading = T::READING;
            let sent = self.map.next_value_seed(OrNull(FieldsSeed { kind, reading }))?;
            self.kinds.push((kind, sent));
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

fn members<T: Common>() -> impl Iterator<Item = &'static str> {
    let kinds = DestinationKind::ALL.into_iter().map(DestinationKind::as_str);
    T::MEMBERS.iter().copied().chain(kinds)
}

/// The fields of a kind. In a new destination, null is the same as absent.
struct OrNull(FieldsSeed);

impl<'de> DeserializeSeed<'de> for OrNull {
    type Value = Option<SentFields>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.0.reading == Reading::New {
            deserializer.deserialize_option(self)
        } else {
            self.0.deserialize(deserializer).map(Some)
        }
    }
}

impl<'de> Visitor<'de> for OrNull {
    type Value = Option<SentFields>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(deserializer).map(Some)
    }
}

/// The schema of a kind in the OpenAPI document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    New,
    Change,
    View,
}

impl Shape {
    fn schema_name(self, kind: &KindSpec) -> String {
        let mut name = kind.name.to_owned();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        match self {
            Self::New => format!("New{name}Input"),
            Self::Change => format!("{name}Change"),
            Self::View => format!("{name}View"),
        }
    }

    fn description(self, kind: &KindSpec) -> String {
        let mut noun = kind.description.to_owned();
        match self {
            Self::View => format!("{noun}."),
            Self::New => format!("{noun} to be added."),
            Self::Change => {
                if let Some(first) = noun.get_mut(..1) {
                    first.make_ascii_lowercase();
                }
                format!("A change of {noun}.")
            }
        }
    }
}

/// Adds the schemas that the tables of the kinds describe.
pub(crate) fn describe_kinds(schemas: &mut Map<String, Value>) {
    for kind in DestinationKind::ALL.map(DestinationKind::spec) {
        for shape in [Shape::New, Shape::Change, Shape::View] {
            schemas.insert(shape.schema_name(kind), schema(kind, shape));
        }
        for spec in kind.given_fields() {
            if let Input::Choice {
                schema, description, ..
            } = spec.input
            {
                schemas.insert(schema.to_owned(), choices(spec, description));
            }
        }
        let reference = |shape: Shape| json!({"$ref": format!("#/components/schemas/{}", shape.schema_name(kind))});
        let nullable = json!({"oneOf": [{"type": "null"}, reference(Shape::New)]});
        for (path, member) in [
            ("/NewDestinationInput/properties", nullable),
            ("/DestinationChange/properties", reference(Shape::Change)),
            ("/DestinationView/properties", reference(Shape::View)),
            (
                "/Listed_DestinationView/properties/items/items/properties",
                reference(Shape::View),
            ),
        ] {
            let mut steps = path.trim_start_matches('/').splitn(2, '/');
            let (name, rest) = (steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
            let found = schemas
                .get_mut(name)
                .and_then(|schema| schema.pointer_mut(&format!("/{rest}")));
            if let Some(properties) = found.and_then(Value::as_object_mut) {
                properties.insert(kind.name.to_owned(), member);
            }
        }
    }
}

fn choices(spec: &FieldSpec, description: &str) -> Value {
    let named = spec.choices().iter().filter(|choice| !choice.value.is_empty());
    let (values, texts): (Vec<_>, Vec<_>) = named
        .map(|choice| {
            (
                choice.value,
                format!("- `{}`: {}", choice.value, choice.api_description),
            )
        })
        .unzip();
    json!({"type": "string", "description": format!("{description}\n\n{}", texts.join("\n")), "enum": values})
}

fn schema(kind: &KindSpec, shape: Shape) -> Value {
    let is_shown = |spec: &&FieldSpec| {
        let is_hidden = spec.secret.as_ref().is_some_and(|secret| !secret.is_shown);
        shape != Shape::View || !is_hidden
    };
    let fields: Vec<&FieldSpec> = kind.given_fields().filter(|spec| is_shown(spec)).collect();
    let mut properties: Map<String, Value> = fields
        .iter()
        .map(|spec| (spec.api_key.to_owned(), property(spec, shape)))
        .collect();
    let always = |spec: &&FieldSpec| match shape {
        Shape::New => spec.must_be_sent(),
        Shape::Change => false,
        Shape::View => spec.secret.is_none() && !spec.is_nullable(),
    };
    let mut required: Vec<&str> = fields
        .into_iter()
        .filter(|spec| always(spec))
        .map(|spec| spec.api_key)
        .collect();
    if kind.has_headers {
        let item = if shape == Shape::View {
            "HeaderView"
        } else {
            "HeaderInput"
        };
        let items = json!({"$ref": format!("#/components/schemas/{item}")});
        let headers = match shape {
            Shape::View => json!({"type": "array", "items": items}),
            Shape::New => json!({"type": "array", "items": items, "maxItems": 20}),
            Shape::Change => json!({"type": ["array", "null"], "items": items, "maxItems": 20,
                "description": "Replaces all headers. Stored headers that are not in the list are deleted."}),
        };
        properties.insert("headers".to_owned(), headers);
        if shape == Shape::View {
            required.push("headers");
        }
    }
    let mut schema = json!({"type": "object", "description": shape.description(kind), "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if shape != Shape::View {
        schema["additionalProperties"] = json!(false);
    }
    schema
}

fn property(spec: &FieldSpec, shape: Shape) -> Value {
    let is_made = spec.secret.as_ref().is_some_and(|secret| secret.made.is_some());
    let is_nullable = match shape {
        Shape::New => spec.is_nullable() || is_made,
        Shape::Change | Shape::View => spec.is_nullable() && !is_made,
    };
    let mut description = spec.description.to_owned();
    let note = match (shape, spec.input, &spec.secret) {
        (Shape::View, Input::Url { .. }, _) => {
            "The complete URL for administrators, otherwise only its origin, because the path and the query can contain secrets."
        }
        (Shape::View, _, Some(_)) => "Only for administrators.",
        _ => "",
    };
    if !note.is_empty() {
        let space = if description.is_empty() { "" } else { " " };
        description = format!("{description}{space}{note}");
    }
    if let Input::Choice { schema, .. } = spec.input {
        let mut reference = json!({"$ref": format!("#/components/schemas/{schema}"), "description": description});
        if is_nullable {
            reference = json!({"oneOf": [{"type": "null"}, reference]});
        } else if shape == Shape::New && !spec.default.is_empty() {
            reference["default"] = json!(spec.default);
        }
        return reference;
    }
    let name = match spec.input {
        Input::Switch { .. } => "boolean",
        Input::Number { .. } => "integer",
        _ => "string",
    };
    let mut property = json!({"type": if is_nullable { json!([name, "null"]) } else { json!(name) }});
    let mut set = |key: &str, value: Value| property[key] = value;
    if !description.is_empty() {
        set("description", description.into());
    }
    if !spec.example.is_empty() && shape != Shape::Change {
        set("example", spec.example.into());
    }
    if let Input::Number { min, max } = spec.input {
        set("format", "int32".into());
        set("minimum", min.into());
        set("maximum", max.into());
    }
    if shape == Shape::New && !spec.default.is_empty() {
        set("default", spec.to_json(spec.default));
    }
    if shape != Shape::View {
        for (key, limit) in [("minLength", spec.min_chars), ("maxLength", spec.max_chars)] {
            limit.into_iter().for_each(|limit| set(key, limit.into()));
        }
        if spec.secret.as_ref().is_some_and(|secret| !secret.is_shown) {
            set("writeOnly", true.into());
        }
    }
    property
}

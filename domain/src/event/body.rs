//! Reading the body of an event without losing any of it.
//!
//! Ingest accepts whatever is valid JSON, and some of that has no counterpart in Rust or in `serde_json::Value`: half of a
//! surrogate pair (`"\ud83d"`), a number beyond `f64` (`1e400`), an integer of a hundred digits, a member that occurs twice.
//! One such value must not hide the rest of its event. So members are read one by one, as the text that was sent: numbers
//! keep their digits, and half of a surrogate pair becomes U+FFFD. Whatever [`AuditEvent::parse`](super::AuditEvent::parse)
//! accepts can be read here.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::compact::compact;

/// The text is not a JSON object.
#[derive(Debug, thiserror::Error)]
#[error("not a JSON object")]
pub struct NotAnObject(#[from] serde_json::Error);

/// The members of a JSON object in the order sent.
#[derive(Clone, Debug, Default)]
pub struct Members<'json>(Vec<Member<'json>>);

/// A member of a JSON object.
#[derive(Clone, Debug)]
pub struct Member<'json> {
    /// Name of the member, with escapes resolved.
    pub name: Cow<'json, str>,
    /// The name as it was sent, with its quotes and escapes.
    pub raw_name: &'json str,
    /// JSON text of the value.
    pub value: &'json str,
}

impl<'json> Members<'json> {
    /// # Errors
    /// [`NotAnObject`].
    pub fn read(json: &'json str) -> Result<Self, NotAnObject> {
        Ok(serde_json::from_str(json)?)
    }

    /// The members of the object under `name`; none if something else stands there.
    pub fn object(&self, name: &str) -> Option<Self> {
        Self::read(self.json(name)?).ok()
    }

    /// JSON text of the value. Of members with the same name the last counts, as with most readers of JSON.
    pub fn json(&self, name: &str) -> Option<&'json str> {
        let mut found = self.0.iter().rev();
        found.find(|member| member.name == name).map(|member| member.value)
    }

    /// The value as text for a reader: see [`plain`]. Empty if there is none.
    pub fn plain(&self, name: &str) -> String {
        self.json(name).map(plain).unwrap_or_default()
    }

    /// The value, if it is a string.
    pub fn string(&self, name: &str) -> Option<Cow<'json, str>> {
        self.json(name).and_then(decode)
    }

    /// The members, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &Member<'json>> {
        self.0.iter()
    }

    /// Whether the object has no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Vec<Member<'de>>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<&'de RawValue, &'de RawValue>()? {
                    let (raw_name, value) = (name.get(), value.get());
                    let name = decode(raw_name).ok_or_else(|| A::Error::custom("a name is a string"))?;
                    members.push(Member { name, raw_name, value });
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Object).map(Self)
    }
}

/// A JSON value as text for a reader: a string without quotes and escapes, nothing for `null`, JSON text for the rest.
pub fn plain(json: &str) -> String {
    match decode(json) {
        Some(text) => text.into_owned(),
        None if json == "null" => String::new(),
        None => {
            let mut text = String::with_capacity(json.len());
            compact(json, &mut text);
            text
        }
    }
}

/// The text of a JSON string; none for any other JSON value.
pub fn decode(json: &str) -> Option<Cow<'_, str>> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    if !inside.contains('\\') {
        return Some(Cow::Borrowed(inside));
    }
    let text: serde_json::Result<Text> = serde_json::from_str(json);
    text.ok().map(|text| Cow::Owned(text.0))
}

/// The text of a JSON string; none if half of a surrogate pair is in it.
pub(super) fn decode_strictly(json: &str) -> Option<Cow<'_, str>> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    if !inside.contains('\\') {
        return Some(Cow::Borrowed(inside));
    }
    serde_json::from_str(json).ok().map(Cow::Owned)
}

/// Whether a string of `json` below the value, or the digits of a number, contain the text. ASCII letters of either case;
/// `text` must have none in upper case. Names of members don't count.
pub fn contains_text(json: &str, text: &str) -> bool {
    scalars(json).any(|scalar| {
        let scalar = decode(scalar).unwrap_or(Cow::Borrowed(scalar));
        scalar.to_ascii_lowercase().contains(text)
    })
}

/// JSON text of each string, number, `true` and `false` in the value, without names of members.
fn scalars(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    std::iter::from_fn(move || {
        loop {
            rest = rest
                .trim_start_matches(|character: char| character.is_ascii_whitespace() || "{}[],:".contains(character));
            let (scalar, after) = rest.split_at_checked(scalar_length(rest)?)?;
            rest = after;
            let is_name = scalar.starts_with('"') && after.trim_ascii_start().starts_with(':');
            if !is_name && scalar != "null" {
                return Some(scalar);
            }
        }
    })
}

/// Bytes of the scalar that the text begins with; none at the end.
fn scalar_length(json: &str) -> Option<usize> {
    let mut bytes = json.bytes().enumerate();
    let (_, first) = bytes.next()?;
    if first != b'"' {
        let end = bytes.find(|(_, byte)| byte.is_ascii_whitespace() || b"{}[],:\"".contains(byte));
        return Some(end.map_or(json.len(), |(position, _)| position));
    }
    let mut is_escaped = false;
    let end = bytes.find(|(_, byte)| {
        let is_end = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_end
    });
    end.map(|(position, _)| position + 1)
}

/// A JSON string, where half of a surrogate pair is read as U+FFFD.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = String;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<String, E> {
                String::from_utf8(without_surrogates(bytes.to_vec())).map_err(E::custom)
            }
        }
        // As bytes, serde_json accepts halves of surrogate pairs and writes each as three bytes (WTF-8).
        deserializer.deserialize_bytes(Bytes).map(Self)
    }
}

/// WTF-8 as UTF-8: U+FFFD has as many bytes as a surrogate.
fn without_surrogates(mut bytes: Vec<u8>) -> Vec<u8> {
    let replacement = *b"\xef\xbf\xbd";
    let mut start = 0;
    while let Some(surrogate) = bytes.get_mut(start..start + 3) {
        match surrogate {
            [0xed, 0xa0..=0xbf, _] => {
                surrogate.copy_from_slice(&replacement);
                start += 3;
            }
            _ => start += 1,
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_surrogate_pairs_are_replaced_one_by_one() {
        for (json, expected) in [
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""a\ud83db""#, "a\u{fffd}b"),
            (r#""\ude00\ud83d\ud83d\ude00\n""#, "\u{fffd}\u{fffd}\u{1f600}\n"),
            (r#""\ud83d\n""#, "\u{fffd}\n"),
            (r#""\ud7ff\ue000""#, "\u{d7ff}\u{e000}"),
            (r#""\u0000""#, "\0"),
            (r#""한국""#, "한국"),
        ] {
            assert_eq!(decode(json).as_deref(), Some(expected), "{json}");
        }
        for other in ["1", "null", "{}", "[\"a\"]"] {
            assert_eq!(decode(other), None);
        }
    }

    #[test]
    fn members_keep_what_was_sent_and_the_last_of_a_name_counts() {
        let members = Members::read(r#"{"a":1e400,"\ud83d":0,"b":"x","b":"\ud83d","c":{"d":[ 1 ]},"n":null}"#).unwrap();
        let text = |name: &str| members.plain(name);
        assert_eq!(
            (text("a"), text("b"), text("\u{fffd}")),
            ("1e400".into(), "\u{fffd}".into(), "0".into())
        );
        assert_eq!(
            (text("c"), text("n"), text("absent")),
            (r#"{"d":[1]}"#.into(), String::new(), String::new())
        );
        assert_eq!(members.object("c").unwrap().plain("d"), "[1]");
        assert!(members.object("a").is_none() && members.object("absent").is_none());
        for other in ["", "[]", "1", "{\"a\":", "nonsense"] {
            assert!(Members::read(other).is_err(), "{other}");
        }
    }

    #[test]
    fn text_is_found_in_values_at_any_depth_and_in_digits() {
        let json = r#"{ "name" : [1e400, {"x":"Say \"Hi\" \ud83d", "y":"\u0041da"}], "n":123456789012345678901234567890, "t":true, "e":"" ,"z":null}"#;
        for text in ["1e400", "say \"hi\"", "\u{fffd}", "ada", "012345678901234567", "true"] {
            assert!(contains_text(json, text), "{text}");
        }
        for text in ["name", "x", "null", "y\":", "grace"] {
            assert!(!contains_text(json, text), "{text}");
        }
        assert!(contains_text("\"free Text\"", "free t"));
    }
}

//! Custom HTTP headers: what an administrator types ([`HeaderDraft`]) and what may be sent ([`NewHeader`]).
//!
//! The value of a header that is already stored does not travel to the browser with the list; a draft without a value
//! means "as it is stored".

use std::{collections::HashSet, fmt};

use serde::{Deserialize, Serialize};

use crate::{Field, FieldError, FieldErrors, ids::HeaderId};

/// Custom headers of one destination at most.
/// <https://docs.gitlab.com/administration/compliance/audit_event_streaming/>
pub const MAX_HEADERS: usize = 20;

/// Names that this product, HTTP, or the connection sets; compared without regard to case.
const RESERVED: [&str; 19] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
    "x-audit-streams-replay",
    "x-audit-streams-source",
    "x-gitlab-audit-event-type",
];

const STREAMING_TOKEN: &str = "X-Gitlab-Event-Streaming-Token";

/// 1 to 255 characters of an HTTP token (RFC 9110, section 5.6.2) that is not reserved. Kept as typed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeaderName(String);

impl HeaderName {
    /// The maximum length in characters.
    pub const MAX_CHARS: usize = 255;

    /// `row` is the position among the headers of the destination, from 0.
    ///
    /// # Errors
    /// A [`FieldError`] on [`Field::HeaderName`] naming the rule that is broken.
    pub fn parse(text: &str, row: u8) -> Result<Self, FieldError> {
        Self::problem(text).map_or_else(
            || Ok(Self(text.to_owned())),
            |message| Err(FieldError::new(Field::HeaderName(row), message)),
        )
    }

    fn problem(text: &str) -> Option<String> {
        let is_reserved = RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(text));
        if text.trim().is_empty() {
            Some("Key can't be blank".to_owned())
        } else if text.len() > Self::MAX_CHARS {
            Some("Key is too long (maximum is 255 characters)".to_owned())
        } else if !text.bytes().all(is_token_byte) {
            Some("Key can only contain letters, digits and !#$%&'*+.^_`|~-, for example X-Team".to_owned())
        } else if text.eq_ignore_ascii_case(STREAMING_TOKEN) {
            Some(format!("Key cannot be {STREAMING_TOKEN}"))
        } else if is_reserved {
            Some(format!("Key cannot be {text}: it is set with every request"))
        } else {
            None
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both name the same header: HTTP does not regard case.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~' | b'-'
        )
}

/// 1 to 2,000 printable Latin-1 characters without a blank at either end. A secret: its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderText(String);

impl HeaderText {
    /// The maximum length in characters.
    pub const MAX_CHARS: usize = 2_000;

    /// `row` is the position among the headers of the destination, from 0.
    ///
    /// # Errors
    /// A [`FieldError`] on [`Field::HeaderValue`] naming the rule that is broken.
    pub fn parse(text: &str, row: u8) -> Result<Self, FieldError> {
        let message = if text.is_empty() {
            "Value can't be blank"
        } else if text.chars().count() > Self::MAX_CHARS {
            "Value is too long (maximum is 2000 characters)"
        } else if text.trim() != text {
            "Value can't start or end with a space"
        } else if !text.chars().all(is_printable_latin_1) {
            "Value can only contain printable Latin-1 characters, and no line breaks"
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(FieldError::new(Field::HeaderValue(row), message))
    }

    /// The value itself. It must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// As it goes over the wire: one byte a character.
    pub fn to_latin_1(&self) -> Vec<u8> {
        // Parsing has excluded every character above U+00FF.
        self.0
            .chars()
            .map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?'))
            .collect()
    }
}

impl fmt::Debug for HeaderText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HeaderText(..)")
    }
}

fn is_printable_latin_1(character: char) -> bool {
    matches!(u32::from(character), 0x20..=0x7e | 0xa0..=0xff)
}

/// A custom header.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = HeaderInput))]
pub struct HeaderDraft {
    /// Id of the stored header to update. Null for a new header.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<i64>))]
    pub id: Option<HeaderId>,
    /// As typed.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 255, example = "X-Team"))]
    pub name: String,
    /// Null keeps the value that is stored under `id`.
    #[cfg_attr(feature = "openapi", schema(max_length = 2000, example = "security"))]
    pub value: Option<String>,
    /// Whether it is sent.
    #[serde(default = "is_active")]
    pub active: bool,
}

const fn is_active() -> bool {
    true
}

impl HeaderDraft {
    /// An empty row.
    pub const fn new() -> Self {
        Self {
            id: None,
            name: String::new(),
            value: None,
            active: true,
        }
    }
}

impl Default for HeaderDraft {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HeaderDraft {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HeaderDraft")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A header that may be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHeader {
    /// Id of the stored header to update.
    pub id: Option<HeaderId>,
    /// Name of the header.
    pub name: HeaderName,
    /// None keeps the value that is stored under `id`, which is there then.
    pub value: Option<HeaderText>,
    /// Whether the header is sent.
    pub active: bool,
}

/// All headers of a destination; those of one that is not stored yet have neither ids nor values to keep.
///
/// # Errors
/// Every field that breaks a rule, with its row. More than 20 rows are an error on [`Field::Headers`].
pub(super) fn parse_headers(drafts: &[HeaderDraft], are_stored: bool) -> Result<Vec<NewHeader>, FieldErrors> {
    let mut errors = FieldErrors::default();
    if drafts.len() > MAX_HEADERS {
        errors.push(FieldError::new(
            Field::Headers,
            "Headers are limited to 20 per destination",
        ));
        return Err(errors);
    }
    let (mut names, mut ids) = (HashSet::new(), HashSet::new());
    let mut headers = Vec::with_capacity(drafts.len());
    for (row, draft) in (0_u8..).zip(drafts) {
        let name = errors.collect(HeaderName::parse(&draft.name, row));
        if name.is_some() && !names.insert(draft.name.to_ascii_lowercase()) {
            let taken = "A header with this name already exists.";
            errors.push(FieldError::new(Field::HeaderName(row), taken));
        }
        let id = draft.id.filter(|_| are_stored);
        if id.is_some_and(|id| !ids.insert(id)) {
            errors.push(FieldError::new(
                Field::HeaderName(row),
                "This header is in another row already.",
            ));
        }
        let value = match (&draft.value, id) {
            (None, Some(_)) => Some(None),
            (value, _) => errors
                .collect(HeaderText::parse(value.as_deref().unwrap_or_default(), row))
                .map(Some),
        };
        if let (Some(name), Some(value)) = (name, value) {
            headers.push(NewHeader {
                id,
                name,
                value,
                active: draft.active,
            });
        }
    }
    if errors.is_empty() { Ok(headers) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn draft(name: &str, value: &str) -> HeaderDraft {
        HeaderDraft {
            name: name.into(),
            value: Some(value.into()),
            ..HeaderDraft::new()
        }
    }

    fn messages(drafts: &[HeaderDraft]) -> Vec<(Field, String)> {
        let errors = parse_headers(drafts, true).unwrap_err();
        errors
            .iter()
            .map(|error| (error.field, error.message.clone()))
            .collect()
    }

    #[test]
    fn a_name_is_a_token_that_nobody_else_sets() {
        for (name, start) in [
            ("", "Key can't be blank"),
            ("  ", "Key can't be blank"),
            ("X Team", "Key can only contain"),
            ("X-Tëam", "Key can only contain"),
            (
                "x-gitlab-EVENT-streaming-token",
                "Key cannot be X-Gitlab-Event-Streaming-Token",
            ),
            ("X-GitLab-Audit-Event-Type", "Key cannot be X-GitLab-Audit-Event-Type"),
            ("HOST", "Key cannot be HOST"),
            ("Transfer-Encoding", "Key cannot be Transfer-Encoding"),
            ("Webhook-Signature", "Key cannot be Webhook-Signature"),
        ] {
            let message = HeaderName::parse(name, 0).unwrap_err().message;
            assert!(message.starts_with(start), "{name:?}: {message}");
        }
        assert!(HeaderName::parse(&"x".repeat(255), 0).is_ok());
        assert!(HeaderName::parse(&"x".repeat(256), 0).is_err());
        assert!(HeaderName::parse("content-type", 0).is_ok());
    }

    #[test]
    fn a_value_is_printable_latin_1() {
        assert_eq!(HeaderText::parse("Grüße", 0).unwrap().to_latin_1(), b"Gr\xfc\xdfe");
        assert!(HeaderText::parse(&"v".repeat(2_000), 0).is_ok());
        for (value, message) in [
            ("", "Value can't be blank"),
            (" x", "Value can't start or end with a space"),
            (
                "x\r\nX-Evil: 1",
                "Value can only contain printable Latin-1 characters, and no line breaks",
            ),
            (
                "漢",
                "Value can only contain printable Latin-1 characters, and no line breaks",
            ),
        ] {
            assert_eq!(
                HeaderText::parse(value, 3).unwrap_err(),
                FieldError::new(Field::HeaderValue(3), message)
            );
        }
        assert!(HeaderText::parse(&"v".repeat(2_001), 0).is_err());
    }

    #[test]
    fn each_error_stands_at_its_row() {
        let rows = [draft("X-A", "1"), draft("", ""), draft("x-a", "2"), HeaderDraft::new()];
        assert_eq!(
            messages(&rows),
            [
                (Field::HeaderName(1), "Key can't be blank".to_owned()),
                (Field::HeaderValue(1), "Value can't be blank".to_owned()),
                (
                    Field::HeaderName(2),
                    "A header with this name already exists.".to_owned()
                ),
                (Field::HeaderName(3), "Key can't be blank".to_owned()),
                (Field::HeaderValue(3), "Value can't be blank".to_owned()),
            ]
        );
    }

    #[test]
    fn at_most_20() {
        let rows: Vec<HeaderDraft> = (0..21).map(|row| draft(&format!("X-{row}"), "v")).collect();
        assert_eq!(parse_headers(rows.get(..20).unwrap(), true).unwrap().len(), 20);
        assert_eq!(
            messages(&rows),
            [(Field::Headers, "Headers are limited to 20 per destination".to_owned())]
        );
    }

    #[test]
    fn only_a_stored_header_can_keep_its_value() {
        let stored = HeaderDraft {
            id: Some(HeaderId::new(7)),
            name: "X-A".into(),
            value: None,
            active: false,
        };
        let parsed = parse_headers(std::slice::from_ref(&stored), true).unwrap();
        assert_eq!(parsed.first().map(|header| header.value.clone()), Some(None));
        assert!(parse_headers(std::slice::from_ref(&stored), false).is_err());
        assert!(
            parse_headers(
                &[
                    stored.clone(),
                    HeaderDraft {
                        name: "X-B".into(),
                        ..stored.clone()
                    }
                ],
                true
            )
            .is_err()
        );
        assert!(parse_headers(&[HeaderDraft { id: None, ..stored }], true).is_err());
    }

    #[test]
    fn debug_shows_no_value() {
        let shown = format!("{:?} {:?}", draft("X-A", "s3cret"), HeaderText::parse("s3cret", 0));
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    proptest! {
        #[test]
        fn what_is_accepted_can_stand_in_a_request(name in ".{0,20}", value in ".{0,20}") {
            if let Ok(name) = HeaderName::parse(&name, 0) {
                prop_assert!(!name.as_str().is_empty() && name.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
            }
            if let Ok(value) = HeaderText::parse(&value, 0) {
                prop_assert!(value.to_latin_1().iter().all(|byte| *byte >= 0x20 && *byte != 0x7f));
            }
        }
    }
}

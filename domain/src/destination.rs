//! Streaming destinations: what a person types (`DestinationDraft`), what is accepted (`NewDestination`, `DestinationChange`).

mod event_filter;
mod header;
mod name;
mod url;
mod verification_token;

use serde::{Deserialize, Serialize};

pub use self::{
    event_filter::{EventFilter, undefined},
    header::{HeaderDraft, HeaderName, HeaderText, MAX_HEADERS, NewHeader},
    name::DestinationName,
    url::DestinationUrl,
    verification_token::VerificationToken,
};
use crate::{Field, FieldErrors};

/// The service behind a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DestinationKind {
    Http,
}

impl DestinationKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
        }
    }
}

/// The add form as it was filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationDraft {
    pub name: String,
    pub url: String,
    /// Chosen by the administrator; made by the server when absent or blank.
    #[serde(default)]
    pub verification_token: Option<String>,
    #[serde(default)]
    pub headers: Vec<HeaderDraft>,
    /// Names of the event types to admit; none admits every event.
    #[serde(default)]
    pub event_types: Vec<String>,
}

/// An HTTP destination that may be stored, apart from the rules that only the store can check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDestination {
    pub name: DestinationName,
    pub url: DestinationUrl,
    pub verification_token: Option<VerificationToken>,
    pub headers: Vec<NewHeader>,
    pub filter: EventFilter,
}

impl DestinationDraft {
    /// What can be told to be wrong while the form is filled in; [`Self::parse`] has the last word.
    pub fn mistakes(&self) -> FieldErrors {
        let mut errors = FieldErrors::default();
        errors.collect(DestinationName::parse(&self.name));
        errors.collect(DestinationUrl::check_shape(&self.url));
        if let Some(token) = self.given_token() {
            errors.collect(VerificationToken::parse(token));
        }
        errors.collect_all(header::parse_headers(&self.headers, false));
        errors.collect(EventFilter::parse(&self.event_types));
        errors
    }

    fn given_token(&self) -> Option<&str> {
        self.verification_token.as_deref().filter(|token| !token.is_empty())
    }

    /// # Errors
    /// Every field that breaks a rule, each with its message.
    pub fn parse(&self) -> Result<NewDestination, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.collect(DestinationName::parse(&self.name));
        let url = errors.collect(DestinationUrl::parse(&self.url));
        let token = self
            .given_token()
            .map(|token| errors.collect(VerificationToken::parse(token)));
        let headers = errors.collect_all(header::parse_headers(&self.headers, false));
        let filter = errors.collect(EventFilter::parse(&self.event_types));
        match (name, url, headers, filter) {
            (Some(name), Some(url), Some(headers), Some(filter)) if errors.is_empty() => Ok(NewDestination {
                name,
                url,
                verification_token: token.flatten(),
                headers,
                filter,
            }),
            _ => Err(errors),
        }
    }
}

/// The edit form as it was filled in: all of it, changed or not. The URL and the verification token of a destination never
/// change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationEdit {
    pub name: String,
    pub headers: Vec<HeaderDraft>,
    /// Names of the event types to admit; none admits every event.
    pub event_types: Vec<String>,
}

/// What a destination is to be from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationChange {
    pub name: DestinationName,
    /// Every header, in order. A stored one that is not among them goes.
    pub headers: Vec<NewHeader>,
    pub filter: EventFilter,
}

impl DestinationEdit {
    /// # Errors
    /// Every field that breaks a rule, each with its message.
    pub fn parse(&self) -> Result<DestinationChange, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.collect(DestinationName::parse(&self.name));
        let headers = errors.collect_all(header::parse_headers(&self.headers, true));
        let filter = errors.collect(EventFilter::parse(&self.event_types));
        match (name, headers, filter) {
            (Some(name), Some(headers), Some(filter)) => Ok(DestinationChange { name, headers, filter }),
            _ => Err(errors),
        }
    }
}

/// The rule that only the store can check: no two destinations of a kind share this field.
pub fn already_taken(field: Field) -> crate::FieldError {
    let message = match field {
        Field::Url => "Destination url has already been taken",
        _ => "Name has already been taken",
    };
    crate::FieldError::new(field, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> DestinationDraft {
        DestinationDraft {
            name: "SIEM".into(),
            url: "https://siem.example/in".into(),
            ..DestinationDraft::default()
        }
    }

    #[test]
    fn a_full_draft_becomes_a_destination() {
        let new = draft().parse().unwrap();
        assert_eq!(
            (new.name.as_str(), new.url.as_str()),
            ("SIEM", "https://siem.example/in")
        );
        assert_eq!(new.verification_token, None);
    }

    #[test]
    fn every_bad_field_is_named_at_once() {
        let bad = DestinationDraft {
            name: String::new(),
            url: "ftp://x".into(),
            verification_token: Some("short".into()),
            headers: vec![HeaderDraft::new()],
            event_types: vec![String::new()],
        };
        let errors = bad.parse().unwrap_err();
        let fields: Vec<Field> = errors.iter().map(|error| error.field).collect();
        let header = [Field::HeaderName(0), Field::HeaderValue(0), Field::EventTypes];
        assert_eq!(
            fields,
            [&[Field::Name, Field::Url, Field::VerificationToken], header.as_slice()].concat()
        );
        assert_eq!(bad.mistakes(), errors);
    }

    #[test]
    fn a_blank_token_means_make_one() {
        let blank = DestinationDraft {
            verification_token: Some(String::new()),
            ..draft()
        };
        assert_eq!(blank.parse().unwrap().verification_token, None);
    }
}

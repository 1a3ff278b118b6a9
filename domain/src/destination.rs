//! Streaming destinations: what a person types (`DestinationDraft`), what is accepted (`NewDestination`, `DestinationChange`).

mod name;
mod url;
mod verification_token;

use serde::{Deserialize, Serialize};

pub use self::{name::DestinationName, url::DestinationUrl, verification_token::VerificationToken};
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
}

/// An HTTP destination that may be stored, apart from the rules that only the store can check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDestination {
    pub name: DestinationName,
    pub url: DestinationUrl,
    pub verification_token: Option<VerificationToken>,
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
        match (name, url) {
            (Some(name), Some(url)) if errors.is_empty() => Ok(NewDestination {
                name,
                url,
                verification_token: token.flatten(),
            }),
            _ => Err(errors),
        }
    }
}

/// The edit form as it was filled in. The URL and the verification token of a destination never change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationEdit {
    pub name: String,
}

/// A change that may be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationChange {
    pub name: DestinationName,
}

impl DestinationEdit {
    /// # Errors
    /// Every field that breaks a rule, each with its message.
    pub fn parse(&self) -> Result<DestinationChange, FieldErrors> {
        let name = DestinationName::parse(&self.name)?;
        Ok(DestinationChange { name })
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
            verification_token: None,
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
        };
        let errors = bad.parse().unwrap_err();
        let fields: Vec<Field> = errors.iter().map(|error| error.field).collect();
        assert_eq!(fields, [Field::Name, Field::Url, Field::VerificationToken]);
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

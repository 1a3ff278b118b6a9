//! Who may do what: user names, passwords, API tokens and their scopes.

mod actor;
mod client_certificate;
pub mod permissions;
mod session_cookie;
mod token_draft;
mod user_agent;
mod username;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub use self::{
    actor::{SetCookie, SignedIn, Visitor},
    client_certificate::{CertificateName, CertificateNameKind},
    session_cookie::{BROWSER_KNOWN_FOR, SessionCookie},
    token_draft::{TokenDraft, TokenRequest},
    user_agent::describe_user_agent,
    username::Username,
};
use crate::{Field, FieldError};

/// What an API token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Scope {
    /// Post audit events.
    Ingest,
    /// Read everything except secrets.
    Read,
    /// Everything an administrator can do.
    Admin,
}

impl Scope {
    /// Every scope, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Ingest, Self::Read, Self::Admin];

    /// The name in APIs and on the command line: `ingest`, `read` or `admin`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The text named none of the scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Scope: one of ingest, read, admin.")]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(UnknownScope)
    }
}

/// Name of an API token: it is the `source` of what the token posts, so it is short and safe in a header.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct TokenName(String);

impl TokenName {
    /// The maximum length in characters.
    pub const MAX_CHARS: usize = 72;

    /// # Errors
    /// A [`FieldError`] on [`Field::Name`] unless the text has 1 to 72 printable ASCII characters and no blank at either end.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if text.is_empty() || text.len() > Self::MAX_CHARS || !printable || text.trim() != text {
            let rule = "Name: 1 to 72 letters, digits, spaces or ASCII punctuation, without a space at either end, for example \
                        gitlab-production.";
            return Err(FieldError::new(Field::Name, rule));
        }
        if text.eq_ignore_ascii_case(crate::instance_event::INSTANCE_SOURCE) {
            return Err(FieldError::new(
                Field::Name,
                "Name: audit-streams is reserved for instance events; choose another one, for example gitlab-production.",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A password that is long enough to be set. It has no `Display`, and its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPassword(String);

impl NewPassword {
    /// The minimum length in characters.
    pub(crate) const MIN_CHARS: usize = 12;
    /// Argon2 takes time in proportion; nobody types more.
    pub const MAX_BYTES: usize = 512;

    /// # Errors
    /// A [`FieldError`] on `field` if the password is shorter than 12 characters or longer than 512 bytes.
    pub fn parse(text: String, field: Field) -> Result<Self, FieldError> {
        if text.chars().count() < Self::MIN_CHARS {
            return Err(FieldError::new(field, "Password: at least 12 characters."));
        }
        if text.len() > Self::MAX_BYTES {
            return Err(FieldError::new(field, "Password: at most 512 bytes."));
        }
        Ok(Self(text))
    }

    /// The password itself. It must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NewPassword(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_reads_back_as_written() {
        for scope in Scope::ALL {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        assert_eq!("root".parse::<Scope>(), Err(UnknownScope));
    }

    #[test]
    fn a_token_name_fits_into_a_header() {
        assert!(TokenName::parse("gitlab production #2").is_ok());
        for bad in ["", " x", "x ", "a\nb", "ü", "audit-streams", &"x".repeat(73)] {
            assert!(TokenName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_password_shows_itself_to_nobody() {
        let password = NewPassword::parse("correct horse battery".into(), Field::NewPassword).unwrap();
        assert!(!format!("{password:?}").contains("horse"));
        assert!(NewPassword::parse("elevenchars".into(), Field::NewPassword).is_err());
        assert!(NewPassword::parse("x".repeat(513), Field::NewPassword).is_err());
    }
}

//! HTTP destinations: what an administrator types, and what may be stored.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DestinationUrl, HeaderDraft, NewHeader, VerificationToken, header::parse_headers};
use crate::FieldErrors;

/// The fields of the form, as filled in.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpDraft {
    pub url: String,
    /// Chosen by the administrator; made by the server when absent or blank. On a stored destination, absent keeps it.
    #[serde(default)]
    pub verification_token: Option<String>,
    #[serde(default)]
    pub headers: Vec<HeaderDraft>,
}

/// Where events are posted, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    pub url: DestinationUrl,
    /// None keeps the one that is stored, and makes one for a new destination.
    pub verification_token: Option<VerificationToken>,
    /// Every header, in order. A stored one that is not among them goes.
    pub headers: Vec<NewHeader>,
}

impl HttpDraft {
    pub(super) fn parse(&self, is_stored: bool) -> Result<HttpSettings, FieldErrors> {
        let mut errors = FieldErrors::default();
        let url = errors.collect(DestinationUrl::parse(&self.url));
        let token = self
            .given_token(is_stored)
            .map(|token| errors.collect(VerificationToken::parse(token)));
        let headers = errors.collect_all(parse_headers(&self.headers, is_stored));
        match (url, headers) {
            (Some(url), Some(headers)) if errors.is_empty() => Ok(HttpSettings {
                url,
                verification_token: token.flatten(),
                headers,
            }),
            _ => Err(errors),
        }
    }

    /// What can be told without parsing the host: enough while somebody types.
    pub(super) fn mistakes(&self, is_stored: bool) -> FieldErrors {
        let mut errors = FieldErrors::default();
        errors.collect(DestinationUrl::check_shape(&self.url));
        if let Some(token) = self.given_token(is_stored) {
            errors.collect(VerificationToken::parse(token));
        }
        errors.collect_all(parse_headers(&self.headers, is_stored));
        errors
    }

    fn given_token(&self, is_stored: bool) -> Option<&str> {
        self.verification_token
            .as_deref()
            .filter(|token| !token.is_empty() || is_stored)
    }
}

impl fmt::Debug for HttpDraft {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpDraft")
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

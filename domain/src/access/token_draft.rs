//! What a person fills in for a new API token.

use std::time::Duration;

use super::{CertificateName, Scope, TokenName};
use crate::{Field, FieldError, FieldErrors, Timestamp};

const DAY: Duration = Duration::from_secs(86_400);

/// As it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenDraft {
    /// As typed.
    pub name: String,
    /// Names of scopes.
    pub scopes: Vec<String>,
    /// The last day on which the token works, `2027-01-31`, in UTC; empty for a token that never expires.
    pub expires_on: String,
    /// The name in a client certificate that stands for the token; empty for none.
    pub client_certificate: String,
}

/// A token that can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// Name of the token; no other token has it.
    pub name: TokenName,
    /// At least one, each once, in the order of [`Scope`].
    pub scopes: Vec<Scope>,
    /// After `now`.
    pub expires_at: Option<Timestamp>,
    /// Stands for the token. No other token that is not revoked has it.
    pub client_certificate: Option<CertificateName>,
}

impl TokenDraft {
    /// # Errors
    /// Every field that breaks its rule.
    pub fn parse(&self, now: Timestamp) -> Result<TokenRequest, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.collect(TokenName::parse(self.name.trim()));
        let scopes = errors.collect(parse_scopes(&self.scopes));
        let expires_at = errors.collect(parse_expiry(self.expires_on.trim(), now));
        let client_certificate = errors.collect(parse_certificate(self.client_certificate.trim()));
        match (name, scopes, expires_at, client_certificate) {
            (Some(name), Some(scopes), Some(expires_at), Some(client_certificate)) => Ok(TokenRequest {
                name,
                scopes,
                expires_at,
                client_certificate,
            }),
            _ => Err(errors),
        }
    }
}

fn parse_scopes(texts: &[String]) -> Result<Vec<Scope>, FieldError> {
    let parsed: Result<Vec<Scope>, _> = texts.iter().map(|text| text.parse()).collect();
    let mut scopes = parsed.map_err(|error| FieldError::new(Field::Scopes, error.to_string()))?;
    if scopes.is_empty() {
        let rule = "Scopes: choose at least one; a token without scopes has no access.";
        return Err(FieldError::new(Field::Scopes, rule));
    }
    scopes.sort_unstable();
    scopes.dedup();
    Ok(scopes)
}

fn parse_certificate(text: &str) -> Result<Option<CertificateName>, FieldError> {
    (!text.is_empty()).then(|| CertificateName::parse(text)).transpose()
}

/// The token works until the end of that day.
fn parse_expiry(text: &str, now: Timestamp) -> Result<Option<Timestamp>, FieldError> {
    if text.is_empty() {
        return Ok(None);
    }
    let Ok(day) = Timestamp::parse(&format!("{text}T00:00:00Z")) else {
        let rule = "Expires on: a date such as 2027-01-31; leave it empty for a token that never expires.";
        return Err(FieldError::new(Field::ExpiresAt, rule));
    };
    let end = day.plus(DAY);
    if end <= now {
        let rule = "Expires on: today (UTC) or later; this day has passed.";
        return Err(FieldError::new(Field::ExpiresAt, rule));
    }
    Ok(Some(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2026-03-03T12:00:00Z").unwrap()
    }

    fn draft(expires_on: &str) -> TokenDraft {
        TokenDraft {
            name: " gitlab ".into(),
            scopes: vec!["read".into(), "ingest".into(), "read".into()],
            expires_on: expires_on.into(),
            client_certificate: String::new(),
        }
    }

    #[test]
    fn a_token_works_through_its_last_day() {
        let request = draft("2026-03-03").parse(now()).unwrap();
        assert_eq!(request.name.as_str(), "gitlab");
        assert_eq!(request.scopes, [Scope::Ingest, Scope::Read]);
        assert_eq!(request.expires_at.unwrap().to_string(), "2026-03-04T00:00:00.000Z");
        assert_eq!(draft("").parse(now()).unwrap().expires_at, None);
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let draft = TokenDraft {
            name: String::new(),
            scopes: Vec::new(),
            expires_on: "2026-03-02".into(),
            client_certificate: "a certificate".into(),
        };
        let errors = draft.parse(now()).unwrap_err();
        for field in [Field::Name, Field::Scopes, Field::ExpiresAt, Field::ClientCertificate] {
            assert!(errors.message_for(field).is_some(), "{field:?}");
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["tomorrow", "2026-02-30", "2026-3-4", "2026-03-04T00:00:00Z"] {
            let errors = draft(text).parse(now()).unwrap_err();
            assert!(
                errors.message_for(Field::ExpiresAt).unwrap().contains("2027-01-31"),
                "{text}"
            );
        }
    }

    #[test]
    fn an_unknown_scope_is_refused() {
        let draft = TokenDraft {
            scopes: vec!["root".into()],
            ..draft("")
        };
        assert!(draft.parse(now()).unwrap_err().message_for(Field::Scopes).is_some());
    }
}

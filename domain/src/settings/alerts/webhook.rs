//! The URL to which alerts are posted, and the secret that signs them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Field, FieldError, FieldErrors, destination::DestinationUrl};

/// What stands before the base64 of a signing secret, as Standard Webhooks writes it.
const PREFIX: &str = "whsec_";

/// Bytes of a signing secret, <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

const SECRET_RULE: &str = "Signing secret: whsec_ followed by 24 to 64 bytes in base64 (Standard Webhooks), for example whsec_ and what \
                           openssl rand -base64 32 prints.";

/// Signs what is posted. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(String);

impl WebhookSecret {
    /// Blanks at either end are dropped.
    ///
    /// # Errors
    /// A [`FieldError`] on [`Field::WebhookSecret`].
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        let encoded = text.strip_prefix(PREFIX).filter(|encoded| is_base64(encoded));
        encoded
            .map(|_| Self(text.to_owned()))
            .ok_or_else(|| FieldError::new(Field::WebhookSecret, SECRET_RULE))
    }

    /// The secret itself. It must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WebhookSecret(..)")
    }
}

/// Padded base64 of as many bytes as a secret has.
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    let bytes = digits.len() * 3 / 4;
    text.len().is_multiple_of(4)
        && padding <= 2
        && SECRET_BYTES.contains(&bytes)
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

/// As it was typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebhookDraft {
    /// Empty for none.
    pub url: String,
    /// Empty to keep what is stored.
    pub secret: String,
    /// Nothing is signed any more.
    pub removes_secret: bool,
}

impl fmt::Debug for WebhookDraft {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WebhookDraft").finish_non_exhaustive()
    }
}

/// What becomes of the signing secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretChange {
    Keep,
    Remove,
    Set(WebhookSecret),
}

/// What is to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookChange {
    /// Where alerts are posted.
    pub url: DestinationUrl,
    /// What becomes of the stored signing secret.
    pub secret: SecretChange,
}

/// As stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where alerts are posted.
    pub url: DestinationUrl,
    /// Without one, nothing is signed.
    pub secret: Option<WebhookSecret>,
}

impl WebhookDraft {
    /// None without a URL: nothing is posted then.
    ///
    /// # Errors
    /// Every field that breaks its rule.
    pub fn parse(&self) -> Result<Option<WebhookChange>, FieldErrors> {
        if self.url.trim().is_empty() {
            return Ok(None);
        }
        let mut errors = FieldErrors::default();
        let url = errors.collect(DestinationUrl::parse(&self.url).map_err(at_webhook));
        let secret = errors.collect(self.parse_secret());
        match (url, secret) {
            (Some(url), Some(secret)) => Ok(Some(WebhookChange { url, secret })),
            _ => Err(errors),
        }
    }

    fn parse_secret(&self) -> Result<SecretChange, FieldError> {
        match self.secret.trim() {
            "" if self.removes_secret => Ok(SecretChange::Remove),
            "" => Ok(SecretChange::Keep),
            secret => WebhookSecret::parse(secret).map(SecretChange::Set),
        }
    }
}

impl WebhookChange {
    /// With what is kept of `stored`.
    pub fn complete(self, stored: Option<&WebhookSettings>) -> WebhookSettings {
        WebhookSettings {
            url: self.url,
            secret: match self.secret {
                SecretChange::Keep => stored.and_then(|stored| stored.secret.clone()),
                SecretChange::Remove => None,
                SecretChange::Set(secret) => Some(secret),
            },
        }
    }
}

/// The rules of every URL, reported at this field.
fn at_webhook(error: FieldError) -> FieldError {
    let message = error.message.replacen("Destination url", "URL", 1);
    FieldError::new(Field::WebhookUrl, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn draft(url: &str, secret: &str) -> WebhookDraft {
        WebhookDraft {
            url: url.into(),
            secret: secret.into(),
            removes_secret: false,
        }
    }

    #[test]
    fn a_secret_is_kept_changed_or_removed() {
        let stored = draft("https://ops.example/in", SECRET).parse().unwrap().unwrap();
        let stored = stored.complete(None);
        assert_eq!(stored.secret.as_ref().unwrap().expose(), SECRET);
        let kept = draft("https://ops.example/other", "").parse().unwrap().unwrap();
        assert_eq!(kept.complete(Some(&stored)).secret, stored.secret);
        let removed = WebhookDraft {
            removes_secret: true,
            ..draft("https://ops.example/in", "")
        };
        assert_eq!(removed.parse().unwrap().unwrap().complete(Some(&stored)).secret, None);
        assert_eq!(draft(" ", SECRET).parse(), Ok(None), "it is off");
    }

    #[test]
    fn each_mistake_is_told_at_its_field() {
        let errors = draft("ftp://ops.example", "secret").parse().unwrap_err();
        assert!(
            errors
                .message_for(Field::WebhookUrl)
                .unwrap()
                .starts_with("URL is blocked")
        );
        assert!(errors.message_for(Field::WebhookSecret).unwrap().contains("whsec_"));
        for secret in [
            "whsec_",
            "whsec_c2hvcnQ=",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_%%%%",
        ] {
            assert!(WebhookSecret::parse(secret).is_err(), "{secret}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", draft("https://ops.example/hook/s3cret", SECRET));
        assert!(!shown.contains("s3cret") && !shown.contains("MfKQ"), "{shown}");
        let parsed = draft("https://ops.example/hook/s3cret", SECRET).parse().unwrap();
        let shown = format!("{parsed:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("MfKQ"), "{shown}");
    }
}

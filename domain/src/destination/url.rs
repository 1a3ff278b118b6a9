//! Where an HTTP destination listens.

use std::fmt;

use serde::Serialize;
use url::Url;

use crate::{Field, FieldError};

/// An absolute http or https URL of at most 255 characters, without user name, password or fragment.
///
/// Whether its host may be reached is not decided here: that depends on the network rules and on what the name resolves to.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct DestinationUrl(String);

impl DestinationUrl {
    pub const MAX_CHARS: usize = 255;

    /// Blanks at either end are dropped; the rest is kept as typed.
    ///
    /// # Errors
    /// A [`FieldError`] on [`Field::Url`] naming the rule that is broken.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        Self::check(text).map_err(|message| FieldError::new(Field::Url, message))?;
        Ok(Self(text.to_owned()))
    }

    fn check(text: &str) -> Result<(), &'static str> {
        if text.is_empty() {
            return Err("Destination url can't be blank");
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Err("Destination url is too long (maximum is 255 characters)");
        }
        if text.chars().any(|character| character.is_control() || character == ' ') {
            return Err("Destination url must be a valid URL");
        }
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::IdnaError => {
                "Destination url needs an ASCII host name; write other letters in the xn-- form"
            }
            _ => "Destination url must be a valid URL",
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("Destination url is blocked: Only allowed schemes are http, https");
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err("Destination url must be a valid URL");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("Destination url can't contain a user name or password; send them in a custom header");
        }
        if url.fragment().is_some() {
            return Err("Destination url can't contain a fragment (the part after #)");
        }
        Ok(())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether events travel encrypted.
    pub fn is_https(&self) -> bool {
        self.0
            .get(..6)
            .is_some_and(|start| start.eq_ignore_ascii_case("https:"))
    }

    /// Scheme, host and port: enough to tell destinations apart in a log, without a path or query that may hold a secret.
    pub fn origin(&self) -> String {
        Url::parse(&self.0).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
    }
}

impl fmt::Display for DestinationUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for DestinationUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DestinationUrl({}/..)", self.origin())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blanks_around_are_dropped_and_the_rest_is_kept() {
        let url = DestinationUrl::parse("  HTTPS://Siem.example:8088/in?x=1 ").unwrap();
        assert_eq!(url.as_str(), "HTTPS://Siem.example:8088/in?x=1");
        assert!(url.is_https());
    }

    #[test]
    fn each_broken_rule_has_its_message() {
        let too_long = format!("https://x.example/{}", "p".repeat(255));
        for (text, start) in [
            ("", "Destination url can't be blank"),
            ("siem.example", "Destination url must be a valid URL"),
            ("https://", "Destination url must be a valid URL"),
            ("https://a b.example", "Destination url must be a valid URL"),
            ("https://bücher.example", "Destination url needs an ASCII host name"),
            (
                "ftp://x.example",
                "Destination url is blocked: Only allowed schemes are http, https",
            ),
            ("https://user:pw@x.example", "Destination url can't contain a user name"),
            ("https://x.example/#top", "Destination url can't contain a fragment"),
            (
                too_long.as_str(),
                "Destination url is too long (maximum is 255 characters)",
            ),
        ] {
            let message = DestinationUrl::parse(text).unwrap_err().message;
            assert!(message.starts_with(start), "{text:?}: {message}");
        }
    }

    #[test]
    fn debug_hides_path_and_query() {
        let url = DestinationUrl::parse("https://x.example/hook/s3cret?key=s3cret").unwrap();
        assert_eq!(format!("{url:?}"), "DestinationUrl(https://x.example/..)");
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".*") {
            let _ignored: Result<DestinationUrl, FieldError> = DestinationUrl::parse(&text);
        }
    }
}

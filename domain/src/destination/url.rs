//! Where an HTTP destination listens.

use std::fmt;

use serde::Serialize;
use url::Url;

use crate::{Field, FieldError};

const INVALID: &str = "Destination url must be a valid URL";

/// An absolute http or https URL of at most 2,000 characters, without user name, password or fragment.
///
/// Whether its host may be reached is not decided here: that depends on the network rules and on what the name resolves to.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct DestinationUrl(String);

impl DestinationUrl {
    /// The maximum length in characters.
    pub const MAX_CHARS: usize = 2_000;

    /// Blanks at either end are dropped; the rest is kept as typed.
    ///
    /// # Errors
    /// A [`FieldError`] on [`Field::Url`] naming the rule that is broken.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        Self::problem(text).map_or_else(
            || Ok(Self(text.to_owned())),
            |message| Err(FieldError::new(Field::Url, message)),
        )
    }

    /// In the one form of all that mean the same: scheme and host in lower case, no default port, no slash at the end.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn normal(text: &str) -> Result<Self, FieldError> {
        let Self(text) = Self::parse(text)?;
        let normal = Url::parse(&text).map_or(text, String::from);
        // In a query, a slash is a character like any other.
        Ok(Self(match normal.contains('?') {
            true => normal,
            false => normal.trim_end_matches('/').to_owned(),
        }))
    }

    /// Whether connections to it are by TLS.
    pub(super) fn is_encrypted(&self) -> bool {
        self.0
            .split_once("://")
            .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("https"))
    }

    fn problem(text: &str) -> Option<&'static str> {
        if text.is_empty() {
            return Some("Destination url can't be blank");
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Some("Destination url is too long (maximum is 2000 characters)");
        }
        if text.chars().any(|character| character.is_control() || character == ' ') {
            return Some(INVALID);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Some(INVALID);
        };
        if !["http", "https"]
            .iter()
            .any(|allowed| scheme.eq_ignore_ascii_case(allowed))
        {
            return Some("Destination url is blocked: Only allowed schemes are http, https");
        }
        let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
        if authority.is_empty() {
            Some(INVALID)
        } else if authority.contains('@') {
            Some("Destination url can't contain a user name or password; send them in a custom header")
        } else if rest.contains('#') {
            Some("Destination url can't contain a fragment (the part after #)")
        } else {
            let url = Url::parse(text);
            let has_host = url.is_ok_and(|url| url.host_str().is_some_and(|host| !host.is_empty()));
            (!has_host).then_some(INVALID)
        }
    }

    /// The whole URL as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether events travel encrypted.
    pub fn is_https(&self) -> bool {
        self.0
            .get(..6)
            .is_some_and(|start| start.eq_ignore_ascii_case("https:"))
    }

    /// The origin of a URL as typed; empty if it is none.
    pub fn origin_of(text: &str) -> String {
        Self::parse(text).map_or_else(|_| String::new(), |url| url.origin())
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
        let too_long = format!("https://x.example/{}", "p".repeat(2_000));
        for (text, start) in [
            ("", "Destination url can't be blank"),
            ("siem.example", "Destination url must be a valid URL"),
            ("https://", "Destination url must be a valid URL"),
            ("https://a b.example", "Destination url must be a valid URL"),
            ("https:siem.example", "Destination url must be a valid URL"),
            ("https:///path", "Destination url must be a valid URL"),
            ("https://x.example:port", "Destination url must be a valid URL"),
            ("https://b\u{ff0f}cher.example", "Destination url must be a valid URL"),
            ("https://xn--zzzzzz-.example", "Destination url must be a valid URL"),
            (
                "ftp://x.example",
                "Destination url is blocked: Only allowed schemes are http, https",
            ),
            ("https://user:pw@x.example", "Destination url can't contain a user name"),
            ("https://x.example/#top", "Destination url can't contain a fragment"),
            (
                too_long.as_str(),
                "Destination url is too long (maximum is 2000 characters)",
            ),
        ] {
            let message = DestinationUrl::parse(text).unwrap_err().message;
            assert!(message.starts_with(start), "{text:?}: {message}");
        }
    }

    #[test]
    fn a_host_with_other_than_ascii_letters_is_kept_as_typed_and_reached_in_its_xn_form() {
        for (text, origin) in [
            ("https://bücher.example/in", "https://xn--bcher-kva.example"),
            ("https://BÜCHER.example:8443", "https://xn--bcher-kva.example:8443"),
            ("http://пример.испытание/", "http://xn--e1afmkfd.xn--80akhbyknj4f"),
            ("https://例え.テスト", "https://xn--r8jz45g.xn--zckzah"),
        ] {
            let url = DestinationUrl::parse(text).unwrap();
            assert_eq!((url.as_str(), url.origin().as_str()), (text, origin));
        }
        let normal = DestinationUrl::normal("https://Bücher.example/").unwrap();
        assert_eq!(normal.as_str(), "https://xn--bcher-kva.example");
        let with_query = DestinationUrl::normal("HTTPS://a.example:443/b/?c=/").unwrap();
        assert_eq!(with_query.as_str(), "https://a.example/b/?c=/");
    }

    #[test]
    fn a_long_url_is_accepted() {
        let longest = format!("https://x.example/{}", "p".repeat(2_000 - "https://x.example/".len()));
        assert_eq!(DestinationUrl::parse(&longest).unwrap().as_str(), longest);
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

        #[test]
        fn what_is_accepted_has_neither_user_nor_fragment(text in "https?:/{0,3}[a-z@:#/?\\\\.0-9]{0,12}") {
            if let Ok(url) = DestinationUrl::parse(&text) {
                let parsed = Url::parse(url.as_str()).unwrap();
                prop_assert!(parsed.username().is_empty() && parsed.password().is_none() && parsed.fragment().is_none());
                prop_assert!(matches!(parsed.scheme(), "http" | "https"));
            }
        }
    }
}

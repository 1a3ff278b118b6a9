//! Reads the token of a request from its headers.

use axum::http::{HeaderMap, header::AUTHORIZATION};

/// The header that GitLab's clients send.
pub(super) const PRIVATE_TOKEN: &str = "private-token";

/// The token from `Authorization: Bearer …`, otherwise from `PRIVATE-TOKEN`. `None` if neither is present and readable.
pub(crate) fn bearer_text(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(after_scheme);
    bearer.or_else(|| {
        headers
            .get(PRIVATE_TOKEN)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    })
}

/// Schemes are case-insensitive (RFC 9110 §11.1).
fn after_scheme(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(name: &'static str, value: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        bearer_text(&headers).map(str::to_owned)
    }

    #[test]
    fn a_token_comes_in_either_header() {
        assert_eq!(sent("authorization", "Bearer t"), Some("t".into()));
        assert_eq!(sent("authorization", "bEARER  t "), Some("t".into()));
        assert_eq!(sent("private-token", "t"), Some("t".into()));
    }

    #[test]
    fn other_schemes_are_no_token() {
        for value in ["Basic dDp0", "Bearer", "t", ""] {
            assert_eq!(sent("authorization", value), None, "{value}");
        }
        assert_eq!(sent("cookie", "Bearer t"), None);
    }
}

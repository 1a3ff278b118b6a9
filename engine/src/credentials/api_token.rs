//! API tokens as text: `ast_` and 43 characters, so that tools which look for leaked secrets can tell one.

use sha2::{Digest, Sha256};

use super::random_text;
use crate::vault::KeyError;

const PREFIX: &str = "ast_";
const LENGTH: usize = PREFIX.len() + 43;

/// A token as its owner holds it. Its `Debug` shows nothing.
pub struct ApiToken(String);

/// What is stored and looked up. The token is random, so a plain hash is enough.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub(crate) [u8; 32]);

impl ApiToken {
    /// Generates a token from 32 random bytes.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`] if the operating system has none to give.
    pub fn generate() -> Result<Self, KeyError> {
        Ok(Self([PREFIX, &random_text::<32>()?].concat()))
    }

    /// The token itself. It must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The SHA-256 of the token, by which it is stored.
    pub fn hash(&self) -> TokenHash {
        hash(&self.0)
    }
}

impl TokenHash {
    /// The hash of a text that was sent as a token; `None` if no token could look like it.
    pub fn of_sent(text: &str) -> Option<Self> {
        let is_possible = text.len() == LENGTH && text.starts_with(PREFIX);
        is_possible.then(|| hash(text))
    }
}

impl std::fmt::Debug for ApiToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ApiToken(..)")
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenHash(..)")
    }
}

fn hash(text: &str) -> TokenHash {
    TokenHash(Sha256::digest(text.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_by_what_its_owner_sends() {
        let token = ApiToken::generate().unwrap();
        assert!(token.expose().starts_with("ast_") && token.expose().len() == 47);
        assert!(TokenHash::of_sent(token.expose()) == Some(token.hash()));
        assert_eq!(format!("{token:?}"), "ApiToken(..)");
    }

    #[test]
    fn what_is_no_token_is_not_even_looked_up() {
        for text in [
            "",
            "ast_",
            "glpat-xxxxxxxxxxxxxxxxxxxx",
            &"x".repeat(47),
            &format!("ast_{}", "x".repeat(44)),
        ] {
            assert!(TokenHash::of_sent(text).is_none(), "{text}");
        }
    }
}

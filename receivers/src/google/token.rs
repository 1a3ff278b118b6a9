//! The OAuth token endpoint: an assertion in, an access token out.
//! <https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests>

use std::{borrow::Cow, collections::HashMap};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;
use url::form_urlencoded;

use super::{
    account::{ServiceAccount, SigningKey},
    refusal::TokenRefusal,
};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Either of them allows writing logs.
const SCOPES: [&str; 2] = [
    "https://www.googleapis.com/auth/logging.write",
    "https://www.googleapis.com/auth/cloud-platform",
];

const LONGEST_SECONDS: i64 = 3600;
/// By how much the asker's clock may be ahead.
const SKEW_SECONDS: i64 = 300;

const NOT_SHORT_LIVED: &str = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable \
                               timeframe. Check your iat and exp values in the JWT claim.";

/// What is asked, and all that it is judged by.
pub(super) struct TokenRequest<'a> {
    pub(super) form: &'a [u8],
    /// The address at which it was asked.
    pub(super) audience: &'a str,
    pub(super) account: &'a ServiceAccount,
    pub(super) key: &'a SigningKey,
    pub(super) key_is_revoked: bool,
    /// Seconds since 1970.
    pub(super) now: i64,
}

impl TokenRequest<'_> {
    pub(super) fn judge(&self) -> Result<(), TokenRefusal> {
        let form: HashMap<Cow<str>, Cow<str>> = form_urlencoded::parse(self.form).collect();
        if form.get("grant_type").is_none_or(|grant_type| grant_type != GRANT_TYPE) {
            return Err(TokenRefusal::UnsupportedGrantType);
        }
        let Some(assertion) = form.get("assertion") else {
            let missing = "Missing required parameter: assertion".to_owned();
            return Err(TokenRefusal::InvalidRequest(missing));
        };
        self.check_claims(&self.claims(assertion)?)
    }

    /// The claims, whose signature is right.
    fn claims(&self, assertion: &str) -> Result<Value, TokenRefusal> {
        let broken = || invalid("Invalid JWT: the assertion is not a signed JWT.");
        let (signed, signature) = assertion.rsplit_once('.').ok_or_else(broken)?;
        let (header, claims) = signed.split_once('.').ok_or_else(broken)?;
        let header = json_of(header).ok_or_else(broken)?;
        let claims = json_of(claims).ok_or_else(broken)?;
        if header["alg"] != "RS256" {
            return Err(invalid("Invalid JWT: the algorithm must be RS256."));
        }
        // Google finds the key by the issuer, so an unknown one comes before a wrong signature.
        if claims["iss"] != self.account.client_email.as_str() {
            return Err(invalid("Invalid grant: account not found"));
        }
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| broken())?;
        if self.key_is_revoked || !self.key.has_signed(signed.as_bytes(), &signature) {
            return Err(invalid("Invalid JWT Signature."));
        }
        Ok(claims)
    }

    fn check_claims(&self, claims: &Value) -> Result<(), TokenRefusal> {
        let (Some(issued_at), Some(expires_at)) = (claims["iat"].as_i64(), claims["exp"].as_i64()) else {
            return Err(invalid(NOT_SHORT_LIVED));
        };
        let is_timely = issued_at <= self.now + SKEW_SECONDS
            && expires_at > self.now
            && expires_at > issued_at
            && expires_at - issued_at <= LONGEST_SECONDS;
        if !is_timely {
            return Err(invalid(NOT_SHORT_LIVED));
        }
        if claims["aud"] != self.audience {
            let why = format!(
                "Invalid JWT: Failed audience check. The right audience is {}",
                self.audience
            );
            return Err(TokenRefusal::InvalidGrant(why));
        }
        let mut scopes = claims["scope"].as_str().unwrap_or_default().split(' ');
        if !scopes.any(|scope| SCOPES.contains(&scope)) {
            return Err(TokenRefusal::InvalidScope);
        }
        Ok(())
    }
}

fn json_of(part: &str) -> Option<Value> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn invalid(why: &str) -> TokenRefusal {
    TokenRefusal::InvalidGrant(why.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const AUDIENCE: &str = "http://127.0.0.1:8/token";
    const NOW: i64 = 1_790_000_000;

    fn judge(change: impl FnOnce(&mut Value), key_is_revoked: bool) -> Result<(), TokenRefusal> {
        let account = ServiceAccount::of("audit-streams-test".to_owned());
        let key = SigningKey::load().unwrap();
        let mut claims = json!({
            "iss": account.client_email, "scope": SCOPES[0], "aud": AUDIENCE, "iat": NOW, "exp": NOW + 3600,
        });
        change(&mut claims);
        let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "RS256", "typ": "JWT"})), part(&claims));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()));
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", GRANT_TYPE)
            .append_pair("assertion", &format!("{signed}.{signature}"));
        let form = form.finish();
        let request = TokenRequest {
            form: form.as_bytes(),
            audience: AUDIENCE,
            account: &account,
            key: &key,
            key_is_revoked,
            now: NOW,
        };
        request.judge()
    }

    #[test]
    fn an_assertion_as_google_wants_it_is_taken() {
        assert_eq!(judge(|_| {}, false), Ok(()));
        assert_eq!(judge(|claims| claims["scope"] = json!(SCOPES.join(" ")), false), Ok(()));
    }

    #[test]
    fn a_wrong_claim_is_refused() {
        let late = invalid(NOT_SHORT_LIVED);
        assert_eq!(
            judge(|claims| claims["exp"] = json!(NOW + 3601), false),
            Err(late.clone())
        );
        assert_eq!(judge(|claims| claims["exp"] = json!(NOW), false), Err(late.clone()));
        assert_eq!(judge(|claims| claims["iat"] = Value::Null, false), Err(late));
        assert_eq!(
            judge(|claims| claims["scope"] = json!("openid"), false),
            Err(TokenRefusal::InvalidScope)
        );
        let elsewhere = judge(
            |claims| claims["aud"] = json!("https://oauth2.googleapis.com/token"),
            false,
        );
        assert!(matches!(elsewhere, Err(TokenRefusal::InvalidGrant(why)) if why.contains("audience")));
        let stranger = judge(|claims| claims["iss"] = json!("x@y.iam.gserviceaccount.com"), false);
        assert_eq!(stranger, Err(invalid("Invalid grant: account not found")));
    }

    #[test]
    fn a_wrong_signature_is_refused() {
        assert_eq!(judge(|_| {}, true), Err(invalid("Invalid JWT Signature.")));
        let key = SigningKey::load().unwrap();
        assert!(key.has_signed(b"a", &key.sign(b"a")));
        assert!(!key.has_signed(b"b", &key.sign(b"a")));
    }
}

//! Standard Webhooks signatures (<https://www.standardwebhooks.com>): an HMAC-SHA256 over id, time and body.

use axum::http::HeaderMap;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::Timestamp;
use hmac::{Hmac, Mac};
use sha2::Sha256;

const PREFIX: &str = "whsec_";

/// How far the clocks of sender and receiver may differ, and how old a message may be.
const TOLERANCE_SECONDS: i64 = 5 * 60;

/// The key in a signing secret.
pub(crate) struct SigningKey(Vec<u8>);

/// The text is not a signing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be whsec_ followed by base64, as the destination's page shows it")]
pub(crate) struct InvalidSecret;

/// Why a signature is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureError {
    #[error("missing")]
    Missing,
    #[error("too old or from the future")]
    OutOfTime,
    #[error("wrong")]
    Wrong,
}

impl SigningKey {
    pub(crate) fn parse(secret: &str) -> Result<Self, InvalidSecret> {
        let base64 = secret.trim().strip_prefix(PREFIX).ok_or(InvalidSecret)?;
        let key = STANDARD.decode(base64).map_err(|_| InvalidSecret)?;
        if key.is_empty() {
            Err(InvalidSecret)
        } else {
            Ok(Self(key))
        }
    }

    /// Whether one of the signatures in the headers is right. Compares in constant time.
    fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), SignatureError> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let id = header("webhook-id").ok_or(SignatureError::Missing)?;
        let timestamp = header("webhook-timestamp").ok_or(SignatureError::Missing)?;
        let signatures = header("webhook-signature").ok_or(SignatureError::Missing)?;
        let sent_at: i64 = timestamp.parse().map_err(|_| SignatureError::OutOfTime)?;
        if now.unix_seconds().abs_diff(sent_at) > TOLERANCE_SECONDS.unsigned_abs() {
            return Err(SignatureError::OutOfTime);
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).map_err(|_| SignatureError::Wrong)?;
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        let is_right = |signature: &str| {
            let bytes = signature
                .strip_prefix("v1,")
                .and_then(|base64| STANDARD.decode(base64).ok());
            bytes.is_some_and(|bytes| mac.clone().verify_slice(&bytes).is_ok())
        };
        if signatures.split(' ').any(is_right) {
            Ok(())
        } else {
            Err(SignatureError::Wrong)
        }
    }
}

/// Whether one of the signatures in the headers is right for one of the keys, of which there is at least one.
///
/// # Errors
/// The error for the last key.
pub(super) fn verify(
    keys: &[SigningKey],
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<(), SignatureError> {
    let mut verified = Err(SignatureError::Missing);
    for key in keys {
        verified = key.verify(headers, body, now);
        if verified.is_ok() {
            break;
        }
    }
    verified
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the specification's own example.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP: &str = "1614265330";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn verify(id: &str, timestamp: &str, signature: &str, body: &[u8], now_seconds: i64) -> Result<(), SignatureError> {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", id.parse().unwrap());
        headers.insert("webhook-timestamp", timestamp.parse().unwrap());
        headers.insert("webhook-signature", signature.parse().unwrap());
        SigningKey::parse(SECRET)
            .unwrap()
            .verify(&headers, body, Timestamp::from_unix_ms(now_seconds * 1_000))
    }

    #[test]
    fn the_specifications_example_is_right() {
        assert_eq!(verify(ID, TIMESTAMP, SIGNATURE, BODY, 1_614_265_330), Ok(()));
        let two = format!("v1,AAAA {SIGNATURE}");
        assert_eq!(verify(ID, TIMESTAMP, &two, BODY, 1_614_265_330 + 299), Ok(()));
    }

    #[test]
    fn one_of_several_secrets_is_enough() {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", ID.parse().unwrap());
        headers.insert("webhook-timestamp", TIMESTAMP.parse().unwrap());
        headers.insert("webhook-signature", format!("v1,AAAA {SIGNATURE}").parse().unwrap());
        let now = Timestamp::from_unix_ms(1_614_265_330_000);
        let keys = |secrets: &[&str]| -> Vec<SigningKey> {
            secrets
                .iter()
                .map(|secret| SigningKey::parse(secret).unwrap())
                .collect()
        };
        for secrets in [["whsec_AAAA", SECRET], [SECRET, "whsec_AAAA"]] {
            assert_eq!(super::verify(&keys(&secrets), &headers, BODY, now), Ok(()));
        }
        let wrong = super::verify(&keys(&["whsec_AAAA", "whsec_BBBB"]), &headers, BODY, now);
        assert_eq!(wrong, Err(SignatureError::Wrong));
    }

    #[test]
    fn each_part_is_signed() {
        let now = 1_614_265_330;
        assert_eq!(
            verify("msg_x", TIMESTAMP, SIGNATURE, BODY, now),
            Err(SignatureError::Wrong)
        );
        assert_eq!(
            verify(ID, "1614265331", SIGNATURE, BODY, now),
            Err(SignatureError::Wrong)
        );
        assert_eq!(verify(ID, TIMESTAMP, SIGNATURE, b"{}", now), Err(SignatureError::Wrong));
        assert_eq!(verify(ID, TIMESTAMP, "v1,", BODY, now), Err(SignatureError::Wrong));
        assert_eq!(verify(ID, TIMESTAMP, "v1a,xyz", BODY, now), Err(SignatureError::Wrong));
    }

    #[test]
    fn an_old_message_is_not_taken_again() {
        assert_eq!(
            verify(ID, TIMESTAMP, SIGNATURE, BODY, 1_614_265_330 + 301),
            Err(SignatureError::OutOfTime)
        );
        assert_eq!(
            verify(ID, TIMESTAMP, SIGNATURE, BODY, 1_614_265_330 - 301),
            Err(SignatureError::OutOfTime)
        );
        assert_eq!(verify(ID, "soon", SIGNATURE, BODY, 0), Err(SignatureError::OutOfTime));
        let unsigned = SigningKey::parse(SECRET).unwrap();
        let verified = unsigned.verify(&HeaderMap::new(), BODY, Timestamp::from_unix_ms(0));
        assert_eq!(verified, Err(SignatureError::Missing));
    }

    #[test]
    fn a_secret_has_its_prefix() {
        for text in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64"] {
            assert!(SigningKey::parse(text).is_err(), "{text}");
        }
    }
}

//! The service account as which entries are written: what it signs to be given an access token.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    FieldError, Timestamp,
    destination::{GoogleSettings, PrivateKey},
};
use gcp_auth::CustomServiceAccount;
use ring::rsa::KeyPair;
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::json;
use url::Url;

use crate::sink::SinkError;

/// All that is asked for.
const SCOPE: &str = "https://www.googleapis.com/auth/logging.write";

/// The longest that Google lets an assertion be good for.
/// <https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests>
const ASSERTION_SECONDS: i64 = 3_600;

/// # Errors
/// [`PrivateKey::unusable`] unless it is an RSA key (PKCS #8) of 2048 bits or more that can sign.
pub(crate) fn check_private_key(key: &PrivateKey) -> Result<(), FieldError> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(key.expose().as_bytes()).map_err(|_| PrivateKey::unusable())?;
    // Refuses keys that are shorter, and keys whose parts don't belong together.
    KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| PrivateKey::unusable())?;
    Ok(())
}

pub(super) struct ServiceAccount {
    account: CustomServiceAccount,
    client_email: String,
    token_url: String,
}

impl ServiceAccount {
    /// # Errors
    /// [`SinkError::PrivateKey`] if the key can't sign.
    pub(super) fn new(settings: &GoogleSettings, key: &PrivateKey, token_url: &Url) -> Result<Self, SinkError> {
        // A key file with what is needed of it. The address is ours, never one that came with a key.
        let key_file = json!({
            "type": "service_account",
            "project_id": settings.project_id(),
            "client_email": settings.client_email(),
            "private_key": key.expose(),
            "token_uri": token_url.as_str(),
        });
        let account = CustomServiceAccount::from_json(&key_file.to_string()).map_err(|_| SinkError::PrivateKey)?;
        Ok(Self {
            account,
            client_email: settings.client_email().to_owned(),
            token_url: token_url.as_str().to_owned(),
        })
    }

    pub(super) fn client_email(&self) -> &str {
        &self.client_email
    }

    /// In PEM form, without a line break at its end.
    pub(super) fn key(&self) -> &str {
        self.account.private_key_pem().trim_end()
    }

    /// A signed JWT that asks for an access token. None if the key fails to sign, which its check has excluded.
    pub(super) fn assertion(&self, now: Timestamp) -> Option<String> {
        let claims = json!({
            "iss": self.client_email,
            "scope": SCOPE,
            "aud": self.token_url,
            "iat": now.unix_seconds(),
            "exp": now.unix_seconds() + ASSERTION_SECONDS,
        });
        let mut jwt = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#);
        jwt.push('.');
        URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut jwt);
        let signature = self.account.signer().sign(jwt.as_bytes()).ok()?;
        jwt.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
        Some(jwt)
    }
}

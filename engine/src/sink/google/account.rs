//! The service account as which entries are written: what it signs to be given an access token.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use domain::{
    FieldError, Timestamp,
    destination::{GoogleSettings, PrivateKey},
};
use gcp_auth::CustomServiceAccount;
use ring::rsa::KeyPair;
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use serde_json::json;
use url::Url;
use x509_cert::der::{Encode, Header, Tag};

use crate::sink::SinkError;

/// All that is asked for.
const SCOPE: &str = "https://www.googleapis.com/auth/logging.write";

/// The longest that Google lets an assertion be good for.
/// <https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests>
const ASSERTION_SECONDS: i64 = 3_600;

/// # Errors
/// [`PrivateKey::unusable`] unless it is an RSA key of 2048 bits or more that can sign.
pub(crate) fn check_private_key(key: &PrivateKey) -> Result<(), FieldError> {
    let der = pkcs8(key).ok_or_else(PrivateKey::unusable)?;
    // Refuses keys that are shorter, and keys whose parts don't belong together.
    KeyPair::from_pkcs8(&der).map_err(|_| PrivateKey::unusable())?;
    Ok(())
}

/// The key as PKCS #8, into which PKCS #1 is wrapped.
fn pkcs8(key: &PrivateKey) -> Option<Vec<u8>> {
    match PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).ok()? {
        PrivateKeyDer::Pkcs8(der) => Some(der.secret_pkcs8_der().to_vec()),
        PrivateKeyDer::Pkcs1(der) => wrapped(der.secret_pkcs1_der()),
        _ => None,
    }
}

/// `PrivateKeyInfo` of <https://www.rfc-editor.org/rfc/rfc5208#section-5> around an RSA key.
fn wrapped(pkcs1: &[u8]) -> Option<Vec<u8>> {
    /// Version 0, and the algorithm rsaEncryption (1.2.840.113549.1.1.1) with NULL parameters.
    const VERSION_AND_ALGORITHM: &[u8] = b"\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
    let key = element(Tag::OctetString, pkcs1)?;
    element(Tag::Sequence, &[VERSION_AND_ALGORITHM, &key].concat())
}

fn element(tag: Tag, content: &[u8]) -> Option<Vec<u8>> {
    let mut element = Header::new(tag, content.len()).ok()?.to_der().ok()?;
    element.extend_from_slice(content);
    Some(element)
}

/// In the form in which `gcp_auth` reads keys.
fn pem(pkcs8: &[u8]) -> String {
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(pkcs8)
    )
}

pub(super) struct ServiceAccount {
    account: CustomServiceAccount,
    /// As it is stored.
    key: String,
    client_email: String,
    token_url: String,
}

impl ServiceAccount {
    /// # Errors
    /// [`SinkError::PrivateKey`] if the key can't sign.
    pub(super) fn new(settings: &GoogleSettings, key: &PrivateKey, token_url: &Url) -> Result<Self, SinkError> {
        let private_key = pem(&pkcs8(key).ok_or(SinkError::PrivateKey)?);
        // A key file with what is needed of it. The address is ours, never one that came with a key.
        let key_file = json!({
            "type": "service_account",
            "project_id": settings.project_id(),
            "client_email": settings.client_email(),
            "private_key": private_key,
            "token_uri": token_url.as_str(),
        });
        let account = CustomServiceAccount::from_json(&key_file.to_string()).map_err(|_| SinkError::PrivateKey)?;
        Ok(Self {
            account,
            key: key.expose().trim_end().to_owned(),
            client_email: settings.client_email().to_owned(),
            token_url: token_url.as_str().to_owned(),
        })
    }

    pub(super) fn client_email(&self) -> &str {
        &self.client_email
    }

    /// In PEM form, without a line break at its end.
    pub(super) fn key(&self) -> &str {
        &self.key
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

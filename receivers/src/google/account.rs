//! The service account that the double knows, and its key.

use std::io;

use base64::{Engine, prelude::BASE64_STANDARD};
use ring::{rsa::KeyPair, signature};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

/// What Google's own key files name.
pub const GOOGLE_TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

const TEST_KEY: &str = include_str!("test_key.pem");
const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";
const KEY_ID: &str = "a3f1c2d4e5b60718293a4b5c6d7e8f9001122334";

/// What a destination needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Id of the project of the account.
    pub project_id: String,
    /// Name of the account.
    pub client_email: String,
    /// PKCS#8, one key for every double.
    pub private_key_pem: String,
}

impl ServiceAccount {
    pub(super) fn of(project_id: String) -> Self {
        Self {
            client_email: format!("streamer@{project_id}.iam.gserviceaccount.com"),
            private_key_pem: format!("{BEGIN}\n{}{END}\n", base64_lines()),
            project_id,
        }
    }

    /// The fields of the JSON that Google's console gives for a new key.
    pub(super) fn key_file(&self, token_uri: &str) -> Value {
        let email_in_url: String = byte_serialize(self.client_email.as_bytes()).collect();
        json!({
            "type": "service_account",
            "project_id": self.project_id,
            "private_key_id": KEY_ID,
            "private_key": self.private_key_pem,
            "client_email": self.client_email,
            "client_id": "104128506847362519004",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": token_uri,
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "client_x509_cert_url": format!("https://www.googleapis.com/robot/v1/metadata/x509/{email_in_url}"),
            "universe_domain": "googleapis.com",
        })
    }
}

/// The key by which assertions must be signed.
pub(super) struct SigningKey(KeyPair);

impl SigningKey {
    pub(super) fn load() -> io::Result<Self> {
        let der = BASE64_STANDARD
            .decode(base64_lines().replace('\n', ""))
            .map_err(io::Error::other)?;
        KeyPair::from_pkcs8(&der)
            .map(Self)
            .map_err(|error| io::Error::other(error.to_string()))
    }

    pub(super) fn has_signed(&self, message: &[u8], by: &[u8]) -> bool {
        let public = self.0.public().as_ref();
        signature::UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, public)
            .verify(message, by)
            .is_ok()
    }

    #[cfg(test)]
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut by = vec![0; self.0.public().modulus_len()];
        let random = ring::rand::SystemRandom::new();
        self.0
            .sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut by)
            .unwrap();
        by
    }
}

/// The fixture without the remark above it and the lines around it.
fn base64_lines() -> &'static str {
    let key = TEST_KEY.split_once(BEGIN).map_or(TEST_KEY, |(_, key)| key);
    key.split_once(END).map_or(key, |(key, _)| key).trim_start()
}

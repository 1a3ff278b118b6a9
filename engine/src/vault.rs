//! Encryption at rest of what must not be read from a copy of the database: XChaCha20-Poly1305 with a key of the instance.
//!
//! Each ciphertext begins with the id of its key, and is bound to the row and column it stands in, so that swapping two of them is
//! found out. The key comes from `secret.key` in the data folder (`key_file`) or from the environment.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    Key as CipherKey, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;

const NONCE_BYTES: usize = 24;
const ID_BYTES: usize = 4;

/// What the key of digests is derived by: another use of the instance's key than encryption.
const DIGESTS: &[u8] = b"audit-streams digests";

/// What the id of a key is derived by.
const ID: &[u8] = b"audit-streams key id";

/// Names a key without revealing anything of it. Messages show it in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; ID_BYTES]);

/// Seals and opens secrets. It has no `Debug` that would show the key.
#[derive(Clone)]
pub(crate) struct Vault {
    id: KeyId,
    cipher: XChaCha20Poly1305,
    digests: Hmac<Sha256>,
}

/// Where a secret stands: part of what is authenticated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'name> {
    pub table: &'static str,
    pub column: &'name str,
    pub row: i64,
}

/// The key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("can't read or create the encryption key file {path}")]
    File { path: String, source: std::io::Error },
    #[error(
        "the encryption key file {path} is empty, cut off or damaged: it must contain 32 bytes in base64. Put the file back as it was; \
         `audit-streams check` examines the data folder"
    )]
    DamagedFile { path: String },
    #[error("the encryption key must be 32 bytes in base64")]
    Malformed,
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}

/// A stored secret that was encrypted with another key, or was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DoesNotOpen {
    #[error(
        "a stored secret is encrypted with the key {needed}, but this instance has the key {present}; check that secret.key, or \
         AUDIT_STREAMS_ENCRYPTION_KEY, is the key that it was encrypted with"
    )]
    OtherKey { needed: KeyId, present: KeyId },
    #[error("a stored secret is damaged, or stands in another row than it was encrypted for")]
    Changed,
}

impl Vault {
    /// # Errors
    /// [`KeyError::Malformed`] unless the text is 32 bytes in base64.
    pub(crate) fn from_base64(text: &str) -> Result<Self, KeyError> {
        let key = STANDARD.decode(text.trim()).map_err(|_| KeyError::Malformed)?;
        if key.len() != 32 {
            return Err(KeyError::Malformed);
        }
        let keyed = |key: &[u8]| <Hmac<Sha256> as Mac>::new_from_slice(key).map_err(|_| KeyError::Malformed);
        let derived = |purpose| Ok(keyed(&key)?.chain_update(purpose).finalize().into_bytes());
        let id: Vec<u8> = derived(ID)?.into_iter().take(ID_BYTES).collect();
        Ok(Self {
            id: KeyId(id.try_into().map_err(|_| KeyError::Malformed)?),
            cipher: XChaCha20Poly1305::new(CipherKey::from_slice(&key)),
            digests: keyed(&derived(DIGESTS)?)?,
        })
    }

    /// The same key each time.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self::from_base64("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap()
    }

    /// A key that nobody has: for files whose secrets are not touched.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub(crate) fn unused() -> Result<Self, KeyError> {
        let key = random::<32>().map_err(|_| KeyError::NoRandomness)?;
        Self::from_base64(&STANDARD.encode(key))
    }

    /// The id of the key.
    pub(crate) const fn id(&self) -> KeyId {
        self.id
    }

    /// A digest that is the same for the same text, by which nobody without the key can tell or guess the text. In hexadecimal.
    pub(crate) fn digest(&self, text: &str) -> String {
        let digest = self.digests.clone().chain_update(text).finalize().into_bytes();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Encrypts under a fresh nonce. The ciphertext stands behind the id of the key and the nonce.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub(crate) fn seal(&self, place: Place<'_>, secret: &str) -> Result<Vec<u8>, KeyError> {
        let nonce = random::<NONCE_BYTES>().map_err(|_| KeyError::NoRandomness)?;
        let associated = place.to_string();
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: associated.as_bytes(),
        };
        let sealed = self
            .cipher
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| KeyError::Malformed)?;
        Ok([self.id.0.as_slice(), &nonce, &sealed].concat())
    }

    /// # Errors
    /// [`DoesNotOpen`].
    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<String, DoesNotOpen> {
        let (id, sealed) = sealed.split_first_chunk::<ID_BYTES>().ok_or(DoesNotOpen::Changed)?;
        if KeyId(*id) != self.id {
            return Err(DoesNotOpen::OtherKey {
                needed: KeyId(*id),
                present: self.id,
            });
        }
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE_BYTES).ok_or(DoesNotOpen::Changed)?;
        let associated = place.to_string();
        let payload = Payload {
            msg: ciphertext,
            aad: associated.as_bytes(),
        };
        let secret = self
            .cipher
            .decrypt(XNonce::from_slice(nonce), payload)
            .map_err(|_| DoesNotOpen::Changed)?;
        String::from_utf8(secret).map_err(|_| DoesNotOpen::Changed)
    }
}

impl KeyId {
    /// Reads what `Display` writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; ID_BYTES];
        if text.len() != ID_BYTES * 2 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl std::fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl std::fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, formatter)
    }
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}/{}", self.table, self.column, self.row)
    }
}

/// This many bytes from the operating system.
///
/// # Errors
/// If it has none to give.
pub fn random<const BYTES: usize>() -> Result<[u8; BYTES], getrandom::Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'static> = Place {
        table: "destinations",
        column: "signing_secret",
        row: 1,
    };

    fn vault(byte: u8) -> Vault {
        Vault::from_base64(&STANDARD.encode([byte; 32])).unwrap()
    }

    #[test]
    fn a_secret_opens_only_where_it_was_sealed() {
        let vault = vault(1);
        let sealed = vault.seal(PLACE, "whsec_x").unwrap();
        assert_eq!(vault.open(PLACE, &sealed), Ok("whsec_x".to_owned()));
        assert_eq!(
            vault.open(Place { row: 2, ..PLACE }, &sealed),
            Err(DoesNotOpen::Changed)
        );
        for length in 0..sealed.len() {
            assert_eq!(
                vault.open(PLACE, sealed.get(..length).unwrap()),
                Err(DoesNotOpen::Changed)
            );
        }
        assert!(!sealed.windows(7).any(|bytes| bytes == b"whsec_x"));
    }

    #[test]
    fn another_key_is_named() {
        let sealed = vault(1).seal(PLACE, "x").unwrap();
        assert_eq!(
            vault(2).open(PLACE, &sealed),
            Err(DoesNotOpen::OtherKey {
                needed: vault(1).id(),
                present: vault(2).id()
            })
        );
        let id = vault(1).id();
        assert_eq!(KeyId::parse(&id.to_string()), Some(id));
        for text in ["", "0011223", "001122334", "0011223x", "+0112233", "é11223"] {
            assert_eq!(KeyId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_digest_depends_on_the_key() {
        assert_eq!(vault(1).digest("a"), vault(1).digest("a"));
        assert_ne!(vault(1).digest("a"), vault(1).digest("b"));
        assert_ne!(vault(1).digest("a"), vault(2).digest("a"));
        assert_eq!(vault(1).digest("a").len(), 64);
    }

    #[test]
    fn a_malformed_key_is_refused() {
        assert!(matches!(Vault::from_base64("c2hvcnQ="), Err(KeyError::Malformed)));
        assert!(matches!(Vault::from_base64("not base64!"), Err(KeyError::Malformed)));
    }
}

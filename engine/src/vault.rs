//! Encryption at rest of what must not be read from a copy of the database: XChaCha20-Poly1305 with a key of the instance.
//!
//! Each ciphertext is bound to the row and column it stands in, so that swapping two of them is found out. The key comes
//! from `secret.key` in the data folder (made at the first start, readable by its owner alone) or from the environment.

use std::{fs, io::Write, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;

const NONCE_BYTES: usize = 24;

/// Seals and opens secrets. It has no `Debug` that would show the key.
#[derive(Clone)]
pub(crate) struct Vault {
    cipher: XChaCha20Poly1305,
    digests: Hmac<Sha256>,
}

/// What the key of digests is derived by: another use of the instance's key than encryption.
const DIGESTS: &[u8] = b"audit-streams digests";

/// Where a secret stands: part of what is authenticated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub table: &'static str,
    pub column: &'static str,
    pub row: i64,
}

/// The key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("can't read or create the encryption key file {path}")]
    File { path: String, source: std::io::Error },
    #[error("the encryption key must be 32 bytes in base64")]
    Malformed,
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}

/// Sealed with another key, for another place, or damaged.
/// A stored secret that was encrypted with another key, or was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a stored secret can't be decrypted with this instance's key; check that secret.key is the one it was encrypted with"
)]
pub struct DoesNotOpen;

impl Vault {
    /// # Errors
    /// [`KeyError::Malformed`] unless the text is 32 bytes in base64.
    pub(crate) fn from_base64(text: &str) -> Result<Self, KeyError> {
        let key = STANDARD.decode(text.trim()).map_err(|_| KeyError::Malformed)?;
        if key.len() != 32 {
            return Err(KeyError::Malformed);
        }
        let keyed = |key: &[u8]| <Hmac<Sha256> as Mac>::new_from_slice(key).map_err(|_| KeyError::Malformed);
        let digest_key = keyed(&key)?.chain_update(DIGESTS).finalize().into_bytes();
        Ok(Self {
            cipher: XChaCha20Poly1305::new(Key::from_slice(&key)),
            digests: keyed(&digest_key)?,
        })
    }

    /// A digest that is the same for the same text, by which nobody without the key can tell or guess the text. In hexadecimal.
    pub(crate) fn digest(&self, text: &str) -> String {
        let digest = self.digests.clone().chain_update(text).finalize().into_bytes();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Opens the key file, or makes one.
    ///
    /// # Errors
    /// [`KeyError`] if the file can't be read, written or understood.
    pub(crate) fn from_file(path: &Path) -> Result<Self, KeyError> {
        let io = |source| KeyError::File {
            path: path.display().to_string(),
            source,
        };
        match fs::read_to_string(path) {
            Ok(text) => Self::from_base64(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = random::<32>().map_err(|_| KeyError::NoRandomness)?;
                let text = STANDARD.encode(key);
                write_private(path, &text).map_err(io)?;
                Self::from_base64(&text)
            }
            Err(error) => Err(io(error)),
        }
    }

    /// Encrypts under a fresh nonce, which stands before the ciphertext.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub(crate) fn seal(&self, place: Place, secret: &str) -> Result<Vec<u8>, KeyError> {
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
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// # Errors
    /// [`DoesNotOpen`].
    pub(crate) fn open(&self, place: Place, sealed: &[u8]) -> Result<String, DoesNotOpen> {
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE_BYTES).ok_or(DoesNotOpen)?;
        let associated = place.to_string();
        let payload = Payload {
            msg: ciphertext,
            aad: associated.as_bytes(),
        };
        let secret = self
            .cipher
            .decrypt(XNonce::from_slice(nonce), payload)
            .map_err(|_| DoesNotOpen)?;
        String::from_utf8(secret).map_err(|_| DoesNotOpen)
    }
}

impl std::fmt::Display for Place {
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

/// Writes a new file that only its owner can read, and has it on disk before returning.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place {
        table: "destinations",
        column: "signing_secret",
        row: 1,
    };

    #[test]
    fn a_secret_opens_only_where_it_was_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::from_file(&folder.path().join("secret.key")).unwrap();
        let sealed = vault.seal(PLACE, "whsec_x").unwrap();
        assert_eq!(vault.open(PLACE, &sealed), Ok("whsec_x".to_owned()));
        assert_eq!(vault.open(Place { row: 2, ..PLACE }, &sealed), Err(DoesNotOpen));
        assert_eq!(vault.open(PLACE, sealed.get(..30).unwrap()), Err(DoesNotOpen));
        assert!(!sealed.windows(7).any(|bytes| bytes == b"whsec_x"));
    }

    #[test]
    fn the_key_file_is_made_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let sealed = Vault::from_file(&path).unwrap().seal(PLACE, "x").unwrap();
        assert_eq!(
            Vault::from_file(&path).unwrap().open(PLACE, &sealed),
            Ok("x".to_owned())
        );
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777,
            0o600
        );
    }

    #[test]
    fn a_digest_depends_on_the_key() {
        let vault = |byte| Vault::from_base64(&STANDARD.encode([byte; 32])).unwrap();
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

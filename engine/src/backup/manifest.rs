//! `manifest.json`: what a backup consists of.

use std::{fs, io, path::Path};

use domain::{Timestamp, ids::Seq};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(super) const MANIFEST_FILE: &str = "manifest.json";

/// What the name of a backup ends with until all of it is on disk.
pub(super) const INCOMPLETE: &str = ".incomplete";

/// The version of the manifest and of what belongs to it.
const FORMAT: u32 = 1;

/// What a backup contains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this format.
    pub format: u32,
    /// The version of Audit Streams that made the backup.
    pub product_version: String,
    /// The id of the instance.
    pub instance: String,
    /// The moment that the backup shows.
    pub created_at: Timestamp,
    /// The last position of the log.
    pub last_seq: Seq,
    /// The number of events in the log; `None` if they can't be counted because of a damaged page.
    pub events: Option<i64>,
    /// The version of the layout of `events.db`.
    pub log_layout: i64,
    /// The version of the schema of `audit-streams.db`.
    pub store_schema: i64,
    /// The id of the encryption key that the secrets are encrypted with.
    pub encryption_key: String,
    /// `events.db`.
    pub log: FileFacts,
    /// `audit-streams.db`.
    pub store: FileFacts,
}

/// What a file of a backup has to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileFacts {
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its contents, in hexadecimal.
    pub sha256: String,
}

/// The manifest with the digest of itself, so that no byte of it can change unnoticed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    backup: Manifest,
    sha256: String,
}

/// Only the version of a manifest that this version may not understand.
#[derive(Deserialize)]
struct Versioned {
    backup: Version,
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// Why there is no manifest that can be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum ManifestError {
    #[error("it has no manifest.json")]
    Missing,
    #[error("manifest.json can't be read")]
    File(#[source] io::Error),
    #[error("manifest.json is damaged or was changed")]
    Damaged,
    #[error(
        "manifest.json has the format {found}, and this version reads {FORMAT}: use the version that made the backup"
    )]
    OtherFormat { found: u32 },
}

impl Manifest {
    /// The format of manifests that this version writes.
    pub(super) const FORMAT: u32 = FORMAT;

    /// The manifest as a file.
    ///
    /// # Errors
    /// [`serde_json::Error`] if it can't be written as JSON.
    pub(super) fn to_text(&self) -> Result<String, serde_json::Error> {
        let sealed = Sealed {
            backup: self.clone(),
            sha256: hex(&Sha256::digest(serde_json::to_vec(self)?)),
        };
        Ok(serde_json::to_string_pretty(&sealed)? + "\n")
    }

    /// Reads the manifest of a backup.
    pub(super) fn read(folder: &Path) -> Result<Self, ManifestError> {
        let text = fs::read(folder.join(MANIFEST_FILE)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ManifestError::Missing,
            _ => ManifestError::File(error),
        })?;
        Self::parse(&text)
    }

    /// Accepts exactly what [`Self::to_text`] writes.
    fn parse(text: &[u8]) -> Result<Self, ManifestError> {
        if let Ok(versioned) = serde_json::from_slice::<Versioned>(text)
            && versioned.backup.format != FORMAT
        {
            return Err(ManifestError::OtherFormat {
                found: versioned.backup.format,
            });
        }
        let sealed: Sealed = serde_json::from_slice(text).map_err(|_| ManifestError::Damaged)?;
        match sealed.backup.to_text() {
            Ok(expected) if expected.as_bytes() == text => Ok(sealed.backup),
            _ => Err(ManifestError::Damaged),
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let file = |bytes| FileFacts {
            bytes,
            sha256: "00".repeat(32),
        };
        Manifest {
            format: FORMAT,
            product_version: "0.1.0".into(),
            instance: "a1".into(),
            created_at: Timestamp::from_unix_ms(1_760_464_800_000),
            last_seq: Seq::new(12),
            events: Some(10),
            log_layout: 5,
            store_schema: 1,
            encryption_key: "01234567".into(),
            log: file(4),
            store: file(5),
        }
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let text = manifest().to_text().unwrap();
        assert_eq!(Manifest::parse(text.as_bytes()).unwrap(), manifest());
    }

    #[test]
    fn no_byte_of_it_can_change() {
        let text = manifest().to_text().unwrap().into_bytes();
        for place in 0..text.len() {
            for flipped in [1, 2, 32] {
                let mut changed = text.clone();
                changed[place] ^= flipped;
                assert!(
                    Manifest::parse(&changed).is_err(),
                    "{}",
                    String::from_utf8_lossy(&changed)
                );
            }
            assert!(Manifest::parse(&text[..place]).is_err(), "cut to {place} bytes");
        }
        assert!(Manifest::parse(&[&text[..], b"\n"].concat()).is_err());
    }

    #[test]
    fn another_format_is_named() {
        let text = manifest().to_text().unwrap().replace("\"format\": 1", "\"format\": 2");
        let refused = Manifest::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(refused, ManifestError::OtherFormat { found: 2 }), "{refused}");
    }
}

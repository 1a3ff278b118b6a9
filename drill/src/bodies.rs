//! Splits the body of a request to a destination into its events.

use std::io::{self, Read};

use flate2::read::GzDecoder;
use serde_json::value::RawValue;

/// More than the largest body that a destination receives.
const LARGEST: u64 = 64 * 1024 * 1024;

/// A body that can't be split.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The body is not complete, or compressed in another way than it says.
    #[error("the body can't be decompressed: {0}")]
    Broken(#[from] io::Error),
    /// The body is compressed in a way that destinations do not use.
    #[error("the content encoding {0} is unknown")]
    Encoding(String),
    /// The body is not UTF-8.
    #[error("the body is not text")]
    NotText(#[from] std::str::Utf8Error),
    /// The body starts with `[` and is not a JSON array.
    #[error("the body is not an array of events: {0}")]
    NotAnArray(#[from] serde_json::Error),
}

/// The body as it was before `Content-Encoding`.
///
/// # Errors
/// [`BodyError`].
pub fn decompress(encoding: Option<&str>, body: &[u8]) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    match encoding {
        None | Some("identity") => bytes.extend_from_slice(body),
        Some("gzip") => {
            GzDecoder::new(body).take(LARGEST).read_to_end(&mut bytes)?;
        }
        Some("zstd") => {
            zstd::stream::read::Decoder::new(body)?
                .take(LARGEST)
                .read_to_end(&mut bytes)?;
        }
        Some(other) => return Err(BodyError::Encoding(other.to_owned())),
    }
    Ok(bytes)
}

/// Each event of a body: one object, an array of them, or one per line.
///
/// # Errors
/// [`BodyError`].
pub fn split(body: &[u8]) -> Result<Vec<&str>, BodyError> {
    let text = std::str::from_utf8(body)?;
    if text.starts_with('[') {
        let events: Vec<&RawValue> = serde_json::from_str(text)?;
        return Ok(events.into_iter().map(RawValue::get).collect());
    }
    Ok(text.lines().filter(|line| !line.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn events_are_kept_byte_for_byte() {
        for body in [r#"[{"id": 1},{"a":"é"}]"#, "{\"id\": 1}\n{\"a\":\"é\"}\n"] {
            assert_eq!(split(body.as_bytes()).unwrap(), [r#"{"id": 1}"#, r#"{"a":"é"}"#]);
        }
        assert_eq!(split(br#"{"id":1}"#).unwrap(), [r#"{"id":1}"#]);
        assert!(split(b"[1").is_err() && split(&[0xff]).is_err());
    }

    #[test]
    fn compressed_bodies_are_read() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"abc").unwrap();
        let gzip = gzip.finish().unwrap();
        assert_eq!(decompress(Some("gzip"), &gzip).unwrap(), b"abc");
        let zstd = zstd::encode_all(&b"abc"[..], 1).unwrap();
        assert_eq!(decompress(Some("zstd"), &zstd).unwrap(), b"abc");
        assert_eq!(decompress(None, b"abc").unwrap(), b"abc");
        assert!(decompress(Some("br"), b"abc").is_err() && decompress(Some("gzip"), b"abc").is_err());
    }
}

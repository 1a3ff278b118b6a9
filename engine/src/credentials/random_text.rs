//! Text that nobody can guess.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::vault::{KeyError, random};

/// This many random bytes as base64url, four characters for three bytes.
///
/// # Errors
/// [`KeyError::NoRandomness`] if the operating system has none to give.
pub fn random_text<const BYTES: usize>() -> Result<String, KeyError> {
    let bytes = random::<BYTES>().map_err(|_| KeyError::NoRandomness)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_long_printable_and_different_each_time() {
        let (one, other) = (random_text::<32>().unwrap(), random_text::<32>().unwrap());
        assert_eq!(one.len(), 43);
        assert!(
            one.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        );
        assert_ne!(one, other);
    }
}

//! Names for destinations out of any text: percent-encoding with a chosen set of bytes that stay as they are, and a short form
//! for text that would be too long.

use sha2::{Digest, Sha256};

/// The text with every byte for which `is_kept` is false written as `%XX`. `is_kept` must be false for `%`: then two
/// different texts never have the same encoding.
pub(crate) fn escaped(text: &str, is_kept: impl Fn(u8) -> bool) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_kept(byte) {
            written.push(char::from(byte));
        } else {
            written.push_str(&format!("%{byte:02X}"));
        }
    }
    written
}

/// `sha256=` and the SHA-256 of the text in hexadecimal digits: 71 bytes. No encoding by [`escaped`] looks like this, because
/// every caller has `=` encoded.
pub(crate) fn hashed(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let digits = digest.iter().map(|byte| format!("{byte:02x}"));
    std::iter::once("sha256=".to_owned()).chain(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_form_is_the_sha256_of_the_text() {
        assert_eq!(
            hashed("abc"),
            "sha256=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn bytes_outside_the_set_are_encoded_and_the_others_are_kept() {
        assert_eq!(
            escaped("aZ0-é/%", |byte| byte.is_ascii_alphanumeric()),
            "aZ0%2D%C3%A9%2F%25"
        );
    }
}

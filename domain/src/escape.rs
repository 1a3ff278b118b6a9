//! Percent-encoding with a chosen set of bytes that stay as they are.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_outside_the_set_are_encoded_and_the_others_are_kept() {
        assert_eq!(
            escaped("aZ0-é/%", |byte| byte.is_ascii_alphanumeric()),
            "aZ0%2D%C3%A9%2F%25"
        );
    }
}

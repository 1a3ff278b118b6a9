//! Percent-encoded text, as it stands in a path.

/// What the text stands for; a `%` that begins no two hexadecimal digits stands for itself. `None`: not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let encoded = match after {
            [high, low, left @ ..] if first == b'%' => digit(*high).zip(digit(*low)).map(|(h, l)| (h * 16 + l, left)),
            _ => None,
        };
        let (byte, left) = encoded.unwrap_or((first, after));
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8(bytes).ok()
}

fn digit(hex: u8) -> Option<u8> {
    char::from(hex).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn only_whole_escapes_are_decoded() {
        assert_eq!(decode("a%2Fb%2f+c%C3%A9").as_deref(), Some("a/b/+cé"));
        assert_eq!(decode("100%, %4 %zz").as_deref(), Some("100%, %4 %zz"));
        assert_eq!(decode("%ff"), None);
    }
}

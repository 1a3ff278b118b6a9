//! Names and values in the query of a URL, written and read the same way by the server and the browser.

/// Adds `&name=value`, without the `&` at the start.
pub fn push_pair(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    push_encoded(query, value);
}

/// Adds the text with everything encoded that means something in a URL.
pub fn push_encoded(query: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().map_or('0', char::from);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte) {
            query.push(char::from(byte));
        } else {
            query.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

/// The pairs of a query, decoded; `+` is a blank, as plain forms write it.
pub fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query
        .trim_start_matches('?')
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        })
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let hex = |byte: Option<u8>| char::from(byte?).to_digit(16);
        match (byte, hex(ahead.next()), hex(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                rest = ahead;
            }
            (b'+', ..) => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Vec<(String, String)> {
        pairs(query).collect()
    }

    #[test]
    fn every_value_comes_back() {
        for value in ["", "root", "a b&c=d", "100%41", "группа/проект", "+", "\"<#?>\n"] {
            let mut query = String::new();
            push_pair(&mut query, "tab", "log");
            push_pair(&mut query, "text", value);
            assert!(
                query.is_ascii() && !query.contains([' ', '"', '<', '#', '\n']),
                "{query}"
            );
            let expected = [("tab", "log"), ("text", value)].map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(read(&query), expected);
        }
    }

    #[test]
    fn what_forms_and_people_write_is_read() {
        let expected = [("a", "x y"), ("b", ""), ("c", "100%"), ("d", "%zz\u{fffd}")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read("?a=x+y&b&&c=100%&d=%zz%ff"), expected);
    }
}

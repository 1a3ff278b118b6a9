//! White space between JSON tokens, and how deep they nest.

/// The same JSON without white space between tokens. The input must be valid JSON.
pub(super) fn compact(json: &str, into: &mut String) {
    let bytes = json.as_bytes();
    let (mut kept_from, mut in_string, mut escaped) = (0, false, false);
    for (position, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b' ' | b'\t' | b'\n' | b'\r' if !in_string => {
                into.push_str(json.get(kept_from..position).unwrap_or_default());
                kept_from = position + 1;
            }
            _ => {}
        }
    }
    into.push_str(json.get(kept_from..).unwrap_or_default());
}

/// The deepest nesting of arrays and objects. The input must be valid JSON.
pub(super) fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_between_tokens_goes() {
        let mut text = String::new();
        compact("{ \"a b\" :\n [1, \"\\\" \\\\\" ,\t{}] }\r\n", &mut text);
        assert_eq!(text, r#"{"a b":[1,"\" \\",{}]}"#);
    }

    #[test]
    fn brackets_in_strings_do_not_nest() {
        assert_eq!(depth(r#"{"a":[1,{"b":"[[[[\"{{"}]}"#), 3);
        assert_eq!(depth("1"), 0);
    }
}

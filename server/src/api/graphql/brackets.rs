//! Brackets in the text of a query, looked at before it is parsed.

/// How many brackets of any kind are open at once. What stands in texts and comments does not count.
pub(super) fn deepest_bracket(query: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0_usize);
    let mut rest = query;
    while let Some(character) = rest.chars().next() {
        rest = match character {
            '"' => after_text(rest),
            '#' => rest
                .find(['\n', '\r'])
                .and_then(|end| rest.get(end..))
                .unwrap_or_default(),
            _ => {
                match character {
                    '{' | '[' | '(' => open += 1,
                    '}' | ']' | ')' => open = open.saturating_sub(1),
                    _ => {}
                }
                deepest = deepest.max(open);
                rest.get(character.len_utf8()..).unwrap_or_default()
            }
        };
    }
    deepest
}

/// What follows the text that `rest` begins with; nothing if it does not end.
fn after_text(rest: &str) -> &str {
    let (quote, escape) = if rest.starts_with("\"\"\"") {
        ("\"\"\"", "\\\"\"\"")
    } else {
        ("\"", "\\")
    };
    let mut rest = rest.get(quote.len()..).unwrap_or_default();
    while !rest.is_empty() {
        if rest.starts_with(escape) {
            // In a plain text, whatever follows a backslash is not its end.
            let escaped = rest.chars().nth(1).map_or(0, char::len_utf8);
            let length = if quote.len() == 1 { 1 + escaped } else { escape.len() };
            rest = rest.get(length..).unwrap_or_default();
        } else if let Some(after) = rest.strip_prefix(quote) {
            return after;
        } else {
            let length = rest.chars().next().map_or(0, char::len_utf8);
            rest = rest.get(length..).unwrap_or_default();
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_texts_and_comments_do_not_count() {
        for (query, deepest) in [
            ("{a(b: [{c: 1}])}", 4),
            (r#"{a(b: "[[[\"[[", c: "]")}"#, 2),
            (r#"{a(b: """[[ " \""" [[""")}"#, 2),
            ("{a # [[[[\n b(c: 1)}", 2),
            (r#"["]" ["]" ["#, 3),
            (r#"["\\" ["#, 2),
            ("}}}}{", 1),
            (r#"{"ends nowhere [["#, 1),
        ] {
            assert_eq!(deepest_bracket(query), deepest, "{query}");
        }
    }
}

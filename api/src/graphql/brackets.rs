//! Computes how deep brackets nest in the text of a query, before it is parsed.
//!
//! The parser recurses into lists, objects, types and selections, so its stack grows with the brackets in the query. This scanner
//! follows the lexical rules of the parser (`graphql.pest` of async-graphql-parser): brackets count unless they are in a string or
//! a comment. An unterminated string is rejected here. The parser would read such a text differently (an unterminated block string
//! as an empty string, followed by more text), and find brackets where this scanner finds none.

use async_graphql::Pos;

/// An unterminated string: a block string up to the end of the query, or a string up to the end of its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Unterminated string")]
pub(super) struct UnclosedString {
    /// Position of its start.
    pub(super) position: Pos,
}

/// The maximum depth of nested brackets of any kind.
///
/// # Errors
/// [`UnclosedString`].
pub(super) fn deepest_bracket(query: &str) -> Result<usize, UnclosedString> {
    let (mut open, mut deepest) = (0_usize, 0_usize);
    let mut rest = query.chars();
    loop {
        let text = rest.as_str();
        match rest.next() {
            None => return Ok(deepest),
            Some('"') => {
                let after = after_string(text).ok_or_else(|| unclosed(query, text))?;
                rest = after.chars();
            }
            Some('#') => {
                let end = text.find(LINE_ENDS).and_then(|end| text.get(end..));
                rest = end.unwrap_or_default().chars();
            }
            Some('{' | '[' | '(') => {
                open += 1;
                deepest = deepest.max(open);
            }
            Some('}' | ']' | ')') => open = open.saturating_sub(1),
            Some(_) => {}
        }
    }
}

const LINE_ENDS: [char; 2] = ['\n', '\r'];

/// The text after the string that `text` begins with; `None` if it is unterminated.
fn after_string(text: &str) -> Option<&str> {
    match text.strip_prefix(r#"""""#) {
        Some(content) => after_block_string(content),
        None => after_line_string(text.strip_prefix('"')?),
    }
}

fn after_block_string(content: &str) -> Option<&str> {
    let mut rest = content;
    loop {
        if let Some(after) = rest.strip_prefix(r#"\""""#) {
            rest = after;
        } else if let Some(after) = rest.strip_prefix(r#"""""#) {
            return Some(after);
        } else {
            let mut characters = rest.chars();
            characters.next()?;
            rest = characters.as_str();
        }
    }
}

fn after_line_string(content: &str) -> Option<&str> {
    let mut rest = content.chars();
    loop {
        let character = match rest.next()? {
            '"' => return Some(rest.as_str()),
            '\\' => rest.next()?,
            character => character,
        };
        if LINE_ENDS.contains(&character) {
            return None;
        }
    }
}

fn unclosed(query: &str, from: &str) -> UnclosedString {
    let before = query.strip_suffix(from).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    UnclosedString {
        position: Pos {
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
        },
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{
        Value,
        parser::{
            parse_query,
            types::{ExecutableDocument, Selection, SelectionSet},
        },
    };
    use proptest::{collection::vec, prelude::*};

    use super::{super::query_limits::MAX_BRACKETS, *};

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        for (query, deepest) in [
            ("{a(b: [{c: 1}])}", 4),
            (r#"{a(b: "[[[\"[[", c: "]")}"#, 2),
            (r#"{a(b: """[[ " \""" [[""")}"#, 2),
            ("{a # [[[[\n b(c: 1)}", 2),
            ("{a # \"[[[[\r b(c: 1)}", 2),
            (r#"["]" ["]" ["#, 3),
            (r#"["\\" ["#, 2),
            (r#"["" ["#, 2),
            ("}}}}{", 1),
            ("\u{feff}{a, (", 2),
        ] {
            assert_eq!(deepest_bracket(query), Ok(deepest), "{query}");
        }
    }

    #[test]
    fn a_string_that_is_not_closed_is_refused_where_it_begins() {
        for (query, line, column) in [
            (r#"{"ends nowhere [["#, 1, 2),
            ("{\n\"ends with the line\n\"}", 2, 1),
            ("{ä \"\\\n\"}", 1, 4),
            ("{\"\r\"}", 1, 2),
            (r#"{a(b:["""x"[[[["#, 1, 7),
            (r#"{a(b:["""x\""""#, 1, 7),
            (r#"""""" """""#, 1, 10),
        ] {
            let position = Pos { line, column };
            assert_eq!(deepest_bracket(query), Err(UnclosedString { position }), "{query}");
        }
    }

    /// A quarter of what the server's threads have.
    const SMALL_STACK: usize = engine::THREAD_STACK / 4;

    /// Parses on a thread that has no stack for more than the bound.
    fn parse_on_a_small_stack(query: String) -> Result<ExecutableDocument, String> {
        let thread = std::thread::Builder::new().stack_size(SMALL_STACK);
        let parsing = thread.spawn(move || parse_query(query).map_err(|error| error.to_string()));
        parsing.unwrap().join().unwrap()
    }

    fn check(query: &str, bound: usize) -> Result<(), TestCaseError> {
        let Ok(scanned) = deepest_bracket(query) else {
            return Ok(());
        };
        if scanned > bound {
            return Ok(());
        }
        match parse_on_a_small_stack(query.to_owned()) {
            Ok(document) => prop_assert!(depth_of(&document) <= scanned, "{query}"),
            Err(error) => prop_assert!(!error.contains("stack limit reached"), "{query}"),
        }
        Ok(())
    }

    /// What the parser and a scanner may take for different things.
    fn token() -> impl Strategy<Value = String> {
        let fixed = [
            "\"", "\"\"", "\"\"\"", "\\", "\\\"\"\"", "\\\"", "\\u00e4", "#", "\n", "\r", "\r\n", "\u{feff}", ",", " ",
            "\t", "[", "]", "{", "}", "(", ")", "a", "a:", "$a", "@a", "@a(", "b:", "!", "1", "...", "... on A",
            "null", "=", "ä",
        ];
        let deep = (
            prop::sample::select(vec!["[", "{a:", "{a", "{...", "(a:"]),
            1_usize..3_000,
        );
        prop_oneof![
            12 => prop::sample::select(fixed.to_vec()).prop_map(str::to_owned),
            1 => deep.prop_map(|(open, count)| open.repeat(count)),
        ]
    }

    /// Whole queries around tokens, and with as many brackets closed as are opened at the end.
    fn query() -> impl Strategy<Value = String> {
        let shape = prop::sample::select(vec![
            ("", ""),
            ("{a(b:[", "])}"),
            ("{a(b:", ")}"),
            ("query($a: A = ", ") {a}"),
        ]);
        let deep = prop_oneof![Just(0_usize), 1_usize..12, Just(2_000)];
        (shape, vec(token(), 0..12), deep).prop_map(|((start, end), tokens, deep)| {
            let (open, close) = ("[".repeat(deep), "]".repeat(deep));
            format!("{start}{}{open}{close}{end}", tokens.concat())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn the_parser_sees_no_bracket_that_is_not_counted(query in query()) {
            check(&query, MAX_BRACKETS)?;
        }

        #[test]
        fn any_text_is_scanned_as_the_parser_reads_it(query in any::<String>()) {
            check(&query, MAX_BRACKETS)?;
        }
    }

    #[test]
    fn as_many_brackets_as_are_allowed_need_little_stack() {
        let bound = MAX_BRACKETS;
        for (start, open, close, end) in [
            ("{a(b:", "[", "]", ")}"),
            ("{a(b:", "{a:", "}", ")}"),
            ("", "{a", "}", ""),
            ("", "{...", "}", ""),
            ("query($a:", "[", "]", "){a}"),
        ] {
            let outer = start.matches(['{', '(']).count();
            let count = bound - outer;
            let inner = if open == "[" && start.starts_with("query") {
                "A"
            } else {
                "a"
            };
            let query = format!("{start}{}{inner}{}{end}", open.repeat(count), close.repeat(count));
            assert_eq!(deepest_bracket(&query), Ok(bound));
            let parsed = parse_on_a_small_stack(query);
            assert!(!parsed.is_err_and(|error| error.contains("stack")), "{open}");
        }
    }

    /// How deep brackets nest in what the parser made of a query.
    fn depth_of(document: &ExecutableDocument) -> usize {
        let operations = document.operations.iter().map(|(_, operation)| {
            let variables = operation.node.variable_definitions.iter().map(|variable| {
                let default = variable.node.default_value.as_ref();
                let default = default.map_or(0, |value| depth_of_value(&value.node));
                1 + default.max(variable.node.var_type.node.to_string().matches('[').count())
            });
            let variables = variables.max().unwrap_or(0);
            variables.max(depth_of_selection(&operation.node.selection_set.node))
        });
        let fragments = document.fragments.values();
        let fragments = fragments.map(|fragment| depth_of_selection(&fragment.node.selection_set.node));
        operations.chain(fragments).max().unwrap_or(0)
    }

    fn depth_of_selection(selected: &SelectionSet) -> usize {
        let items = selected.items.iter().map(|item| match &item.node {
            Selection::Field(field) => {
                let arguments = field.node.arguments.iter().map(|(_, value)| {
                    let value = value.node.clone().into_const_with(|_| Ok::<_, ()>(Value::Null));
                    1 + depth_of_value(&value.unwrap())
                });
                let arguments = arguments.max().unwrap_or(0);
                arguments.max(depth_of_selection(&field.node.selection_set.node))
            }
            Selection::InlineFragment(fragment) => depth_of_selection(&fragment.node.selection_set.node),
            Selection::FragmentSpread(_) => 0,
        });
        items.max().map_or(0, |deepest| 1 + deepest)
    }

    fn depth_of_value(value: &Value) -> usize {
        match value {
            Value::List(items) => 1 + items.iter().map(depth_of_value).max().unwrap_or(0),
            Value::Object(fields) => 1 + fields.values().map(depth_of_value).max().unwrap_or(0),
            _ => 0,
        }
    }
}

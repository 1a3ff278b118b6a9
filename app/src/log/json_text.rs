//! JSON text laid out for reading, its tokens untouched: no key moves and no number changes its digits.

/// One member or element a line, two spaces a level. Text that is no JSON comes back laid out as far as it goes.
pub fn indented(json: &str) -> String {
    let mut layout = Layout::default();
    let mut characters = json.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => layout.string(&mut characters),
            '{' | '[' => {
                let closing = if character == '{' { '}' } else { ']' };
                while characters.next_if(char::is_ascii_whitespace).is_some() {}
                if characters.next_if_eq(&closing).is_some() {
                    layout.text.extend([character, closing]);
                } else {
                    layout.open(character);
                }
            }
            '}' | ']' => layout.close(character),
            ',' => layout.next_line_after(','),
            ':' => layout.text.push_str(": "),
            blank if blank.is_ascii_whitespace() => {}
            other => layout.text.push(other),
        }
    }
    layout.text
}

#[derive(Default)]
struct Layout {
    text: String,
    depth: usize,
}

impl Layout {
    fn string(&mut self, characters: &mut impl Iterator<Item = char>) {
        self.text.push('"');
        let mut escaped = false;
        for character in characters {
            self.text.push(character);
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => break,
                _ => {}
            }
        }
    }

    fn open(&mut self, character: char) {
        self.depth += 1;
        self.next_line_after(character);
    }

    fn close(&mut self, character: char) {
        self.depth = self.depth.saturating_sub(1);
        self.break_line();
        self.text.push(character);
    }

    fn next_line_after(&mut self, character: char) {
        self.text.push(character);
        self.break_line();
    }

    fn break_line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.depth));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_digits_stay() {
        let laid_out = indented(r#"{"b":1.10,"a":{"x":[1,2],"e":{}, "s":"a,{\"b\":1}"}}"#);
        let expected = "{\n  \"b\": 1.10,\n  \"a\": {\n    \"x\": [\n      1,\n      2\n    ],\n    \"e\": {},\n    \
                        \"s\": \"a,{\\\"b\\\":1}\"\n  }\n}";
        assert_eq!(laid_out, expected);
    }

    #[test]
    fn broken_text_does_no_harm() {
        for text in ["", "}", "]]", "\"open", "{\"a\":"] {
            assert!(indented(text).len() >= text.len(), "{text}");
        }
    }
}

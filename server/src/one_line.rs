//! Text from outside in a line of output.
//!
//! Answers of receivers and names of certificates can contain anything. A line break would let them add lines of
//! their own to the server's log, and escape sequences would let them change what a terminal shows.

use std::{
    fmt::{self, Write},
    io,
};

/// Displays a value with its control characters and line separators escaped as in Rust: `\n`, `\u{1b}`.
pub(crate) struct OneLine<T>(pub(crate) T);

impl<T: fmt::Display> fmt::Display for OneLine<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(formatter), "{}", self.0)
    }
}

struct Escaping<'writer, 'formatter>(&'writer mut fmt::Formatter<'formatter>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| self.write_char(character))
    }

    fn write_char(&mut self, character: char) -> fmt::Result {
        match character {
            '\u{2028}' | '\u{2029}' => write!(self.0, "{}", character.escape_unicode()),
            _ if character.is_control() => write!(self.0, "{}", character.escape_default()),
            _ => self.0.write_char(character),
        }
    }
}

/// Writes entries in JSON with the characters escaped that JSON allows in its strings, but [`OneLine`] does not. They occur nowhere else.
pub(crate) struct JsonLines<W>(pub(crate) W);

impl<W: io::Write> io::Write for JsonLines<W> {
    /// Takes a whole entry, which is one line.
    fn write(&mut self, entry: &[u8]) -> io::Result<usize> {
        let mut escaped = String::with_capacity(entry.len());
        for character in String::from_utf8_lossy(entry).chars() {
            match character {
                '\n' => escaped.push(character),
                _ if is_unsafe(character) => escaped.push_str(&format!("\\u{:04x}", u32::from(character))),
                _ => escaped.push(character),
            }
        }
        self.0.write_all(escaped.as_bytes())?;
        Ok(entry.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Whether a character can end a line or steer a terminal.
fn is_unsafe(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_end_a_line_or_steer_a_terminal_is_escaped() {
        let text = "a\r\nb\u{1b}[2Jc\u{9b}1m\u{7}\u{85}\u{2028}\t\0";
        let shown = OneLine(text).to_string();
        assert_eq!(shown, r"a\r\nb\u{1b}[2Jc\u{9b}1m\u{7}\u{85}\u{2028}\t\u{0}");
        assert!(!shown.chars().any(char::is_control));
    }

    #[test]
    fn other_text_is_unchanged() {
        let text = r#"zażółć "quoted" \ 审计 🙂"#;
        assert_eq!(OneLine(text).to_string(), text);
    }
}

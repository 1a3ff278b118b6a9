//! One line for each request.

use std::fmt;

use domain::Timestamp;

use super::signature::SignatureError;
use crate::one_line::OneLine;

/// What is printed about a request.
pub(super) struct Line<'request> {
    pub(super) at: Timestamp,
    /// The type of its event, or how many events it has.
    pub(super) what: &'request str,
    pub(super) id: &'request str,
    pub(super) bytes: usize,
    pub(super) token: Check,
    pub(super) signature: Check,
    /// 1 for the first time.
    pub(super) times: u32,
    pub(super) status: u16,
}

/// Result of checking a token or a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// There is nothing to check it against.
    Skipped,
    Right,
    Wrong(SignatureError),
}

impl Check {
    pub(super) fn is_wrong(self) -> bool {
        matches!(self, Self::Wrong(_))
    }
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skipped => formatter.write_str("not checked"),
            Self::Right => formatter.write_str("ok"),
            Self::Wrong(error) => write!(formatter, "{}", error.to_string().to_uppercase()),
        }
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            at,
            what,
            id,
            bytes,
            token,
            signature,
            times,
            status,
        } = self;
        write!(
            formatter,
            "{at}  {status}  {}  id {}  {bytes} bytes  token {token}, signature {signature}",
            OneLine(what),
            OneLine(id),
        )?;
        match times {
            0 | 1 => Ok(()),
            times => write!(formatter, "  (time {times})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_was_proved() {
        let line = Line {
            at: Timestamp::from_unix_ms(0),
            what: "user_created",
            id: "7",
            bytes: 512,
            token: Check::Wrong(SignatureError::Wrong),
            signature: Check::Right,
            times: 2,
            status: 401,
        };
        let expected =
            "1970-01-01T00:00:00.000Z  401  user_created  id 7  512 bytes  token WRONG, signature ok  (time 2)";
        assert_eq!(line.to_string(), expected);
        assert!(
            Line {
                times: 1,
                token: Check::Skipped,
                ..line
            }
            .to_string()
            .ends_with("token not checked, signature ok")
        );
    }
}

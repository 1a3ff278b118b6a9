//! The position at which a page of events ended, as opaque text.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Timestamp, ids::Seq};
use engine::log::BrowsePosition;

/// A position for each order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cursor {
    Created(BrowsePosition),
    Position(Seq),
}

impl Cursor {
    /// The cursor as text.
    pub(crate) fn print(self) -> String {
        let text = match self {
            Self::Created(BrowsePosition { created_at, seq }) => format!("c {} {seq}", created_at.unix_ms()),
            Self::Position(seq) => format!("p {seq}"),
        };
        URL_SAFE_NO_PAD.encode(text)
    }

    /// `None` if it was not created here.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        match *text.split(' ').collect::<Vec<_>>() {
            ["c", created_at, seq] => Some(Self::Created(BrowsePosition {
                created_at: Timestamp::from_unix_ms(created_at.parse().ok()?),
                seq: Seq::new(seq.parse().ok()?),
            })),
            ["p", seq] => Some(Self::Position(Seq::new(seq.parse().ok()?))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_cursor_reads_back(ms in -62_167_219_200_000..253_402_300_799_999_i64, seq in any::<i64>()) {
            let created_at = Timestamp::from_unix_ms(ms);
            for cursor in [
                Cursor::Created(BrowsePosition { created_at, seq: Seq::new(seq) }),
                Cursor::Position(Seq::new(seq)),
            ] {
                prop_assert_eq!(Cursor::parse(&cursor.print()), Some(cursor));
            }
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            Cursor::parse(&text);
        }
    }
}

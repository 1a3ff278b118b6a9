//! The position at which a page of events ended, as opaque text. It names the lineage of the log, because a server that was restored from a
//! backup gives positions again.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Timestamp, ids::Seq};
use engine::{Lineage, log::BrowsePosition};

/// A position for each order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cursor {
    Created(BrowsePosition),
    Position(Seq),
}

/// Why a text is no cursor of this log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CursorError {
    /// It was not created by any server.
    Malformed,
    /// It is of a log before a restore, or of another server.
    OtherLog,
}

impl Cursor {
    /// The cursor as text.
    pub(crate) fn print(self, lineage: &Lineage) -> String {
        let text = match self {
            Self::Created(BrowsePosition { created_at, seq }) => format!("c {} {seq} {lineage}", created_at.unix_ms()),
            Self::Position(seq) => format!("p {seq} {lineage}"),
        };
        URL_SAFE_NO_PAD.encode(text)
    }

    /// # Errors
    /// [`CursorError`] unless [`Self::print`] has made it for the same log.
    pub(crate) fn parse(text: &str, lineage: &Lineage) -> Result<Self, CursorError> {
        let (cursor, of) = Self::read(text).ok_or(CursorError::Malformed)?;
        if of == *lineage.as_str() {
            Ok(cursor)
        } else {
            Err(CursorError::OtherLog)
        }
    }

    /// The cursor, and the lineage that it names.
    fn read(text: &str) -> Option<(Self, String)> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (cursor, lineage) = match *text.split(' ').collect::<Vec<_>>() {
            ["c", created_at, seq, lineage] => {
                let position = BrowsePosition {
                    created_at: Timestamp::from_unix_ms(created_at.parse().ok()?),
                    seq: Seq::new(seq.parse().ok()?),
                };
                (Self::Created(position), lineage)
            }
            ["p", seq, lineage] => (Self::Position(Seq::new(seq.parse().ok()?)), lineage),
            _ => return None,
        };
        Some((cursor, lineage.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_cursor_reads_back_in_its_own_log(ms in -62_167_219_200_000..253_402_300_799_999_i64, seq in any::<i64>()) {
            let created_at = Timestamp::from_unix_ms(ms);
            let [lineage, other] = ["0123456789", "1123456789"].map(Lineage::of_instance);
            for cursor in [
                Cursor::Created(BrowsePosition { created_at, seq: Seq::new(seq) }),
                Cursor::Position(Seq::new(seq)),
            ] {
                prop_assert_eq!(Cursor::parse(&cursor.print(&lineage), &lineage), Ok(cursor));
                prop_assert_eq!(Cursor::parse(&cursor.print(&lineage), &other), Err(CursorError::OtherLog));
            }
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            prop_assert!(Cursor::parse(&text, &Lineage::of_instance("01234567")).is_err());
        }
    }
}

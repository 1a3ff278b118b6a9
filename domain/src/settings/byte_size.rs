//! Sizes as people write them: `10GiB`, `500MB`, `1073741824`.

use std::{fmt, str::FromStr};

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

/// The text was no size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a size such as 10GiB, 500MB or a number of bytes")]
pub struct InvalidByteSize;

const UNITS: [(&str, u64); 10] = [
    ("", 1),
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

/// In which a size is written, the largest first.
const WRITTEN: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

impl ByteSize {
    /// To a tenth, for reading: `1.4 GiB`.
    pub fn rounded(self) -> String {
        let unit = WRITTEN.iter().find(|(_, bytes)| self.0 >= *bytes);
        let Some((name, bytes)) = unit else {
            return format!("{} bytes", self.0);
        };
        let (whole, rest) = (self.0 / bytes, self.0 % bytes);
        let tenths = rest.saturating_mul(10) / bytes;
        format!("{whole}.{tenths} {name}")
    }
}

/// Exact, in the largest unit that allows it: `10GiB`.
impl fmt::Display for ByteSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = WRITTEN
            .iter()
            .find(|(_, bytes)| self.0 > 0 && self.0.is_multiple_of(*bytes));
        match unit {
            Some((name, bytes)) => write!(formatter, "{}{name}", self.0 / bytes),
            None => self.0.fmt(formatter),
        }
    }
}

impl FromStr for ByteSize {
    type Err = InvalidByteSize;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let end = text
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(text.len());
        let (digits, unit) = text.split_at_checked(end).ok_or(InvalidByteSize)?;
        let unit = unit.trim().to_ascii_lowercase();
        let (_, bytes) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(InvalidByteSize)?;
        let count: u64 = digits.parse().map_err(|_| InvalidByteSize)?;
        count.checked_mul(*bytes).map(Self).ok_or(InvalidByteSize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("0", 0),
            ("1024", 1024),
            ("10GiB", 10_737_418_240),
            ("10 gib", 10_737_418_240),
            ("500MB", 500_000_000),
            ("7b", 7),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "GiB", "1.5GiB", "-1", "10 elephants", "99999999999TiB", "1GiB!"] {
            assert_eq!(text.parse::<ByteSize>(), Err(InvalidByteSize), "{text}");
        }
    }

    #[test]
    fn a_size_reads_back_as_written() {
        for (bytes, text) in [
            (10 << 30, "10GiB"),
            (500_000_000, "500000000"),
            (1536 << 20, "1536MiB"),
            (0, "0"),
        ] {
            assert_eq!(ByteSize(bytes).to_string(), text);
            assert_eq!(text.parse(), Ok(ByteSize(bytes)));
        }
    }

    #[test]
    fn for_reading_a_tenth_is_enough() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1536, "1.5 KiB"),
            (10 << 30, "10.0 GiB"),
        ] {
            assert_eq!(ByteSize(bytes).rounded(), text);
        }
    }
}

//! Where a new stream begins.

use std::fmt;

use crate::{Field, FieldError, Timestamp};

/// Which of the events that are in the log already a new destination receives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StartFrom {
    /// None: it begins with what arrives from now on.
    #[default]
    Now,
    /// Every one that is still there.
    Beginning,
    /// Those received at this moment or later.
    At(Timestamp),
}

impl StartFrom {
    /// From `now` (or nothing), `beginning`, or a time in RFC 3339.
    ///
    /// # Errors
    /// At [`Field::StartFrom`].
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        match text.trim() {
            "" | "now" => Ok(Self::Now),
            "beginning" => Ok(Self::Beginning),
            time => Timestamp::parse(time).map(Self::At).map_err(|_| {
                FieldError::new(
                    Field::StartFrom,
                    "Start from must be now, beginning, or a date and time, for example 2026-01-31T09:30:00Z",
                )
            }),
        }
    }
}

/// As it is parsed.
impl fmt::Display for StartFrom {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => formatter.write_str("now"),
            Self::Beginning => formatter.write_str("beginning"),
            Self::At(moment) => moment.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read() {
        assert_eq!(StartFrom::parse(""), Ok(StartFrom::Now));
        assert_eq!(StartFrom::parse(" now "), Ok(StartFrom::Now));
        assert_eq!(StartFrom::parse("beginning"), Ok(StartFrom::Beginning));
        let at = Timestamp::parse("2026-01-31T09:30:00Z").unwrap();
        assert_eq!(StartFrom::parse("2026-01-31T09:30:00Z"), Ok(StartFrom::At(at)));
        assert_eq!(StartFrom::parse("yesterday").unwrap_err().field, Field::StartFrom);
    }
}

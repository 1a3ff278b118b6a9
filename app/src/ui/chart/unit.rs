//! What the values of a chart are.

use crate::model::text::{counted, grouped};

/// The unit of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things, with the noun for one of them.
    Count(&'static str),
    /// Microseconds.
    Micros,
}

impl Unit {
    /// `12 events`, `12 ms`.
    pub fn text(self, value: u64) -> String {
        match self {
            Self::Count(noun) => counted(value, noun),
            Self::Micros => duration_text(value),
        }
    }

    /// As short as it gets, for axes and columns that name the unit: `12`, `12 ms`.
    pub fn short(self, value: u64) -> String {
        match self {
            Self::Count(_) => grouped(value),
            Self::Micros => duration_text(value),
        }
    }
}

/// `0.8 ms`, `12 ms`, `1.2 s`, `4 min`, `3.5 h`, of microseconds.
pub fn duration_text(micros: u64) -> String {
    let seconds = micros / 1_000_000;
    match micros {
        0..10_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        10_000..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..120_000_000 => format!("{}.{} s", seconds, micros % 1_000_000 / 100_000),
        120_000_000..7_200_000_000 => format!("{} min", seconds / 60),
        _ => format!("{}.{} h", seconds / 3_600, seconds % 3_600 / 360),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_as_exact_as_they_are_known() {
        let texts = [
            (840, "0.8 ms"),
            (9_999, "9.9 ms"),
            (12_400, "12 ms"),
            (1_240_000, "1.2 s"),
            (30_000_000, "30.0 s"),
            (240_000_000, "4 min"),
            (17_400_000_000, "4.8 h"),
        ];
        for (micros, text) in texts {
            assert_eq!(Unit::Micros.text(micros), text);
        }
    }

    #[test]
    fn counts_name_what_they_count() {
        let unit = Unit::Count("event");
        assert_eq!(
            (unit.text(1), unit.text(1_200), unit.short(1_200)),
            ("1 event".into(), "1,200 events".into(), "1,200".into())
        );
    }
}

//! The marks below a chart.

use domain::activity::{Minute, Span};

use super::parts::Reader;

/// Marks from the first point to the last.
const MARKS: u32 = 5;

/// What stands below a chart that ends with this minute.
pub(super) fn time_marks(span: Span, start: Minute, reader: Reader) -> Vec<String> {
    let end = span.minutes().saturating_sub(span.step());
    (0..MARKS)
        .map(|mark| {
            let back = end.saturating_sub(end.saturating_mul(mark) / (MARKS - 1));
            let minute = Minute::new(start.number().saturating_add(i64::from(end - back)));
            match span {
                Span::Week => reader.day(minute.start()),
                Span::Hour | Span::Day => reader.time_of_day(minute.start()),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    #[test]
    fn marks_go_from_the_first_point_to_the_last() {
        let now = Timestamp::parse("2026-03-24T10:59:30Z").unwrap();
        let reader = Reader {
            now,
            offset_minutes: Some(0),
        };
        let marks = |span: Span| time_marks(span, span.start(Minute::of(now)), reader);
        assert_eq!(marks(Span::Hour), ["10:00", "10:14", "10:29", "10:44", "10:59"]);
        assert_eq!(marks(Span::Week).first().map(String::as_str), Some("03-17"));
        assert_eq!(marks(Span::Week).last().map(String::as_str), Some("03-24"));
    }
}

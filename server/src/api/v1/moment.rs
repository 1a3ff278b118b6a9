//! Times as the API reads and writes them.

use domain::Timestamp;
use serde::Serialize;

const DAY_MS: i64 = 86_400_000;

/// A time in an answer: RFC 3339, in UTC, with milliseconds.
pub(super) struct Moment(pub(super) Timestamp);

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl utoipa::PartialSchema for Moment {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(
                utoipa::openapi::KnownFormat::DateTime,
            )))
            .examples(["2025-10-14T18:00:08.677Z"])
            .into()
    }
}

impl utoipa::ToSchema for Moment {
    fn name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }
}

/// The first moment of a day, `2025-10-14` in UTC, or the moment itself.
pub(super) fn start_of(text: &str) -> Option<Timestamp> {
    day(text).or_else(|| Timestamp::parse(text).ok())
}

/// The first moment after a day, or after the moment itself.
pub(super) fn end_of(text: &str) -> Option<Timestamp> {
    let day_after = day(text).map(|day| later(day, DAY_MS));
    day_after.or_else(|| Timestamp::parse(text).ok().map(|moment| later(moment, 1)))
}

fn day(text: &str) -> Option<Timestamp> {
    Timestamp::parse(&format!("{text}T00:00:00Z")).ok()
}

const fn later(moment: Timestamp, by_ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(moment.unix_ms().saturating_add(by_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_moments_count_themselves() {
        let text = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
        for (given, start, end) in [
            ("2026-02-28", "2026-02-28T00:00:00.000Z", "2026-03-01T00:00:00.000Z"),
            (
                "2026-02-28T01:00:00+01:00",
                "2026-02-28T00:00:00.000Z",
                "2026-02-28T00:00:00.001Z",
            ),
        ] {
            assert_eq!(text(start_of(given)).as_deref(), Some(start));
            assert_eq!(text(end_of(given)).as_deref(), Some(end));
        }
        for bad in ["", "yesterday", "2026-02-30", "2026-02-28T00:00:00"] {
            assert_eq!((start_of(bad), end_of(bad)), (None, None), "{bad}");
        }
    }
}

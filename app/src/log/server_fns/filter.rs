//! The Log's filter as the engine takes it.

use domain::Timestamp;
use engine::log::{EntityFilter, EventFilter, Exclusions};

use crate::{
    log::filter::{LogFilter, times},
    wire::AppError,
};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// `now` decides where relative ranges start.
///
/// # Errors
/// [`AppError::Invalid`] with what is wrong, at its field.
pub fn event_filter(filter: &LogFilter, now: Timestamp) -> Result<EventFilter, AppError> {
    let errors = filter.errors();
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors));
    }
    let given = |text: &String| (!text.is_empty()).then(|| text.clone());
    let users = filter.entities.iter().filter_map(|entity| entity.strip_prefix("User/"));
    let entities = entities(&filter.entities).filter(|entity| entity.entity_type != "User");
    Ok(EventFilter {
        authors: filter.authors.clone(),
        users: users.map(str::to_owned).collect(),
        entities: entities.collect(),
        event_types: filter.event_types.clone(),
        ip_addresses: filter.ip_addresses.clone(),
        text: given(&filter.text),
        created_from: times::start(&filter.created_after).or_else(|| start_of_range(&filter.range, now)),
        created_before: times::end(&filter.created_before),
        except: Exclusions {
            authors: filter.not_authors.clone(),
            entities: self::entities(&filter.not_entities).collect(),
            event_types: filter.not_event_types.clone(),
            ip_addresses: filter.not_ip_addresses.clone(),
        },
    })
}

/// Of `Type/id or path`.
fn entities(texts: &[String]) -> impl Iterator<Item = EntityFilter> {
    let pairs = texts.iter().filter_map(|text| text.split_once('/'));
    pairs.map(|(entity_type, entity)| EntityFilter {
        entity_type: entity_type.to_owned(),
        entity: Some(entity.to_owned()),
    })
}

/// When a range starts. Days are days of UTC, and today is one of them.
fn start_of_range(range: &str, now: Timestamp) -> Option<Timestamp> {
    let today = moved(now, -now.unix_ms().rem_euclid(DAY_MS));
    match range {
        "last_15_minutes" => Some(moved(now, -15 * MINUTE_MS)),
        "last_hour" => Some(moved(now, -HOUR_MS)),
        "last_24_hours" => Some(moved(now, -DAY_MS)),
        "last_7_days" => Some(moved(today, -6 * DAY_MS)),
        "last_14_days" => Some(moved(today, -13 * DAY_MS)),
        "this_month" => {
            let text = today.to_string();
            Timestamp::start_of(&format!("{}-01", text.get(..7)?))
        }
        _ => None,
    }
}

const fn moved(moment: Timestamp, by_ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(moment.unix_ms().saturating_add(by_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::location::LogLocation;

    fn filter(query: &str) -> Result<EventFilter, AppError> {
        let now = Timestamp::parse("2026-03-15T17:42:07Z").unwrap();
        event_filter(&LogLocation::from_query(query).filter, now)
    }

    fn span(query: &str) -> [Option<String>; 2] {
        let filter = filter(query).unwrap();
        [filter.created_from, filter.created_before].map(|moment| moment.map(|moment| moment.to_string()))
    }

    #[test]
    fn days_are_whole_and_of_utc() {
        let whole = [
            Some("2026-02-28T00:00:00.000Z".into()),
            Some("2026-03-01T00:00:00.000Z".into()),
        ];
        assert_eq!(span("created_after=2026-02-28&created_before=2026-02-28"), whole);
        assert_eq!(span(""), [None, None]);
        assert_eq!(span("range=last_hour"), [Some("2026-03-15T16:42:07.000Z".into()), None]);
        let hour = [
            Some("2026-03-01T10:00:00.000Z".into()),
            Some("2026-03-01T11:00:00.000Z".into()),
        ];
        assert_eq!(
            span("created_after=2026-03-01T10:00Z&created_before=2026-03-01T11:00Z"),
            hour
        );
    }

    #[test]
    fn each_condition_has_its_field() {
        let entity = |entity_type: &str, entity: &str| EntityFilter {
            entity_type: entity_type.into(),
            entity: Some(entity.into()),
        };
        let all = "author_username=a&entity_type=Group&entity_id=b&event_type=c&ip_address=d&text=e";
        let expected = EventFilter {
            authors: vec!["a".into()],
            entities: vec![entity("Group", "b")],
            event_types: vec!["c".into()],
            ip_addresses: vec!["d".into()],
            text: Some("e".into()),
            ..EventFilter::default()
        };
        assert_eq!(filter(all), Ok(expected));
        let user = EventFilter {
            users: vec!["7".into()],
            ..EventFilter::default()
        };
        let several = filter("entity_type=User&entity_id=7&entity_type=Group&entity_id=a&event_type=c&event_type=d");
        let expected = EventFilter {
            entities: vec![entity("Group", "a")],
            event_types: vec!["c".into(), "d".into()],
            ..user.clone()
        };
        assert_eq!(several, Ok(expected));
        assert_eq!(filter("entity_type=User&entity_id=7"), Ok(user.clone()));
        assert_eq!(filter("entity_type=User&entity_username=7"), Ok(user));
        let excluded = Exclusions {
            authors: vec!["a".into(), "b".into()],
            entities: vec![entity("Project", "x/y")],
            event_types: vec!["c".into()],
            ip_addresses: vec!["d".into()],
        };
        let query =
            "not_author_username=a&not_author_username=b&not_entity=Project/x/y&not_event_type=c&not_ip_address=d";
        assert_eq!(filter(query).unwrap().except, excluded);
        assert!(matches!(filter("created_after=x"), Err(AppError::Invalid(_))));
    }

    #[test]
    fn ranges_end_now_and_days_are_of_utc() {
        let now = Timestamp::parse("2026-03-15T17:42:07Z").unwrap();
        for (range, start) in [
            ("last_15_minutes", "2026-03-15T17:27:07.000Z"),
            ("last_hour", "2026-03-15T16:42:07.000Z"),
            ("last_24_hours", "2026-03-14T17:42:07.000Z"),
            ("last_7_days", "2026-03-09T00:00:00.000Z"),
            ("last_14_days", "2026-03-02T00:00:00.000Z"),
            ("this_month", "2026-03-01T00:00:00.000Z"),
            ("", ""),
        ] {
            let text = start_of_range(range, now).map_or_else(String::new, |moment| moment.to_string());
            assert_eq!(text, start, "{range}");
        }
    }
}

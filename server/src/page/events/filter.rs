//! The Log's filter as the engine takes it.

use app::{model::log_filter::LogFilter, wire::AppError};
use domain::Timestamp;
use engine::log::{EntityFilter, EventFilter};

const DAY_MS: i64 = 86_400_000;

/// `now` says which day is today.
///
/// # Errors
/// [`AppError::Invalid`] with what is wrong, at its field.
pub(super) fn event_filter(filter: &LogFilter, now: Timestamp) -> Result<EventFilter, AppError> {
    let errors = filter.errors();
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors));
    }
    let given = |text: &String| (!text.is_empty()).then(|| text.clone());
    let (user, entity) = match (given(&filter.entity), filter.entity_type.as_str()) {
        (user, "User") => (user, None),
        (Some(entity), entity_type) => {
            let entity_type = entity_type.to_owned();
            let entity = Some(entity);
            (None, Some(EntityFilter { entity_type, entity }))
        }
        (None, _) => (None, None),
    };
    let last_day = start_of(&filter.created_before);
    Ok(EventFilter {
        author: given(&filter.author),
        user,
        entity,
        event_type: given(&filter.event_type),
        ip_address: given(&filter.ip_address),
        text: given(&filter.text),
        created_from: start_of(&filter.created_after).or_else(|| start_of_range(&filter.range, now)),
        created_before: last_day.map(|day| moved(day, DAY_MS)),
    })
}

fn start_of(day: &str) -> Option<Timestamp> {
    Timestamp::parse(&format!("{day}T00:00:00Z")).ok()
}

/// Today is one of the days.
fn start_of_range(range: &str, now: Timestamp) -> Option<Timestamp> {
    let today = moved(now, -now.unix_ms().rem_euclid(DAY_MS));
    match range {
        "last_7_days" => Some(moved(today, -6 * DAY_MS)),
        "last_14_days" => Some(moved(today, -13 * DAY_MS)),
        "this_month" => {
            let text = today.to_string();
            start_of(&format!("{}-01", text.get(..7)?))
        }
        _ => None,
    }
}

const fn moved(moment: Timestamp, by_ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(moment.unix_ms().saturating_add(by_ms))
}

#[cfg(test)]
mod tests {
    use app::model::log_location::LogLocation;

    use super::*;

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
    }

    #[test]
    fn ranges_end_today() {
        for (range, start) in [("last_7_days", "09"), ("last_14_days", "02"), ("this_month", "01")] {
            assert_eq!(
                span(&format!("range={range}")),
                [Some(format!("2026-03-{start}T00:00:00.000Z")), None]
            );
        }
    }

    #[test]
    fn each_token_has_its_place() {
        let all = "author_username=a&entity_type=Group&entity_id=b&event_type=c&ip_address=d&text=e";
        let expected = EventFilter {
            author: Some("a".into()),
            entity: Some(EntityFilter {
                entity_type: "Group".into(),
                entity: Some("b".into()),
            }),
            event_type: Some("c".into()),
            ip_address: Some("d".into()),
            text: Some("e".into()),
            ..EventFilter::default()
        };
        assert_eq!(filter(all), Ok(expected));
        let user = EventFilter {
            user: Some("7".into()),
            ..EventFilter::default()
        };
        assert_eq!(filter("entity_type=User&entity_id=7"), Ok(user.clone()));
        assert_eq!(filter("entity_type=User&entity_username=7"), Ok(user));
        assert!(matches!(filter("created_after=x"), Err(AppError::Invalid(_))));
    }
}

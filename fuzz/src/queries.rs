//! Parameters of lists of events: of REST, of GitLab's REST, and cursors.

use std::time::Duration;

use api::fuzz::{read_cursor, read_event_query, read_gitlab_query};
use domain::Timestamp;
use engine::log::{EntityFilter, EventFilter};
use http::Uri;
use url::form_urlencoded::Serializer;

/// The input is the query of a URL. A filter that is accepted reads back as the same filter; anything else is an error of the client.
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Some(cursor) = read_cursor(&text) {
        assert_eq!(read_cursor(&cursor), Some(cursor));
    }
    let Ok(uri) = format!("/api/v1/audit_events?{text}").parse::<Uri>() else {
        return;
    };
    match read_gitlab_query(&uri) {
        Ok((filter, per_page)) => assert!((1..=100).contains(&per_page) && filter.except.is_empty()),
        Err(status) => assert!(status.is_client_error()),
    }
    match read_event_query(uri) {
        Ok((filter, per_page, cursor)) => {
            assert!((1..=100).contains(&per_page));
            assert!(cursor.is_none_or(|cursor| read_cursor(&cursor) == Some(cursor)));
            check_again(&filter);
        }
        Err(status) => assert!(matches!(status.as_u16(), 400 | 422), "{status}"),
    }
}

fn check_again(filter: &EventFilter) {
    let query = written(filter);
    let Ok(uri) = format!("/api/v1/audit_events?{query}").parse::<Uri>() else {
        // The parts of a URL are limited.
        return;
    };
    let again = read_event_query(uri).map(|(filter, ..)| filter);
    assert_eq!(again.as_ref(), Ok(filter), "{query}");
}

/// The parameters of a filter.
fn written(filter: &EventFilter) -> String {
    let mut query = Serializer::new(String::new());
    // An entity type alone is for this order.
    query.append_pair("order_by", "seq");
    let except = &filter.except;
    for (name, values) in [
        ("author", &filter.authors),
        ("user", &filter.users),
        ("event_type", &filter.event_types),
        ("ip_address", &filter.ip_addresses),
        ("not_author", &except.authors),
        ("not_event_type", &except.event_types),
        ("not_ip_address", &except.ip_addresses),
    ] {
        query.extend_pairs(values.iter().map(|value| (name, value)));
    }
    write_entities(&mut query, ("entity_type", "entity"), &filter.entities);
    write_entities(&mut query, ("not_entity_type", "not_entity"), &except.entities);
    query.extend_pairs(filter.text.iter().map(|text| ("text", text)));
    let from = filter.created_from.map(|moment| ("created_after", moment.to_string()));
    // The time itself is included, so the filter ends a millisecond later, except at the end of time.
    let last = |end: Timestamp| match end == end.plus(Duration::from_millis(1)) {
        true => end,
        false => end.minus(Duration::from_millis(1)),
    };
    let before = filter
        .created_before
        .map(|end| ("created_before", last(end).to_string()));
    query.extend_pairs(from.into_iter().chain(before));
    query.finish()
}

fn write_entities(query: &mut Serializer<'_, String>, (type_name, name): (&str, &str), entities: &[EntityFilter]) {
    for entity in entities {
        query.append_pair(type_name, &entity.entity_type);
        query.extend_pairs(entity.entity.iter().map(|entity| (name, entity)));
    }
}

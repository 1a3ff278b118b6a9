//! Filters of a destination: which events it is sent.

use domain::{
    destination::{EventFilter, FilterKind, MAX_NAMESPACES, NamespaceFilter},
    event::EventType,
};

use crate::lines::Lines;

/// The lines of the input are the type, the entity type and the entity path of an event, namespaces, and event types. The filters
/// admit what a plain reading of the rules admits.
pub fn run(input: &[u8]) {
    let mut lines = Lines::of(input);
    let (event_type, entity_type, path) = (lines.take(), lines.take(), lines.take());
    check_namespaces(&lines.take(), &entity_type, &path);
    check_types(&event_type, &lines.rest());
}

fn check_types(event_type: &str, names: &[String]) {
    for kind in FilterKind::ALL {
        match EventFilter::parse(kind, names) {
            Ok(filter) => {
                assert!(
                    names
                        .iter()
                        .all(|name| filter.types().any(|known| known.as_str() == name))
                );
                assert_eq!(filter, EventFilter::new(kind, filter.types().cloned()));
                if let Some(event_type) = EventType::parse(event_type) {
                    let is_named = names.iter().any(|name| name == event_type.as_str());
                    let expected = names.is_empty() || is_named == (kind == FilterKind::Allow);
                    assert_eq!(filter.admits(&event_type), expected, "{kind:?} {names:?} {event_type}");
                }
            }
            Err(errors) => {
                assert!(
                    errors
                        .iter()
                        .all(|error| error.field == kind.field() && !error.message.is_empty())
                );
                assert!(names.iter().any(|name| EventType::parse(name).is_none()));
            }
        }
    }
}

fn check_namespaces(text: &str, entity_type: &str, path: &str) {
    // Two of them stand in one line.
    let text = text.replace(';', "\n");
    let Ok(filter) = NamespaceFilter::parse(&text) else {
        return;
    };
    assert!(filter.iter().count() <= MAX_NAMESPACES);
    assert_eq!(NamespaceFilter::parse(&filter.to_string()).as_ref(), Ok(&filter));
    assert!(filter.admits("Gitlab::Audit::InstanceScope", path) && filter.admits(entity_type, ""));
    for entity_type in ["Group", "Project", entity_type] {
        let lower = path.to_ascii_lowercase();
        let covers = |namespace: String| lower == namespace || lower.starts_with(&format!("{namespace}/"));
        let is_inside = filter
            .iter()
            .any(|namespace| covers(namespace.as_str().to_ascii_lowercase()));
        let lies_nowhere = path.is_empty() || !matches!(entity_type, "Group" | "Project");
        let expected = filter.admits_all() || lies_nowhere || is_inside;
        assert_eq!(
            filter.admits(entity_type, path),
            expected,
            "{filter} {entity_type} {path}"
        );
    }
}

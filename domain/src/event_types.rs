//! The built-in catalogue of audit event types: those of GitLab and of this product, with a category and a line on each.
//!
//! Only the server uses it: a browser asks for what it needs.

use std::{collections::HashSet, sync::LazyLock};

/// One line a type: name, category, description, GitLab's feature category, the release that brought it, and `saved` or
/// `streamed only`, separated by tabs; sorted by category, then by name.
const CATALOGUE: &str = include_str!("event_types.tsv");

/// A type that is known before any event of it was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltInType {
    /// Name of the type in events.
    pub name: &'static str,
    /// GitLab's category of the type.
    pub category: &'static str,
    /// When it is recorded, as a sentence.
    pub description: &'static str,
    /// GitLab's name of the area of the product, for example `user_management`.
    pub feature_category: &'static str,
    /// The release of GitLab, or of this product, that brought it, for example `15.7`.
    pub milestone: &'static str,
    /// Whether GitLab keeps such events besides streaming them.
    pub saved_to_database: bool,
}

static NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| built_in_types().map(|built_in| built_in.name).collect());

/// Whether the catalogue of built-in types contains this name.
pub fn is_built_in(name: &str) -> bool {
    NAMES.contains(name)
}

/// Every built-in type, by category, then by name.
pub fn built_in_types() -> impl Iterator<Item = BuiltInType> {
    CATALOGUE.lines().filter_map(|line| {
        let mut columns = line.split('\t');
        Some(BuiltInType {
            name: columns.next()?,
            category: columns.next()?,
            description: columns.next()?,
            feature_category: columns.next()?,
            milestone: columns.next()?,
            saved_to_database: columns.next()? == "saved",
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventType;

    #[test]
    fn types_of_the_newest_release_are_built_in() {
        for (name, milestone, is_saved) in [
            ("ai_tool_invoked", "19.0", true),
            ("duo_tool_call_approved", "19.0", false),
            ("group_transferred_to_organization", "19.3", true),
            ("repository_file_accessed_api", "19.0", false),
            ("user_signed_in_from_unseen_ip", "19.0", true),
        ] {
            let found = built_in_types().find(|built_in| built_in.name == name).unwrap();
            assert_eq!(
                (found.milestone, found.saved_to_database),
                (milestone, is_saved),
                "{name}"
            );
        }
    }

    #[test]
    fn every_line_is_a_type_of_its_own() {
        let types: Vec<BuiltInType> = built_in_types().collect();
        assert_eq!(types.len(), CATALOGUE.lines().count());
        let names: HashSet<&str> = types.iter().map(|built_in| built_in.name).collect();
        assert_eq!(names.len(), types.len());
        assert!(types.len() >= 630, "{}", types.len());
        assert_eq!(types.iter().filter(|built_in| !built_in.saved_to_database).count(), 41);
        let order = |built_in: &BuiltInType| (built_in.category.to_ascii_lowercase(), built_in.name);
        assert!(types.is_sorted_by_key(order));
        assert!(!is_built_in("never_heard_of") && !is_built_in(""));
        for built_in in types {
            assert!(is_built_in(built_in.name));
            assert!(!built_in.feature_category.contains(' ') && !built_in.milestone.is_empty());
            assert!(EventType::parse(built_in.name).is_some(), "{}", built_in.name);
            assert!(
                !built_in.category.is_empty() && built_in.description.ends_with('.'),
                "{}",
                built_in.name
            );
        }
    }
}

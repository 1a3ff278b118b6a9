//! An event in one sentence.

use domain::view::EventRow;

/// Who did what: `root changed visibility from Private to Public`.
///
/// Joined into one sentence only when the action starts with a verb in the past; otherwise the author stands before it.
pub fn sentence(row: &EventRow) -> String {
    let author = author(row);
    let action = row.summary.action.trim();
    if author.is_empty() || action.is_empty() {
        return format!("{author}{action}");
    }
    let first_word = action.split_whitespace().next().unwrap_or_default();
    if is_past_tense(first_word) {
        format!("{author} {}", uncapitalised(action))
    } else {
        format!("{author}: {action}")
    }
}

/// The author's name, or the id when there is no name.
pub fn author(row: &EventRow) -> &str {
    first_of([&row.summary.author_name, &row.summary.author_id])
}

/// What the event is about: its path, or its type when there is no path.
pub fn object(row: &EventRow) -> &str {
    first_of([&row.summary.entity_path, &row.summary.entity_type])
}

/// What was touched, or its type when it has no name.
pub fn target(row: &EventRow) -> &str {
    first_of([&row.summary.target_details, &row.summary.target_type])
}

/// A path whose first parts are left out if it has more than `enough` characters: `…/foundation/models`. The last part stays
/// whole.
pub fn short_path(path: &str, enough: usize) -> String {
    if path.chars().count() <= enough {
        return path.to_owned();
    }
    let parts = path
        .match_indices('/')
        .map(|(start, _)| path.get(start..).unwrap_or_default());
    let mut shortest = None;
    for rest in parts {
        shortest = Some(rest);
        if rest.chars().count() < enough {
            break;
        }
    }
    shortest.map_or_else(|| path.to_owned(), |rest| format!("…{rest}"))
}

/// What values mean that are filled in where an event has none.
pub fn explanation(value: &str) -> Option<&'static str> {
    match value {
        "-1" => Some("-1: the event has no author ID."),
        "unknown" => Some("The event does not name its target."),
        _ => None,
    }
}

fn first_of(texts: [&str; 2]) -> &str {
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

fn is_past_tense(word: &str) -> bool {
    word.len() > 3 && word.ends_with("ed") && word.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn uncapitalised(text: &str) -> String {
    let mut uncapitalised = text.to_owned();
    if let Some(first) = uncapitalised.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    uncapitalised
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, ids::Seq, view::EventSummary};

    use super::*;

    fn row(author_name: &str, action: &str) -> EventRow {
        EventRow {
            seq: Seq::new(1),
            created_at: Timestamp::from_unix_ms(0),
            received_at: Timestamp::from_unix_ms(0),
            event_type: "x".into(),
            summary: EventSummary {
                author_id: "7".into(),
                author_name: author_name.into(),
                entity_type: "Project".into(),
                action: action.into(),
                target_type: "User".into(),
                target_details: "alice".into(),
                ..EventSummary::default()
            },
        }
    }

    #[test]
    fn a_verb_follows_its_author() {
        let changed = row("root", "Changed visibility from Private to Public");
        assert_eq!(sentence(&changed), "root changed visibility from Private to Public");
    }

    #[test]
    fn what_is_no_verb_stays_as_it_is() {
        let deletion = row("Administrator", "User qa-1 scheduled for deletion");
        assert_eq!(sentence(&deletion), "Administrator: User qa-1 scheduled for deletion");
        assert_eq!(sentence(&row("", "Red team")), "7: Red team");
    }

    #[test]
    fn a_name_comes_before_an_id_or_a_type() {
        let nameless = row("", "");
        assert_eq!(
            (author(&nameless), object(&nameless), target(&nameless)),
            ("7", "Project", "alice")
        );
    }

    #[test]
    fn a_long_path_keeps_its_last_part() {
        assert_eq!(short_path("group/project", 26), "group/project");
        assert_eq!(
            short_path("research/ml/foundation/models-2026", 26),
            "…/foundation/models-2026"
        );
        assert_eq!(
            short_path("a/b/a-name-that-is-longer-than-that", 10),
            "…/a-name-that-is-longer-than-that"
        );
        assert_eq!(
            short_path("no-path-but-a-very-long-name", 10),
            "no-path-but-a-very-long-name"
        );
        assert_eq!(short_path("группа/подгруппа/проект", 12), "…/проект");
    }

    #[test]
    fn values_that_need_it_are_explained() {
        assert!(explanation("-1").is_some_and(|text| text.contains("no author ID")));
        assert!(explanation("unknown").is_some());
        assert_eq!(explanation("7"), None);
    }
}

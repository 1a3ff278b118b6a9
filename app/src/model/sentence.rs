//! An event in one sentence.

use crate::wire::LogRow;

/// Who did what: `root changed visibility from Private to Public`.
///
/// Joined into one sentence only when the action starts with a verb in the past; otherwise the author stands before it.
pub fn sentence(row: &LogRow) -> String {
    let author = author(row);
    let action = row.action.trim();
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
pub fn author(row: &LogRow) -> &str {
    first_of([&row.author_name, &row.author_id])
}

/// What the event is about: its path, or its type when there is no path.
pub fn object(row: &LogRow) -> &str {
    first_of([&row.entity_path, &row.entity_type])
}

/// What was touched, or its type when it has no name.
pub fn target(row: &LogRow) -> &str {
    first_of([&row.target_details, &row.target_type])
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
    use domain::{Timestamp, ids::Seq};

    use super::*;

    fn row(author_name: &str, action: &str) -> LogRow {
        LogRow {
            seq: Seq::new(1),
            created_at: Timestamp::from_unix_ms(0),
            event_type: "x".into(),
            author_id: "7".into(),
            author_name: author_name.into(),
            entity_type: "Project".into(),
            entity_path: String::new(),
            action: action.into(),
            target_type: "User".into(),
            target_details: "alice".into(),
            ip_address: String::new(),
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
}

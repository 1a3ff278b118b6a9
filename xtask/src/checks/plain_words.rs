//! Public text uses the terms of the field: messages, descriptions of the APIs, log lines, help and documentation.
//!
//! The words are those that once stood for a term of the field here. Identifiers and comments inside the code may use
//! them; text that a user reads may not.

use super::source::Source;

/// A word that public text does not use, and what it says instead.
const WORDS: [(&str, &str); 19] = [
    ("told", "reported, notified"),
    ("owed", "undelivered"),
    ("owes", "has not delivered"),
    ("settle", "acknowledge"),
    ("settled", "acknowledged"),
    ("settles", "acknowledges"),
    ("acked", "acknowledged"),
    ("strangers", "anonymous requests"),
    ("stranger", "an anonymous request"),
    ("steer", "control"),
    ("steered", "controlled"),
    ("drawn", "rendered"),
    ("lane", "entity queue"),
    ("lanes", "entity queues"),
    ("mend", "fix"),
    ("mended", "fixed"),
    ("refuse", "reject"),
    ("refuses", "rejects"),
    ("refusals", "rejections"),
];

const SHIPPED: [&str; 6] = [
    "api/src/",
    "app/src/",
    "domain/src/",
    "drill/src/",
    "engine/src/",
    "server/src/",
];

const DOCUMENTS: [&str; 3] = ["README.md", "docs/openapi.json", "docs/schema.graphql"];

pub(super) fn check(source: &Source) -> Vec<String> {
    let is_code = SHIPPED.iter().any(|folder| source.is_rust_in(folder));
    let is_document =
        DOCUMENTS.contains(&source.path.as_str()) || (source.path.starts_with("docs/") && source.path.ends_with(".md"));
    if source.path.ends_with("/tests.rs") || !(is_code || is_document) {
        return Vec::new();
    }
    let describes_an_api = source.path.starts_with("api/src/");
    // A literal that goes on over the end of a line has a backslash there.
    let mut is_within = false;
    let mut public = |line: &str| {
        let text = match is_code {
            true if line.trim_start().starts_with("///") && describes_an_api => line.to_owned(),
            true if line.trim_start().starts_with("//") => String::new(),
            true => texts_of(line, is_within),
            false => line.to_owned(),
        };
        is_within = line.trim_end().ends_with('\\');
        text
    };
    let text = source.text.split("#[cfg(test)]\nmod tests {").next();
    let lines = text.unwrap_or_default().lines().zip(1..);
    let found = lines.filter_map(|(line, number)| Some((number, word_in(&public(line))?)));
    found
        .map(|(number, (word, instead))| format!("{}:{number}: write \"{instead}\", not \"{word}\"", source.path))
        .collect()
}

/// The string literals of a line that are sentences, and not names. `is_within` tells that the line begins inside of one.
fn texts_of(line: &str, is_within: bool) -> String {
    let literals = line.split('"').skip(usize::from(!is_within)).step_by(2);
    literals.filter(|text| text.contains(' ')).collect::<Vec<_>>().join(" ")
}

/// A word by itself: not a part of a name such as `told_as`, `shapes::drawn` or `drawn/circle.rs`.
fn word_in(text: &str) -> Option<(&'static str, &'static str)> {
    let words = text.split(|char: char| char.is_whitespace() || ",.;!?()\"'".contains(char));
    let lower: Vec<String> = words.map(str::to_lowercase).collect();
    WORDS
        .into_iter()
        .find(|(word, _)| lower.iter().any(|other| other == word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::source::source;

    #[test]
    fn messages_and_documents_are_checked() {
        let code = "let message = \"Who is told of it.\";\n";
        assert_eq!(
            check(&source("engine/src/alerts.rs", code)),
            ["engine/src/alerts.rs:1: write \"reported, notified\", not \"told\""]
        );
        let long = "const TEXT: &str = \"No more are taken in, and \\\n    whoever posts is told.\";\n";
        assert_eq!(check(&source("app/src/pages.rs", long)).len(), 1);
        assert_eq!(check(&source("docs/guide.md", "Each lane is settled.\n")).len(), 1);
        assert_eq!(check(&source("api/src/v1.rs", "/// What is still owed.\n")).len(), 1);
    }

    #[test]
    fn names_comments_and_tests_are_not() {
        for (path, text) in [
            ("engine/src/log.rs", "// The reader is told.\n"),
            ("app/src/ui/chart.rs", "view! { <path class=\"line drawn-line\"> }\n"),
            ("docs/development.md", "See `drawn/circle.rs` and `shapes::drawn`.\n"),
            (
                "engine/src/log.rs",
                "#[cfg(test)]\nmod tests {\n    assert!(ok, \"it is told\");\n}\n",
            ),
            ("engine/src/log/tests.rs", "assert!(ok, \"it is told\");\n"),
        ] {
            assert!(check(&source(path, text)).is_empty(), "{path}: {text}");
        }
    }
}

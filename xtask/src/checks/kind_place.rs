//! Only few files name a kind of destination: a new kind is a folder in `domain` and one in `engine::sink`, and a line in each list.

use super::source::{Source, code_of};

/// Beside the folders of the kinds: the two lists of them, GitLab's operations, of which each kind has its own, and the page's forms.
const ALLOWED: [&str; 10] = [
    "domain/src/destination.rs",
    "domain/src/destination/kind.rs",
    "engine/src/sink.rs",
    "api/src/graphql/family.rs",
    "api/src/graphql/google.rs",
    "api/src/graphql/http_destinations.rs",
    "api/src/graphql/s3.rs",
    "app/src/streams/editor/google_fields.rs",
    "app/src/streams/editor/http_fields.rs",
    "app/src/streams/editor/kind_fields.rs",
];

/// Shipped code only, up to the tests at its end.
pub(super) fn check(source: &Source) -> Vec<String> {
    let is_shipped = ["api/src/", "app/src/", "domain/src/", "engine/src/", "server/src/"];
    let concerned = is_shipped.iter().any(|folder| source.is_rust_in(folder));
    let is_test = source.path.ends_with("/tests.rs") || source.path.contains("/tests/");
    if !concerned || is_test || ALLOWED.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let shipped = source.text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let shipped = Source {
        path: source.path.clone(),
        text: shipped.to_owned(),
    };
    shipped.wrong_lines(
        names_a_kind,
        "a kind of destination is named: ask its KindSpec or SinkKind",
    )
}

/// Variants are in camel case, constants in capitals, functions in lower case.
fn names_a_kind(line: &str) -> bool {
    let mut paths = code_of(line).split("DestinationKind::").skip(1);
    paths.any(|rest| {
        let mut letters = rest.chars();
        let starts_like_a_variant = letters.next().is_some_and(char::is_uppercase);
        rest.starts_with('{') || (starts_like_a_variant && letters.next().is_some_and(char::is_lowercase))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::source::source;

    #[test]
    fn a_kind_is_named_only_where_kinds_are_listed() {
        let text = "let kind = DestinationKind::AmazonS3;\nuse DestinationKind::{Http};\n// DestinationKind::Http\n";
        assert_eq!(check(&source("engine/src/admin.rs", text)).len(), 2);
        assert!(check(&source("engine/src/sink.rs", text)).is_empty());
        assert!(check(&source("engine/src/admin/tests.rs", text)).is_empty());
        assert!(check(&source("engine/tests/it/main.rs", text)).is_empty());
        let all = "for kind in DestinationKind::ALL {\nlet kind = DestinationKind::parse(text);\n";
        assert!(check(&source("engine/src/admin.rs", all)).is_empty());
        let tested = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{text}}}\n");
        assert!(check(&source("engine/src/admin.rs", &tested)).is_empty());
    }
}

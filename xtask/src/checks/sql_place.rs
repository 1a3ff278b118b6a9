//! Only `engine::store` and `engine::log` speak to a database.

use super::source::{Source, code_of};

const ALLOWED: [&str; 4] = [
    "engine/src/store/",
    "engine/src/store.rs",
    "engine/src/log/",
    "engine/src/log.rs",
];

/// Shipped code only: a test or benchmark may open a database file to look at it.
pub(super) fn check(source: &Source) -> Vec<String> {
    let is_shipped = [
        "api/src/",
        "app/src/",
        "assets/src/",
        "domain/src/",
        "engine/src/",
        "server/src/",
    ];
    let concerned = is_shipped.iter().any(|folder| source.is_rust_in(folder));
    let is_test = source.path.ends_with("/tests.rs") || source.path.contains("/tests/");
    if !concerned || is_test || ALLOWED.iter().any(|place| source.path.starts_with(place)) {
        return Vec::new();
    }
    let speaks_sql = |line: &str| ["sqlx::", "rusqlite::"].iter().any(|name| code_of(line).contains(name));
    source.wrong_lines(speaks_sql, "a database is used outside engine::store and engine::log")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::source::source;

    #[test]
    fn only_the_store_and_the_log_may() {
        let text = "use sqlx::SqlitePool;\n// rusqlite::Connection is fine here\n";
        assert_eq!(
            check(&source("server/src/main.rs", text)),
            ["server/src/main.rs:1: a database is used outside engine::store and engine::log"]
        );
        assert!(check(&source("engine/src/store/events.rs", text)).is_empty());
        assert!(check(&source("engine/src/log.rs", text)).is_empty());
        assert!(check(&source("server/tests/it/main.rs", text)).is_empty());
        assert!(check(&source("engine/src/engine/tests.rs", text)).is_empty());
        assert_eq!(check(&source("engine/src/logic.rs", text)).len(), 1);
    }
}

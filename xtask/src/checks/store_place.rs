//! APIs, page and command line use the store through the operations of `engine::admin`, and not directly.

use super::source::{Source, code_of};

/// Shipped code only: a test or benchmark may look into the store.
pub(super) fn check(source: &Source) -> Vec<String> {
    if !["api/src/", "server/src/"]
        .iter()
        .any(|folder| source.is_rust_in(folder))
    {
        return Vec::new();
    }
    let uses_the_store = |line: &str| code_of(line).contains(".database()");
    source.wrong_lines(uses_the_store, "the store is used outside engine::admin")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::source::source;

    #[test]
    fn shipped_code_of_the_server_may_not() {
        let text = "let tokens = engine.database().list_tokens().await;\n// engine.database() is fine here\n";
        assert_eq!(
            check(&source("api/src/v1/tokens.rs", text)),
            ["api/src/v1/tokens.rs:1: the store is used outside engine::admin"]
        );
        let chained = "    .database()\n";
        assert_eq!(check(&source("server/src/cli.rs", chained)).len(), 1);
        for place in ["engine/src/admin/tokens.rs", "server/tests/it/tokens.rs"] {
            assert!(check(&source(place, text)).is_empty(), "{place}");
        }
    }
}

//! What other crates see of `engine`: its operations, and a few modules beside them. Everything else is private to the crate,
//! so that the compiler keeps others from going around `engine::admin`.

use super::source::{Source, code_of};

/// `log` is public because benchmarks open a log without an engine, and because searches return its types; `fuzz` under a feature
/// that only the fuzz targets have.
const PUBLIC: [&str; 5] = ["admin", "clock", "credentials", "fuzz", "log"];

pub(super) fn check(source: &Source) -> Vec<String> {
    if source.path != "engine/src/lib.rs" {
        return Vec::new();
    }
    let opens_another = |line: &str| {
        let module = code_of(line).trim().strip_prefix("pub mod ");
        module.is_some_and(|module| !PUBLIC.contains(&module.trim_end_matches([';', ' ', '{'])))
    };
    source.wrong_lines(
        opens_another,
        "a module of engine that is not meant for other crates is public",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::source::source;

    #[test]
    fn only_the_listed_modules_are_public() {
        let text =
            "pub mod admin;\nmod delivery;\npub mod store;\npub(crate) mod net;\n// pub mod sink;\npub mod vault {\n";
        let why = "a module of engine that is not meant for other crates is public";
        assert_eq!(
            check(&source("engine/src/lib.rs", text)),
            [3, 6].map(|line| format!("engine/src/lib.rs:{line}: {why}"))
        );
        assert!(check(&source("domain/src/lib.rs", text)).is_empty());
    }
}

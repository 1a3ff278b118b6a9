//! Files of the page stay short: a component that grows is split.

use super::source::Source;

const LIMIT: usize = 250;

pub(super) fn check(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    if source.is_rust_in("app/src/") && lines > LIMIT {
        return vec![format!("{}: {lines} lines, at most {LIMIT} in app/src", source.path)];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::source::source;

    #[test]
    fn the_limit_is_for_the_page_alone() {
        let long = "\n".repeat(LIMIT + 1);
        assert_eq!(check(&source("app/src/lib.rs", &long)).len(), 1);
        assert!(check(&source("app/src/lib.rs", &"\n".repeat(LIMIT))).is_empty());
        assert!(check(&source("engine/src/lib.rs", &long)).is_empty());
    }
}

//! The page hydrates whole and at once. `site::async_hydration` takes the code of the other ways out of the program, so
//! using one of them would stop the page in the browser.

use super::source::{Source, code_of};

const OTHER_WAYS: [&str; 7] = [
    "hydrate_lazy",
    "hydrate_from_async",
    "hydrate_islands",
    "hydrate_async",
    "#[lazy",
    "#[island",
    "\"islands",
];

pub(super) fn check(source: &Source) -> Vec<String> {
    if !source.path.starts_with("app/") {
        return Vec::new();
    }
    let is_other_way = |line: &str| OTHER_WAYS.iter().any(|way| code_of(line).contains(way));
    source.wrong_lines(
        is_other_way,
        "lazy routes and islands need asynchronous hydration, which is left out of the program (xtask/src/site/async_hydration.rs)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::source::source;

    #[test]
    fn lazy_routes_and_islands_are_refused() {
        assert_eq!(
            check(&source("app/src/lib.rs", "leptos::mount::hydrate_lazy(App);\n")).len(),
            1
        );
        assert_eq!(check(&source("app/src/log.rs", "#[lazy]\nfn log() {}\n")).len(), 1);
        assert_eq!(
            check(&source("app/Cargo.toml", "features = [\"islands-router\"]\n")).len(),
            1
        );
    }

    #[test]
    fn whole_hydration_is_not() {
        assert!(check(&source("app/src/lib.rs", "leptos::mount::hydrate_body(App);\n")).is_empty());
        assert!(check(&source("xtask/src/site.rs", "hydrate_async")).is_empty());
    }
}

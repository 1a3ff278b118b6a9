//! `site::left_out` takes code out of the page's program that the page does not need. What would need it is refused here:
//! it would stop in the browser, or write nothing.

use super::source::{Source, code_of};

const OTHER_WAYS_TO_HYDRATE: [&str; 7] = [
    "hydrate_lazy",
    "hydrate_from_async",
    "hydrate_islands",
    "hydrate_async",
    "#[lazy",
    "#[island",
    "\"islands",
];

const FLOATS: [&str; 2] = ["f32", "f64"];

/// What server functions that stream are declared with.
const STREAMS: [&str; 4] = ["put = Streaming", "ByteStream", "TextStream", "protocol = Websocket"];

/// Turns the numbers of JavaScript's clock into whole ones and back.
const KNOWS_FLOATS: &str = "app/src/browser.rs";

pub(super) fn check(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    if source.path.starts_with("app/") {
        findings.extend(source.wrong_lines(
            |line| has(line, &OTHER_WAYS_TO_HYDRATE),
            "the code of lazy routes and islands is left out of the program (xtask/src/site/left_out.rs)",
        ));
    }
    let is_page = source.is_rust_in("app/src/");
    if is_page && source.path != KNOWS_FLOATS {
        findings.extend(source.wrong_lines(
            |line| has(line, &FLOATS),
            "the code that writes floats is left out of the program (xtask/src/site/left_out.rs)",
        ));
    }
    if is_page {
        findings.extend(source.wrong_lines(
            |line| has(line, &STREAMS),
            "the code of streams is left out of the program (xtask/src/site/left_out.rs)",
        ));
    }
    findings
}

fn has(line: &str, names: &[&str]) -> bool {
    names.iter().any(|name| code_of(line).contains(name))
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
    fn so_are_floats_in_the_page() {
        assert_eq!(
            check(&source("app/src/model/text.rs", "fn share() -> f64 {}\n")).len(),
            1
        );
        assert!(check(&source("engine/src/clock.rs", "fn share() -> f64 {}\n")).is_empty());
        assert!(check(&source(KNOWS_FLOATS, "fn whole(number: f64) -> i64 {}\n")).is_empty());
    }

    #[test]
    fn so_are_server_functions_that_stream() {
        let text = "#[server(prefix = \"/api/page\", endpoint = \"tail\", output = StreamingText)]\n";
        assert_eq!(check(&source("app/src/server_fns/tail.rs", text)).len(), 1);
    }

    #[test]
    fn hydration_at_once_is_not() {
        assert!(check(&source("app/src/lib.rs", "leptos::mount::hydrate_body(App);\n")).is_empty());
        assert!(check(&source("xtask/src/site.rs", "hydrate_async")).is_empty());
    }
}

//! Only `server::page` uses the page's crate. (`crate_graph` forbids it to the crate `api`.)

use super::source::{Source, code_of};

const ALLOWED: [&str; 2] = ["server/src/page/", "server/src/page.rs"];

/// Shipped code only: a test may compare with what the page shows.
pub(super) fn check(source: &Source) -> Vec<String> {
    if !source.is_rust_in("server/src/") || ALLOWED.iter().any(|place| source.path.starts_with(place)) {
        return Vec::new();
    }
    source.wrong_lines(
        |line| names_app(code_of(line)),
        "the crate app is used outside server::page; what is shown belongs into domain::view",
    )
}

/// `app::…`, and not `other_app::…` or `crate::app::…`.
fn names_app(code: &str) -> bool {
    code.match_indices("app::").any(|(start, _)| {
        let before = code.get(..start).and_then(|before| before.chars().next_back());
        before.is_none_or(|before| !before.is_alphanumeric() && before != '_' && before != ':')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::source::source;

    #[test]
    fn only_the_page_of_the_server_may() {
        let text = "use app::Backend;\n// app::shell is fine here\n";
        assert_eq!(
            check(&source("server/src/help.rs", text)),
            [
                "server/src/help.rs:1: the crate app is used outside server::page; what is shown belongs into domain::view"
            ]
        );
        for place in [
            "server/src/page.rs",
            "server/src/page/routes.rs",
            "server/tests/it/page.rs",
            "app/src/app.rs",
        ] {
            assert!(check(&source(place, text)).is_empty(), "{place}");
        }
    }

    #[test]
    fn other_names_are_fine() {
        assert!(
            check(&source(
                "server/src/cli.rs",
                "use crate::app::x;\nuse my_app::y;\nlet app = 1;\n"
            ))
            .is_empty()
        );
        assert_eq!(
            check(&source("server/src/pages.rs", "let shell = (app::shell)();\n")).len(),
            1
        );
    }
}

//! `docs/security.md` names a test for each promise, as a link: `[`name_of_the_test`](../path/of/its/file)`. Each of these tests
//! exists in its file, and each promise has one.

use super::source::Source;

const DOCUMENT: &str = "docs/security.md";

/// The start of the table's second column.
const TABLE: &str = "| promise | proven by |";

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let Some(document) = sources.iter().find(|source| source.path == DOCUMENT) else {
        return vec![format!("{DOCUMENT}: is missing")];
    };
    let mut findings = Vec::new();
    let mut in_table = false;
    for (line, number) in document.text.lines().zip(1..) {
        in_table = line.starts_with(TABLE) || (in_table && line.starts_with('|'));
        let tests = tests_in(line);
        let is_promise = in_table && !line.starts_with(TABLE) && !line.starts_with("|--");
        if is_promise && tests.is_empty() {
            findings.push(format!("{DOCUMENT}:{number}: the promise names no test"));
        }
        let missing = tests.into_iter().filter(|test| !exists(test, sources));
        findings.extend(missing.map(|(name, path)| format!("{DOCUMENT}:{number}: {path} has no test {name}")));
    }
    findings
}

/// Name and path of each test that a line links to.
fn tests_in(line: &str) -> Vec<(&str, &str)> {
    let links = line.split("[`").skip(1);
    links
        .filter_map(|link| {
            let (name, rest) = link.split_once("`](../")?;
            let (path, _) = rest.split_once(')')?;
            Some((name, path))
        })
        .collect()
}

fn exists((name, path): &(&str, &str), sources: &[Source]) -> bool {
    let Some(source) = sources.iter().find(|source| source.path == *path) else {
        return false;
    };
    match path.ends_with(".rs") {
        true => is_run(name, &source.text),
        false => source.text.contains(&format!("test('{name}'")),
    }
}

/// Whether a function is a test that is not ignored.
fn is_run(name: &str, text: &str) -> bool {
    let Some((before, _)) = text.split_once(&format!("fn {name}(")) else {
        return false;
    };
    // The line of the function itself begins with `async`, or is empty so far.
    let above = before.lines().rev().skip(usize::from(!before.ends_with('\n')));
    let attributes: Vec<&str> = above
        .map(str::trim)
        .take_while(|line| !line.is_empty() && *line != "}")
        .collect();
    let has = |start: &str| attributes.iter().any(|line| line.starts_with(start));
    (has("#[test]") || has("#[tokio::test")) && !has("#[ignore")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::source::source;

    const TESTS: &str = "#[tokio::test]\nasync fn it_holds() {}\n\n    #[test]\n    fn it_holds_too() {}\n\nfn helper() {}\n\n\
        #[test]\n#[ignore = \"slow\"]\nfn it_rests() {}\n";

    fn findings(line: &str) -> usize {
        let document = format!("{TABLE}\n|---|---|\n{line}\n\nNo promise.\n");
        let sources = [
            source(DOCUMENT, &document),
            source("a/tests.rs", TESTS),
            source("e/page.spec.ts", "test('it is shown', async () => {})"),
        ];
        check(&sources).len()
    }

    #[test]
    fn each_promise_names_tests_that_exist() {
        assert_eq!(findings("| It holds. | [`it_holds`](../a/tests.rs) |"), 0);
        assert_eq!(findings("| It is shown. | [`it is shown`](../e/page.spec.ts) |"), 0);
        assert_eq!(findings("| It holds. | [`it_hold`](../a/tests.rs) |"), 1);
        assert_eq!(findings("| It holds. | [`it_holds`](../b/tests.rs) |"), 1);
        assert_eq!(findings("| It holds. | every day |"), 1);
        assert_eq!(findings("| It holds. | [`it_holds_too`](../a/tests.rs) |"), 0);
        assert_eq!(findings("| It holds. | [`helper`](../a/tests.rs) |"), 1);
        assert_eq!(findings("| It holds. | [`it_rests`](../a/tests.rs) |"), 1);
    }
}

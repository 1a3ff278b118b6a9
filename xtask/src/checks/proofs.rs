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
    let written = match path.ends_with(".rs") {
        true => format!("fn {name}("),
        false => format!("test('{name}'"),
    };
    let mut files = sources.iter();
    files.any(|source| source.path == *path && source.text.contains(&written))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::source::source;

    fn findings(line: &str) -> usize {
        let document = format!("{TABLE}\n|---|---|\n{line}\n\nNo promise.\n");
        let sources = [
            source(DOCUMENT, &document),
            source("a/tests.rs", "async fn it_holds() {}"),
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
    }
}

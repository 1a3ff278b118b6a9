//! What the test runners say of the tests that failed, to be repeated at the end of a long run.

/// So many lines of each failure are repeated.
const LINES: usize = 12;

/// From `cargo test`: what follows `---- name stdout ----`.
pub(super) fn of_cargo_test(output: &str) -> Vec<String> {
    excerpts(
        output,
        |line| line.starts_with("---- ") && line.ends_with(" stdout ----"),
        |line| line == "failures:" || line.starts_with("note: "),
    )
}

/// From Playwright's list reporter: what follows `1) [page] › tests/a.spec.ts:3:1 › name`, up to the source code.
pub(super) fn of_playwright(output: &str) -> Vec<String> {
    let is_first = |line: &str| {
        let number = line.trim_start().split_once(") [");
        number.is_some_and(|(number, _)| number.parse::<u32>().is_ok())
    };
    excerpts(output, is_first, |line| {
        let line = line.trim_start();
        line.starts_with("> ") || line.starts_with("attachment #")
    })
}

/// From pytest: the lines of its short summary.
pub(super) fn of_pytest(output: &str) -> Vec<String> {
    let is_failure = |line: &&str| line.starts_with("FAILED ") || line.starts_with("ERROR ");
    output.lines().filter(is_failure).map(str::to_owned).collect()
}

/// Each stretch from a line that begins one to a line that ends it, without empty lines.
fn excerpts(output: &str, is_first: impl Fn(&str) -> bool, is_end: impl Fn(&str) -> bool) -> Vec<String> {
    let mut lines = output.lines().peekable();
    let mut excerpts = Vec::new();
    while let Some(first) = lines.find(|line| is_first(line)) {
        let mut excerpt = vec![first.trim()];
        while let Some(line) = lines.next_if(|line| !is_first(line) && !is_end(line)) {
            if !line.trim().is_empty() && excerpt.len() < LINES {
                excerpt.push(line);
            }
        }
        excerpts.push(excerpt.join("\n    "));
    }
    excerpts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_cargo_test_is_repeated_up_to_the_list_of_names() {
        let output = "test a ... FAILED\n\nfailures:\n\n---- a stdout ----\n\nthread 'a' panicked at src/a.rs:1:1:\nleft: 1\n\
            note: run with `RUST_BACKTRACE=1`\n\n---- b stdout ----\nError: gone\n\n\nfailures:\n    a\n    b\n\n\
            test result: FAILED. 0 passed; 2 failed\n";
        assert_eq!(
            of_cargo_test(output),
            [
                "---- a stdout ----\n    thread 'a' panicked at src/a.rs:1:1:\n    left: 1",
                "---- b stdout ----\n    Error: gone"
            ]
        );
    }

    #[test]
    fn a_failure_of_playwright_is_repeated_up_to_the_source_code() {
        let output = "  ✘  1 [page] › a.spec.ts:3:1 › x (1s)\n\n  1) [page] › a.spec.ts:3:1 › x ───\n\n    Error: Timed out\n\n      \
            13 |   line\n    > 14 |   await expect\n    attachment #1: screenshot\n\n  2) [no JavaScript] › b\n    Test timeout\n  2 failed\n";
        assert_eq!(
            of_playwright(output),
            [
                "1) [page] › a.spec.ts:3:1 › x ───\n        Error: Timed out\n          13 |   line",
                "2) [no JavaScript] › b\n        Test timeout\n      2 failed"
            ]
        );
    }

    #[test]
    fn the_short_summary_of_pytest_is_repeated() {
        let output = "FAILED a.py::b - assert 1 == 2\nERROR c.py::d - gone\n1 failed, 1 error in 0.1s\n";
        assert_eq!(
            of_pytest(output),
            ["FAILED a.py::b - assert 1 == 2", "ERROR c.py::d - gone"]
        );
    }

    #[test]
    fn a_long_failure_is_cut() {
        let output = format!("---- a stdout ----\n{}", "line\n".repeat(100));
        assert_eq!(of_cargo_test(&output)[0].lines().count(), LINES);
    }
}

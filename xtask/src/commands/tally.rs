//! Counts what the test runners say they ran, from their own closing lines.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed and how many did not.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Tally {
    pub(super) passed: u64,
    pub(super) failed: u64,
}

impl Tally {
    /// From `cargo test`: one `test result: ok. 12 passed; 0 failed; …` for each test program.
    pub(super) fn of_cargo_test(output: &str) -> Self {
        let mut tally = Self::default();
        for line in output
            .lines()
            .filter_map(|line| line.trim().strip_prefix("test result: "))
        {
            tally.passed += number_before(line, "passed");
            tally.failed += number_before(line, "failed");
        }
        tally
    }

    /// From Playwright's list reporter: `  3 passed (4.2s)`, `  1 failed`. A test that was flaky, interrupted or never
    /// reached has not passed.
    pub(super) fn of_playwright(output: &str) -> Self {
        let mut tally = Self::default();
        for line in output.lines() {
            match counted(line) {
                Some((count, "passed")) => tally.passed += count,
                Some((count, "failed" | "flaky" | "interrupted" | "did not run")) => tally.failed += count,
                _ => {}
            }
        }
        tally
    }
}

impl Tally {
    /// From pytest's closing line: `3 failed, 12 passed, 1 error in 4.20s`. A test that could not be set up has not passed.
    pub(super) fn of_pytest(output: &str) -> Self {
        let is_closing = |line: &&str| {
            line.contains(" in ")
                && line
                    .trim_matches(['=', ' '])
                    .starts_with(|first: char| first.is_ascii_digit())
        };
        let Some(line) = output.lines().rev().find(is_closing) else {
            return Self::default();
        };
        let line = line.trim_matches(['=', ' ']).replace(',', " ");
        Self {
            passed: number_before(&line, "passed"),
            failed: number_before(&line, "failed") + number_before(&line, "error") + number_before(&line, "errors"),
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// The number before a word: 12 for `ok. 12 passed; 0 failed` and `passed`.
fn number_before(line: &str, word: &str) -> u64 {
    let words: Vec<_> = line.split([' ', ';']).filter(|part| !part.is_empty()).collect();
    words
        .windows(2)
        .find_map(|pair| (pair.get(1) == Some(&word)).then(|| pair.first()?.parse().ok())?)
        .unwrap_or(0)
}

/// `  12 passed (4.2s)` as 12 and `passed`. Only a line that holds nothing else counts.
fn counted(line: &str) -> Option<(u64, &str)> {
    let (number, rest) = line.trim().split_once(' ')?;
    let outcome = rest.split_once(" (").map_or(rest, |(outcome, _)| outcome);
    Some((number.parse().ok()?, outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_program_of_cargo_test_is_counted() {
        let output = "running 2 tests\ntest a ... ok\n\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\n\
            test result: FAILED. 40 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s\n";
        assert_eq!(Tally::of_cargo_test(output), Tally { passed: 42, failed: 3 });
    }

    #[test]
    fn playwrights_closing_lines_are_counted() {
        let output = "Running 5 tests using 2 workers\n  ok 1 tests/a.spec.ts:3:1 › 7 passed things (1.0s)\n\
            \n  1 failed\n    tests/a.spec.ts:3:1 › x\n  1 flaky\n  2 did not run\n  1 skipped\n  3 passed (4.2s)\n";
        assert_eq!(Tally::of_playwright(output), Tally { passed: 3, failed: 4 });
    }

    #[test]
    fn pytests_closing_line_is_counted() {
        for (output, passed, failed) in [
            ("....\n38 passed in 61.20s (0:01:01)\n", 38, 0),
            ("=== 3 failed, 12 passed, 2 errors in 4.20s ===\n", 12, 5),
            (
                "FAILED a.py::b - 1 passed in vain\n1 failed, 1 error, 7 skipped in 0.1s\n",
                0,
                2,
            ),
            ("no tests ran in 0.01s\n", 0, 0),
        ] {
            assert_eq!(Tally::of_pytest(output), Tally { passed, failed }, "{output}");
        }
    }

    #[test]
    fn the_last_line_has_one_form() {
        let mut tally = Tally { passed: 1, failed: 0 };
        tally += Tally { passed: 2, failed: 3 };
        assert_eq!(tally.to_string(), "3 passed, 3 failed");
    }
}

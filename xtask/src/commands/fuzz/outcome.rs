//! What libFuzzer says at the end of a run.

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed { inputs: u64, edges: u64 },
    Failed(Failure),
}

/// Why a run failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// The message, or the end of what was printed.
    why: String,
    /// The file with the input.
    artifact: Option<String>,
}

/// So many lines of a failure are repeated.
const LINES: usize = 12;

/// What follows the message of a panic.
const ENDS: [&str; 3] = ["stack backtrace:", "NOTE: ", "note: "];

const WRITTEN: &str = "Test unit written to ";

impl Outcome {
    pub(super) fn of(success: bool, lines: &[String]) -> Self {
        if !success {
            return Self::Failed(Failure::of(lines));
        }
        let last = lines.iter().rev().find_map(|line| counts(line));
        match last {
            Some((inputs, edges)) if edges > 0 => Self::Passed { inputs, edges },
            // libFuzzer would make up its inputs blindly.
            _ => Self::Failed(Failure {
                why: "no code was reached: the target is not instrumented".to_owned(),
                artifact: None,
            }),
        }
    }

    pub(super) fn summary(&self) -> String {
        match self {
            Self::Passed { inputs, edges } => format!("{inputs} inputs, {edges} edges of the code reached"),
            Self::Failed(_) => "FAILED".to_owned(),
        }
    }
}

impl Failure {
    fn of(lines: &[String]) -> Self {
        let panic = lines.iter().position(|line| line.contains("panicked at "));
        let libfuzzer = lines.iter().position(|line| line.contains("ERROR: libFuzzer"));
        let first = panic.or(libfuzzer).unwrap_or_else(|| lines.len().saturating_sub(LINES));
        let why = lines
            .iter()
            .skip(first)
            .take_while(|line| !ENDS.iter().any(|end| line.starts_with(end)))
            .take(LINES);
        let artifact = lines.iter().find_map(|line| line.split_once(WRITTEN));
        Self {
            why: why.map(String::as_str).collect::<Vec<_>>().join("\n    "),
            artifact: artifact.map(|(_, path)| path.trim().to_owned()),
        }
    }

    /// With the command that runs the input again.
    pub(super) fn describe(&self, target: &str) -> String {
        let again = self
            .artifact
            .as_ref()
            .map(|path| format!("\n    input: {path}\n    again: cargo xtask fuzz {target} --input {path}"));
        format!("fuzz target {target}:\n    {}{}", self.why, again.unwrap_or_default())
    }
}

/// `#20000 DONE   cov: 812 ft: 2000 corp: …` as 20,000 inputs and 812 edges.
fn counts(line: &str) -> Option<(u64, u64)> {
    let mut words = line.strip_prefix('#')?.split_whitespace();
    let inputs = words.next()?.parse().ok()?;
    let edges = words.skip_while(|word| *word != "cov:").nth(1)?.parse().ok()?;
    Some((inputs, edges))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(success: bool, text: &str) -> Outcome {
        Outcome::of(success, &text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_run_that_reaches_code_passes() {
        let text = "INFO: Loaded 1 modules   (9000 inline 8-bit counters)\n#2\tINITED cov: 800 ft: 801 corp: 1/1b\n\
            #20000\tDONE   cov: 812 ft: 2000 corp: 300/10Kb lim: 4096 exec/s: 5000 rss: 60Mb\nDone 20000 runs in 4 second(s)\n";
        assert_eq!(
            outcome(true, text),
            Outcome::Passed {
                inputs: 20_000,
                edges: 812
            }
        );
    }

    #[test]
    fn a_run_that_reaches_nothing_fails() {
        for text in [
            "",
            "#20000\tDONE   cov: 0 ft: 0 corp: 1/1b",
            "#20000\tDONE   corp: 1/1b",
        ] {
            assert!(matches!(outcome(true, text), Outcome::Failed(_)), "{text}");
        }
    }

    #[test]
    fn a_crash_is_described_with_the_command_that_repeats_it() {
        let text = "#7\tNEW cov: 9\nthread '<unnamed>' panicked at fuzz/src/urls.rs:9:1:\nit is admitted\nnote: run with \
            `RUST_BACKTRACE=1`\nNOTE: libFuzzer has \
            rudimentary signal handlers.\nartifact_prefix='target/a/'; Test unit written to target/a/crash-1\nBase64: eA==\n";
        let Outcome::Failed(failure) = outcome(false, text) else {
            panic!("it passed");
        };
        assert_eq!(
            failure.describe("urls"),
            "fuzz target urls:\n    thread '<unnamed>' panicked at fuzz/src/urls.rs:9:1:\n    it is admitted\n    \
             input: target/a/crash-1\n    again: cargo xtask fuzz urls --input target/a/crash-1"
        );
        let Outcome::Failed(other) = outcome(false, "one\ntwo") else {
            panic!("it passed");
        };
        assert_eq!(other.describe("urls"), "fuzz target urls:\n    one\n    two");
    }
}

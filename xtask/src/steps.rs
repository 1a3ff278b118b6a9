//! What a person sees while a command works: each step's name, purpose and usual time before, its real time after.

use std::time::{Duration, Instant};

use anyhow::Result;

/// One piece of work, announced before it starts.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// How long it takes on a 2-core machine the first time, in words.
    pub(crate) usually: &'static str,
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ending {
    Done,
    UpToDate,
    /// What it needs is not here, so it says nothing about what it was to check.
    NotChecked,
    Failed,
}

impl Ending {
    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::UpToDate => "up to date",
            Self::NotChecked => "NOT CHECKED",
            Self::Failed => "FAILED",
        }
    }
}

struct Record {
    name: &'static str,
    ending: Ending,
    took: Duration,
}

/// The steps of one command, in the order in which they ran.
#[derive(Default)]
pub(crate) struct Steps {
    records: Vec<Record>,
}

impl Steps {
    /// Announces a step, runs it and tells its time.
    pub(crate) fn run(&mut self, step: &Step, work: impl FnOnce() -> Result<Ending>) -> Result<Ending> {
        println!("==> {}: {} (usually {})", step.name, step.what, step.usually);
        let started = Instant::now();
        let result = work();
        let ending = result.as_ref().copied().unwrap_or(Ending::Failed);
        let took = started.elapsed();
        println!("    {} in {}", ending.word(), in_words(took));
        self.records.push(Record {
            name: step.name,
            ending,
            took,
        });
        result
    }

    /// Runs a step whose failure must not keep the next ones from running. The error is shown, and the step recorded.
    pub(crate) fn attempt(&mut self, step: &Step, work: impl FnOnce() -> Result<Ending>) -> Ending {
        self.run(step, work).unwrap_or_else(|error| {
            println!("    error: {error:#}");
            Ending::Failed
        })
    }

    pub(crate) fn failed(&self) -> Vec<&'static str> {
        self.records
            .iter()
            .filter(|record| record.ending == Ending::Failed)
            .map(|record| record.name)
            .collect()
    }

    /// Prints every step with its time.
    pub(crate) fn print_summary(&self) {
        println!("\nSteps:");
        for Record { name, ending, took } in &self.records {
            println!("  {name:<28} {:>14}  {}", in_words(*took), ending.word());
        }
        let total = self.records.iter().map(|record| record.took).sum();
        println!("  {:<28} {:>14}", "all", in_words(total));
    }
}

fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Step = Step {
        name: "one",
        what: "does a thing",
        usually: "no time",
    };

    #[test]
    fn times_are_told_as_people_tell_them() {
        assert_eq!(in_words(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(in_words(Duration::from_secs(59)), "59 s");
        assert_eq!(in_words(Duration::from_secs(605)), "10 min 05 s");
    }

    #[test]
    fn a_failed_attempt_is_remembered_and_stops_nothing() {
        let mut steps = Steps::default();
        assert_eq!(steps.attempt(&STEP, || anyhow::bail!("broken")), Ending::Failed);
        assert_eq!(steps.attempt(&STEP, || Ok(Ending::UpToDate)), Ending::UpToDate);
        assert_eq!(steps.failed(), ["one"]);
    }
}

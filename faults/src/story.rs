//! What was done to the server, in order, with times: shown beside what went wrong.

use std::{
    collections::BTreeMap,
    io::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// What is printed during a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Output {
    /// Nothing.
    Nothing,
    /// A line for each quiet phase.
    Progress,
    /// Everything that is done.
    Everything,
}

/// The log of a run.
pub(crate) struct Story {
    started: Instant,
    output: Output,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    lines: Vec<(Duration, String)>,
    counts: BTreeMap<String, u64>,
}

impl Story {
    pub(crate) fn new(output: Output) -> Self {
        Self {
            started: Instant::now(),
            output,
            entries: Mutex::default(),
        }
    }

    /// Something was done.
    pub(crate) fn tell(&self, what: &str) {
        self.add(what, Output::Everything);
    }

    /// A part of the run is done.
    pub(crate) fn progress(&self, what: &str) {
        self.add(what, Output::Progress);
    }

    fn add(&self, what: &str, shown_from: Output) {
        let at = self.started.elapsed();
        if self.output >= shown_from {
            // The run goes on if nothing reads its output.
            drop(writeln!(std::io::stdout().lock(), "{}", line(at, what)));
        }
        self.entries().lines.push((at, what.to_owned()));
    }

    /// Something was done that is counted under this name.
    pub(crate) fn count(&self, kind: &str) {
        *self.entries().counts.entry(kind.to_owned()).or_default() += 1;
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.entries().counts.clone()
    }

    /// What was done around a moment.
    pub(crate) fn around(&self, at: Duration, distance: Duration) -> Vec<String> {
        let is_near = |(other, _): &&(Duration, String)| other.abs_diff(at) <= distance;
        let entries = self.entries();
        let near = entries.lines.iter().filter(is_near);
        near.map(|(at, what)| line(*at, what)).collect()
    }

    /// What was done in the last so much time.
    pub(crate) fn latest(&self, time: Duration) -> Vec<String> {
        self.around(self.started.elapsed(), time)
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line(at: Duration, what: &str) -> String {
    format!("{:>9.3} s  {what}", at.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_near_is_shown() {
        let story = Story::new(Output::Nothing);
        story.tell("one");
        assert_eq!(story.around(Duration::ZERO, Duration::from_secs(60)).len(), 1);
        assert!(
            story
                .around(Duration::from_secs(600), Duration::from_secs(60))
                .is_empty()
        );
    }
}

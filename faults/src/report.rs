//! The result of a run.

use std::{collections::BTreeMap, fmt, time::Duration};

use drill::Verdict;

/// What a run has found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Repeats the rounds of this run.
    pub seed: u64,
    /// How long it took.
    pub took: Duration,
    /// How often the server was killed.
    pub kills: u32,
    /// Acknowledged events.
    pub acknowledged: u64,
    /// One for each destination.
    pub verdicts: Vec<Verdict>,
    /// What else must not be: unexpected answers, an end of the server by itself, events that never arrived.
    pub problems: Vec<String>,
    /// From a kill to the first answer after it.
    pub longest_recovery: Duration,
    /// From the end of all faults until nothing was missing.
    pub longest_drain: Duration,
    /// How often each fault, change and moment occurred.
    pub counts: BTreeMap<String, u64>,
    /// How a full disk and a clock that is set were made.
    pub mechanisms: Vec<String>,
    /// Ids of events with which something is wrong, each with what was done around it.
    pub findings: Vec<String>,
}

impl Report {
    /// Whether a promise is broken.
    pub fn is_broken(&self) -> bool {
        !self.problems.is_empty() || self.verdicts.iter().any(Verdict::is_broken)
    }

    fn sum(&self, of: impl Fn(&Verdict) -> u64) -> u64 {
        self.verdicts.iter().map(of).sum()
    }
}

fn length<T>(list: &[T]) -> u64 {
    u64::try_from(list.len()).unwrap_or(u64::MAX)
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(formatter, "{finding}")?;
        }
        writeln!(
            formatter,
            "\n{:<20} {:>9} {:>9} {:>8} {:>6} {:>6} {:>6} {:>9} {:>8} {:>9}",
            "destination",
            "required",
            "delivered",
            "missing",
            "wrong",
            "order",
            "late",
            "unwanted",
            "repeats",
            "replayed"
        )?;
        for verdict in &self.verdicts {
            writeln!(
                formatter,
                "{:<20} {:>9} {:>9} {:>8} {:>6} {:>6} {:>6} {:>9} {:>8} {:>9}",
                verdict.name,
                verdict.required,
                verdict.delivered,
                verdict.missing.len(),
                verdict.wrong_bodies,
                verdict.out_of_order.len(),
                verdict.late_with_reason,
                verdict.unwanted.len(),
                verdict.repeats,
                verdict.replayed,
            )?;
        }
        writeln!(formatter)?;
        for (kind, count) in &self.counts {
            writeln!(formatter, "{count:>7} × {kind}")?;
        }
        for mechanism in &self.mechanisms {
            writeln!(formatter, "        {mechanism}")?;
        }
        for problem in &self.problems {
            writeln!(formatter, "PROBLEM: {problem}")?;
        }
        self.write_totals(formatter)
    }
}

impl Report {
    fn write_totals(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let repeats = self.sum(|verdict| verdict.repeats);
        let kills = f64::from(self.kills.max(1));
        let per_kill = f64::from(u32::try_from(repeats).unwrap_or(u32::MAX)) / kills;
        writeln!(
            formatter,
            "\n{} kills in {} s, seed {}: {} acknowledged, {} delivered, {} missing, {} wrong bodies, {} order violations \
             ({} late with a reason), {} against a filter, {per_kill:.1} repeats per kill, longest recovery {:.1} s, longest \
             drain {:.1} s",
            self.kills,
            self.took.as_secs(),
            self.seed,
            self.acknowledged,
            self.sum(|verdict| verdict.delivered),
            self.sum(|verdict| length(&verdict.missing)),
            self.sum(|verdict| verdict.wrong_bodies),
            self.sum(|verdict| length(&verdict.out_of_order)),
            self.sum(|verdict| verdict.late_with_reason),
            self.sum(|verdict| length(&verdict.unwanted)),
            self.longest_recovery.as_secs_f64(),
            self.longest_drain.as_secs_f64(),
        )?;
        let verdict = if self.is_broken() { "BROKEN" } else { "kept" };
        write!(formatter, "promises: {verdict}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_thing_breaks_the_promise() {
        let good = Report {
            verdicts: vec![Verdict::default()],
            ..Report::default()
        };
        assert!(!good.is_broken() && good.to_string().ends_with("promises: kept"));
        let wrong = Verdict {
            wrong_bodies: 1,
            ..Verdict::default()
        };
        let with_wrong = Report {
            verdicts: vec![wrong],
            ..good.clone()
        };
        let with_problem = Report {
            problems: vec!["the server ended".to_owned()],
            ..good
        };
        for broken in [with_wrong, with_problem] {
            assert!(broken.is_broken() && broken.to_string().ends_with("promises: BROKEN"));
        }
    }
}

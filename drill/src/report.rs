//! The result of a drill, on one page.

use std::{fmt, time::Duration};

use crate::{
    digits::{grouped, seconds},
    oracle::Verdict,
};

/// So many ids are listed.
const LISTED: usize = 20;

/// What a drill has found.
#[derive(Clone, Debug)]
pub struct Report {
    /// How long events were posted.
    pub posted_for: Duration,
    /// Events that the server acknowledged.
    pub acknowledged: u64,
    /// Events that were still not acknowledged at the end. They may arrive or not.
    pub in_doubt: u64,
    /// How many requests with events were rejected, for example with 404, after others had been acknowledged.
    pub rejections: u64,
    /// The last of these answers.
    pub rejection: Option<String>,
    /// Why the last request without an answer had none.
    pub unanswered: Option<String>,
    /// Events of which the server said that they conflict with others.
    pub conflicts: u64,
    /// The result for the destination.
    pub verdict: Verdict,
    /// The ids of the missing events.
    pub missing_ids: Vec<String>,
    /// The longest time between two answers.
    pub longest_silence: Duration,
    /// What the server says about the stream, if events are missing.
    pub stream: Option<String>,
}

impl Report {
    /// Whether a promise is broken.
    pub fn is_broken(&self) -> bool {
        self.verdict.is_broken() || self.conflicts > 0 || self.rejections > 0 || self.acknowledged == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = &self.verdict;
        let mut line = |name: &str, value: String| writeln!(formatter, "{name:<26} {value:>12}");
        line("posted for", seconds(self.posted_for))?;
        line("acknowledged", grouped(self.acknowledged))?;
        line("delivered", grouped(verdict.delivered))?;
        line("missing", grouped(self.missing()))?;
        line("wrong bodies", grouped(verdict.wrong_bodies))?;
        line("order violations", grouped(length(verdict.out_of_order.len())))?;
        line("repeats", grouped(verdict.repeats))?;
        line("in doubt at the end", grouped(self.in_doubt))?;
        line("longest without an answer", seconds(self.longest_silence))?;
        for id in self.missing_ids.iter().take(LISTED) {
            writeln!(formatter, "  missing: {id}")?;
        }
        if self.missing_ids.len() > LISTED {
            writeln!(
                formatter,
                "  and {} more",
                grouped(length(self.missing_ids.len() - LISTED))
            )?;
        }
        if let Some(body) = &verdict.wrong_body {
            writeln!(formatter, "  wrong body: {body}")?;
        }
        if let Some(rejection) = &self.rejection {
            writeln!(formatter, "  rejected: {rejection}")?;
        }
        if let Some(why) = self.unanswered.as_ref().filter(|_| self.acknowledged == 0) {
            writeln!(formatter, "  last request: {why}")?;
        }
        if let Some(stream) = &self.stream {
            writeln!(formatter, "  the stream: {stream}")?;
        }
        write!(formatter, "verdict: {}", self.conclusion())
    }
}

impl Report {
    fn missing(&self) -> u64 {
        length(self.verdict.missing.len())
    }

    fn conclusion(&self) -> String {
        if self.acknowledged == 0 {
            return "FAILED: the server acknowledged no event".to_owned();
        }
        if !self.is_broken() {
            return "ok: every acknowledged event arrived, unchanged and in order".to_owned();
        }
        let found = [
            (self.missing(), "missing"),
            (self.verdict.wrong_bodies, "changed"),
            (length(self.verdict.out_of_order.len()), "out of order"),
            (length(self.verdict.unwanted.len()), "against the filter"),
            (self.conflicts, "conflicting"),
            (self.rejections, "requests rejected"),
        ];
        let found = found.iter().filter(|(count, _)| *count > 0);
        let found: Vec<String> = found
            .map(|(count, what)| format!("{} {what}", grouped(*count)))
            .collect();
        format!("FAILED: {}", found.join(", "))
    }
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::EventKey;

    fn report(missing: u64) -> Report {
        let keys = (0..missing).map(|number| EventKey { producer: 0, number });
        Report {
            posted_for: Duration::from_secs(60),
            acknowledged: 1_200,
            in_doubt: 0,
            rejections: 0,
            rejection: None,
            unanswered: None,
            conflicts: 0,
            verdict: Verdict {
                required: 1_200,
                delivered: 1_200 - missing,
                missing: keys.collect(),
                ..Verdict::default()
            },
            missing_ids: (0..missing).map(|number| format!("r-0-{number}")).collect(),
            longest_silence: Duration::from_millis(2_340),
            stream: None,
        }
    }

    #[test]
    fn a_good_run_says_so() {
        let text = report(0).to_string();
        assert!(text.contains("acknowledged                      1,200\n"), "{text}");
        assert!(text.ends_with("verdict: ok: every acknowledged event arrived, unchanged and in order"));
    }

    #[test]
    fn a_loss_is_named() {
        let report = report(25);
        let text = report.to_string();
        assert!(report.is_broken());
        assert!(text.contains("  missing: r-0-19\n  and 5 more\n"), "{text}");
        assert!(text.ends_with("verdict: FAILED: 25 missing"), "{text}");
    }

    #[test]
    fn a_rejection_does_not_hide_a_loss() {
        let report = Report {
            rejections: 3,
            rejection: Some("404 Not here.".to_owned()),
            ..report(1)
        };
        let text = report.to_string();
        assert!(text.contains("  missing: r-0-0\n  rejected: 404 Not here.\n"), "{text}");
        assert!(text.ends_with("FAILED: 1 missing, 3 requests rejected"), "{text}");
    }

    #[test]
    fn a_server_that_acknowledges_nothing_has_not_passed() {
        let nothing = Report {
            acknowledged: 0,
            ..report(0)
        };
        assert!(nothing.is_broken() && nothing.to_string().ends_with("acknowledged no event"));
    }
}

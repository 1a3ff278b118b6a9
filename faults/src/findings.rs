//! The events with which something is wrong.

use std::time::Duration;

use drill::{EventKey, Oracle, Verdict};

use crate::story::Story;

/// So many of each kind are shown, with what was done within this time of their acknowledgement.
const SHOWN: usize = 20;
const AROUND: Duration = Duration::from_secs(8);

/// The events with which something is wrong, with what was done around their acknowledgement.
pub(crate) fn findings(verdicts: &[Verdict], oracle: &Oracle, story: &Story) -> Vec<String> {
    let mut findings = Vec::new();
    for verdict in verdicts {
        let kinds = [
            ("missing", &verdict.missing),
            ("out of order", &verdict.out_of_order),
            ("unwanted", &verdict.unwanted),
        ];
        for (what, keys) in kinds {
            findings.extend(
                keys.iter()
                    .take(SHOWN)
                    .map(|key| finding(verdict, what, *key, oracle, story)),
            );
        }
        let wrong = verdict.wrong_body.iter();
        findings.extend(wrong.map(|body| format!("{}: wrong body: {body}", verdict.name)));
    }
    findings
}

fn finding(verdict: &Verdict, what: &str, key: EventKey, oracle: &Oracle, story: &Story) -> String {
    let id = oracle.plan().id_of(key);
    let Some(at) = oracle.acknowledged_after(key) else {
        return format!("{}: {what}: {id}", verdict.name);
    };
    let around = story.around(at, AROUND).join("\n    ");
    format!(
        "{}: {what}: {id}, acknowledged after {:.3} s\n    {around}",
        verdict.name,
        at.as_secs_f64()
    )
}

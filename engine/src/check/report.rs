//! What was looked at, and what was found.

use crate::error_chain::error_chain;

/// All checks of a data folder, in the order in which they were made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderCheck {
    /// What was looked at.
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What is checked, such as `Log positions`.
    pub name: &'static str,
    /// What was looked at, in numbers.
    pub looked_at: String,
    /// What is wrong; mostly nothing.
    pub problems: Vec<Problem>,
}

/// Something that is wrong with a data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, and where.
    pub what: String,
    /// What it means for events.
    pub meaning: &'static str,
    /// What to do.
    pub advice: &'static str,
}

impl FolderCheck {
    /// Every problem, in the order of the checks.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.checks.iter().flat_map(|check| &check.problems)
    }
}

/// A report that is being made.
#[derive(Default)]
pub(super) struct Report(Vec<Check>);

impl Report {
    pub(super) fn add(&mut self, name: &'static str, looked_at: impl Into<String>, problems: Vec<Problem>) {
        self.0.push(Check {
            name,
            looked_at: looked_at.into(),
            problems,
        });
    }

    /// A check that may not be possible.
    pub(super) fn attempt<E: std::error::Error + 'static>(
        &mut self,
        name: &'static str,
        made: Result<(String, Vec<Problem>), E>,
    ) {
        match made {
            Ok((looked_at, problems)) => self.add(name, looked_at, problems),
            Err(error) => self.add(name, "not possible", vec![Problem::unreadable(&error)]),
        }
    }

    pub(super) fn end(self) -> FolderCheck {
        FolderCheck { checks: self.0 }
    }
}

pub(super) const RESTORE: &str = "Restore a backup into an empty folder with `audit-streams backup restore`.";

pub(super) const NO_KEY: &str = "URLs, tokens and passwords of destinations can't be decrypted, so no event is delivered, and the server does not start.";
pub(super) const PUT_KEY_BACK: &str =
    "Put secret.key back, or set AUDIT_STREAMS_ENCRYPTION_KEY as for the server. Backups do not contain the key.";

impl Problem {
    pub(super) fn new(what: impl Into<String>, meaning: &'static str, advice: &'static str) -> Self {
        Self {
            what: what.into(),
            meaning,
            advice,
        }
    }

    fn unreadable(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::new(
            error_chain(error),
            "The file can't be read as far as this check needs.",
            RESTORE,
        )
    }
}

/// `1 event`, or `7 events`.
pub(super) fn counted(count: i64, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// `7`, or `7 to 9`.
pub(super) fn stretch<T: PartialEq + std::fmt::Display>((first, last): (T, T)) -> String {
    if first == last {
        first.to_string()
    } else {
        format!("{first} to {last}")
    }
}

//! `events.db`: its pages, its positions, its index and its counts.

use domain::ids::Seq;

use super::report::{Problem, Report, counted, stretch};
use crate::log::{Extent, LogError, LogFile};

pub(super) const RECOVER: &str = "Restore a backup into an empty folder with `audit-streams backup restore`, or repair a copy of the file with the \
                                  sqlite3 program's .recover command.";

/// Opens the file and checks its pages. `None` if it can't be read.
pub(super) fn check_file(opened: Result<LogFile, LogError>, report: &mut Report) -> Option<LogFile> {
    let log = match opened {
        Ok(log) => log,
        Err(error) => {
            report.attempt("Log layout", Err(error));
            return None;
        }
    };
    report.attempt(
        "Log layout",
        log.wrong_definitions()
            .map(|wrong| (format!("version {}", log.layout()), definitions("events.db", &wrong))),
    );
    report.attempt(
        "Log pages",
        log.damaged_pages().map(|damaged| pages("events.db", &damaged)),
    );
    report.attempt(
        "Log references",
        log.broken_references().map(|broken| references(&broken)),
    );
    Some(log)
}

/// What is said about what is not defined as it has to be.
pub(super) fn definitions(file: &str, wrong: &[String]) -> Vec<Problem> {
    let problems = wrong.iter().map(|name| {
        Problem::new(
            format!("{file}: the definition of {name} is damaged or missing"),
            "What depends on it fails, or the server does not start.",
            RECOVER,
        )
    });
    problems.collect()
}

/// What is said about the pages of a database.
pub(super) fn pages(file: &str, damaged: &[String]) -> (String, Vec<Problem>) {
    let problems = damaged.iter().map(|line| {
        Problem::new(
            format!("{file}: {line}"),
            "What is on a damaged page can't be read: events there are skipped and reported, or the server does not start.",
            RECOVER,
        )
    });
    ("integrity_check of SQLite".to_owned(), problems.collect())
}

/// What is said about the references of a database.
pub(super) fn references(broken: &[(String, i64)]) -> (String, Vec<Problem>) {
    let problems = broken.iter().map(|(table, rows)| {
        Problem::new(
            format!("{} of {table} without the row that it refers to", counted(*rows, "row")),
            "This is ignored, or can't be read.",
            RECOVER,
        )
    });
    ("foreign_key_check of SQLite".to_owned(), problems.collect())
}

/// Checks what is in the log. `None` if its extent can't be read.
pub(super) fn check_contents(log: &LogFile, report: &mut Report) -> Option<Extent> {
    let extent = match log.extent() {
        Ok(extent) => extent,
        Err(error) => {
            report.attempt("Log positions", Err(error));
            return None;
        }
    };
    check_extent(log, &extent, report);
    report.attempt(
        "Event bodies",
        log.unreadable_bodies().map(|found| bodies(&extent, found)),
    );
    report.attempt("Log index", log.check_index().map(|check| {
        let problems = check.problems.into_iter().map(|what| {
            Problem::new(
                what,
                "Searches in the Log and replays with filters may leave these events out; streams do not use the index.",
                RECOVER,
            )
        });
        let looked_at = format!("blocks: {}, entries: {}", check.blocks, check.entries);
        (looked_at, problems.collect())
    }));
    report.attempt(
        "Counts by hour and type",
        log.wrong_counts().map(|wrong| {
            let problems = wrong.into_iter().map(|what| {
                Problem::new(
                    what,
                    "Only the numbers of events by type that the page shows are wrong.",
                    "Nothing needs to be done.",
                )
            });
            ("compared with the events".to_owned(), problems.collect())
        }),
    );
    Some(extent)
}

fn check_extent(log: &LogFile, extent: &Extent, report: &mut Report) {
    let misplaced = log.misplaced_kept();
    let made = misplaced.map(|misplaced| {
        let mut problems: Vec<Problem> = extent.gaps.iter().map(gap_problem).collect();
        if misplaced > 0 {
            problems.push(Problem::new(
                format!(
                    "{} kept beside the log although in it, or beyond its end",
                    counted(misplaced, "rejected event")
                ),
                "They may be sent twice.",
                RECOVER,
            ));
        }
        (describe(extent), problems)
    });
    report.attempt("Log positions", made);
}

fn gap_problem((first, last): &(Seq, Seq)) -> Problem {
    let what = if first == last {
        format!("the event at position {first} is missing")
    } else {
        format!("the events at positions {first} to {last} are missing")
    };
    Problem::new(
        what,
        "They were acknowledged, and can be neither shown nor delivered. Retention removes only the oldest events.",
        RECOVER,
    )
}

fn describe(extent: &Extent) -> String {
    let mut text = match extent.oldest {
        Some(oldest) => format!("{} from {oldest} to {}", counted(extent.events, "event"), extent.last),
        None => format!("no events, the last position was {}", extent.last),
    };
    if extent.kept > 0 {
        let kept = counted(extent.kept, "rejected event");
        text.push_str(&format!(", and {kept} kept beside the log"));
    }
    for skipped in &extent.skipped {
        text.push_str(&format!(
            "; positions {} were skipped when mismatched files were accepted",
            stretch(*skipped)
        ));
    }
    text
}

fn bodies(extent: &Extent, found: Option<(i64, Seq)>) -> (String, Vec<Problem>) {
    let problem = found.map(|(events, first)| {
        Problem::new(
            format!(
                "{} with a body that is not JSON; the first is at position {first}",
                counted(events, "event")
            ),
            "They are delivered as they are stored: damaged.",
            RECOVER,
        )
    });
    (counted(extent.events, "event"), problem.into_iter().collect())
}

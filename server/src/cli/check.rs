//! `audit-streams check`: whether the data folder of a stopped server is whole.

use engine::{FolderCheck, admin::check_data_folder};

use super::{
    data_folder::{DataFolderArgs, encryption_key},
    error::CommandError,
    output::print_line,
};

#[derive(clap::Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    folder: DataFolderArgs,
}

pub(super) async fn run(args: CheckArgs) -> Result<(), CommandError> {
    let folder = args.folder.existing()?;
    let key = encryption_key()?;
    let checked = check_data_folder(folder, key.as_deref())
        .await
        .map_err(CommandError::Check)?;
    for line in lines(&checked) {
        print_line(&line);
    }
    match checked.problems().count() {
        0 => Ok(()),
        problems => Err(CommandError::Problems { problems }),
    }
}

/// One line for each check, and then the problems.
fn lines(checked: &FolderCheck) -> Vec<String> {
    let mut lines = Vec::new();
    for check in &checked.checks {
        let verdict = match check.problems.len() {
            0 => "ok".to_owned(),
            1 => "1 problem".to_owned(),
            problems => format!("{problems} problems"),
        };
        lines.push(format!("{}: {verdict} ({})", check.name, check.looked_at));
    }
    if checked.problems().next().is_none() {
        lines.push("No problems found.".to_owned());
    }
    for (number, problem) in (1..).zip(checked.problems()) {
        lines.push(String::new());
        lines.push(format!("Problem {number}: {}", problem.what));
        lines.push(format!("  Meaning: {}", problem.meaning));
        lines.push(format!("  What to do: {}", problem.advice));
    }
    lines
}

#[cfg(test)]
mod tests {
    use engine::{Check, Problem};

    use super::*;

    fn check(name: &'static str, problems: &[&str]) -> Check {
        let problem = |what: &&str| Problem {
            what: (*what).to_owned(),
            meaning: "It is lost.",
            advice: "Restore it.",
        };
        Check {
            name,
            looked_at: "7 events".into(),
            problems: problems.iter().map(problem).collect(),
        }
    }

    #[test]
    fn each_check_has_a_line_and_each_problem_says_what_to_do() {
        let mut checked = FolderCheck {
            checks: vec![check("Log positions", &[]), check("Streams", &[])],
        };
        let ok = [
            "Log positions: ok (7 events)",
            "Streams: ok (7 events)",
            "No problems found.",
        ];
        assert_eq!(lines(&checked), ok);
        checked.checks = vec![check("Log positions", &["a gap"]), check("Streams", &["x", "y"])];
        assert_eq!(
            lines(&checked)[..6],
            [
                "Log positions: 1 problem (7 events)",
                "Streams: 2 problems (7 events)",
                "",
                "Problem 1: a gap",
                "  Meaning: It is lost.",
                "  What to do: Restore it.",
            ]
        );
        assert_eq!(lines(&checked).len(), 2 + 3 * 4);
    }
}

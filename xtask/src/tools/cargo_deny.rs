//! cargo-deny, which checks licences, banned crates, where crates come from, and whether they have known vulnerabilities.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::cargo_tool::CargoTool;
use crate::process;
use crate::project::Project;
use crate::steps::{Ending, Step, Steps};

const VERSION: &str = "0.20.2";

const STEP: Step = Step {
    name: "cargo-deny",
    what: "install the program that checks dependencies",
    usually: "2 min once",
};

pub(crate) fn ensure(project: &Project, steps: &mut Steps) -> Result<()> {
    steps.run(&STEP, || tool().install(project))?;
    Ok(())
}

pub(crate) fn binary(project: &Project) -> PathBuf {
    tool().binary_path(project)
}

/// Checks the lock file against the RustSec advisories. The database is brought up to date first; without network access a
/// copy from before will do, and without one the step ends as not checked.
pub(crate) fn check_advisories(project: &Project) -> Result<Ending> {
    let mut fetch = Command::new(binary(project));
    fetch
        .current_dir(project.root())
        .args(["--workspace", "--locked", "fetch", "db"]);
    let fetched = fetch.output().context("cargo-deny could not be started")?;
    if !fetched.status.success() {
        let why = String::from_utf8_lossy(&fetched.stderr);
        let why = why
            .lines()
            .rfind(|line| !line.trim().is_empty())
            .unwrap_or("no reason given");
        if !databases().is_some_and(|folder| has_database(&folder)) {
            println!("    The advisory database is not available, so no advisory was checked: {why}");
            return Ok(Ending::NotChecked);
        }
        println!("    The advisory database could not be updated, so a copy from before is used: {why}");
    }
    let mut check = Command::new(binary(project));
    check.current_dir(project.root());
    check.args(["--workspace", "--all-features", "--locked", "check", "--disable-fetch"]);
    process::run(check.args(["--hide-inclusion-graph", "advisories"]))?;
    Ok(Ending::Done)
}

/// Where cargo-deny keeps its copies, unless `deny.toml` says otherwise.
fn databases() -> Option<PathBuf> {
    let cargo = env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo = cargo.or_else(|| Some(env::home_dir()?.join(".cargo")));
    cargo.map(|cargo| cargo.join("advisory-dbs"))
}

fn has_database(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .any(|path| path.join("crates").is_dir())
}

fn tool() -> CargoTool {
    CargoTool {
        package: "cargo-deny",
        binary: "cargo-deny",
        version: VERSION.to_owned(),
        flags: &["--locked", "--debug"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_folder_is_no_database() {
        let folder = env::temp_dir().join(format!("advisory-dbs-{}", std::process::id()));
        assert!(!has_database(&folder));
        fs::create_dir_all(folder.join("advisory-db-1/.git")).unwrap();
        assert!(!has_database(&folder), "a clone that was broken off");
        fs::create_dir_all(folder.join("advisory-db-1/crates")).unwrap();
        assert!(has_database(&folder));
        fs::remove_dir_all(&folder).unwrap();
    }
}

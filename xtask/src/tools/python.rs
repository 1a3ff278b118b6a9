//! A Python with the API clients that the tests drive: pinned in `end2end/api/requirements.txt`, in a virtual environment of
//! their own below the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::fingerprint::{Fingerprint, stamp_matches};
use crate::process;
use crate::project::Project;
use crate::steps::Ending;

/// The oldest that the clients run on.
const OLDEST: (u32, u32) = (3, 11);

const ON_PATH: [&str; 2] = ["python3", "python"];

/// Makes the environment and installs the clients, unless they are the ones that were installed last.
pub(crate) fn install(project: &Project) -> Result<Ending> {
    let python = find()?;
    let (requirements, folder) = (project.api_tests().join("requirements.txt"), folder(project));
    let print = Fingerprint::default()
        .text(&python.version)
        .file(&requirements)?
        .finish();
    let stamp = folder.join(".installed");
    if stamp_matches(&stamp, &print) {
        return Ok(Ending::UpToDate);
    }
    process::run(
        Command::new(&python.program)
            .args(["-m", "venv", "--clear"])
            .arg(&folder),
    )?;
    let mut pip = Command::new(program(project));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--only-binary",
        ":all:",
    ]);
    process::run(pip.arg("--requirement").arg(&requirements))?;
    fs::write(&stamp, print).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(Ending::Done)
}

/// The environment's own Python.
pub(crate) fn program(project: &Project) -> PathBuf {
    let folder = folder(project);
    if cfg!(windows) {
        folder.join("Scripts/python.exe")
    } else {
        folder.join("bin/python")
    }
}

fn folder(project: &Project) -> PathBuf {
    project.target().join("api-clients")
}

struct Python {
    program: PathBuf,
    version: String,
}

/// The one that `AUDIT_STREAMS_PYTHON` names, else one on PATH.
fn find() -> Result<Python> {
    let named = std::env::var_os("AUDIT_STREAMS_PYTHON").map(PathBuf::from);
    let on_path = || ON_PATH.iter().find_map(|name| process::find_on_path(name));
    let Some(program) = named.or_else(on_path) else {
        bail!(
            "no Python: install Python {}.{} or newer with venv, https://www.python.org, or name one in AUDIT_STREAMS_PYTHON",
            OLDEST.0,
            OLDEST.1
        );
    };
    let version = version_of(&program)?;
    let is_new_enough = parse_version(&version).is_some_and(|found| found >= OLDEST);
    if !is_new_enough {
        bail!(
            "{} is Python {version}, and the API clients need {}.{} or newer: install one, or name it in AUDIT_STREAMS_PYTHON",
            program.display(),
            OLDEST.0,
            OLDEST.1
        );
    }
    Ok(Python { program, version })
}

fn version_of(program: &Path) -> Result<String> {
    let script = "import sys, venv; print('.'.join(map(str, sys.version_info[:3])))";
    let printed = process::capture(Command::new(program).args(["-c", script]));
    let printed = printed.context("Python does not work, or has no venv (on Debian: apt-get install python3-venv)")?;
    Ok(printed.trim().to_owned())
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_compared_by_its_numbers() {
        assert_eq!(parse_version("3.9.18"), Some((3, 9)));
        assert!(parse_version("3.11.7") >= Some(OLDEST) && parse_version("3.9.18") < Some(OLDEST));
        assert_eq!(parse_version("three"), None);
    }
}

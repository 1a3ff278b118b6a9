//! `cargo xtask faults`: the real server under seeded faults, for as long as you like.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::build::{Profile, SITE_VARIABLE};
use crate::process;
use crate::project::Project;
use crate::steps::{Ending, Step, Steps};

const COMPILE: Step = Step {
    name: "compile",
    what: "compile the server and the program that makes the faults",
    usually: "4 min, seconds when unchanged",
};

/// Arguments of the command, checked by the program itself.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<()> {
    let mut steps = Steps::default();
    steps.run(&COMPILE, || compile(project))?;
    let folder = project.target().join("faults");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let built = project.target().join(Profile::Dev.folder());
    let mut command = with_own_mounts();
    command
        .arg(built.join("faults"))
        .arg("--binary")
        .arg(project.server_binary(Profile::Dev.folder()))
        .arg("--folder")
        .arg(folder)
        .args(arguments);
    process::run(&mut command)
}

fn compile(project: &Project) -> Result<Ending> {
    let mut command = process::cargo(project);
    command.args(["build", "--package", "server", "--package", "faults", "--bins"]);
    // The page is not needed. If it is there, the same server as for the tests is built.
    if project.site().exists() {
        command.env(SITE_VARIABLE, project.site());
    }
    process::run(&mut command)?;
    Ok(Ending::Done)
}

/// What the program mounts ends with it, if the process may have mounts of its own.
fn with_own_mounts() -> Command {
    let mut trial = Command::new("unshare");
    trial.args(["--mount", "true"]);
    let can_mount = process::succeeds(&mut trial);
    let mut command = Command::new(if can_mount { "unshare" } else { "env" });
    if can_mount {
        command.args(["--mount", "--"]);
    }
    command
}

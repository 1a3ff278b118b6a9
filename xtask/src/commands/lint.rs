//! `cargo xtask lint`: format, lints, dependencies, architecture.

use std::process::Command;

use anyhow::{Result, bail};

use crate::checks;
use crate::process;
use crate::project::Project;
use crate::steps::{Ending, Step, Steps};
use crate::tools::{cargo_deny, wasm_target};

const FORMAT: Step = Step {
    name: "format",
    what: "cargo fmt",
    usually: "2 s",
};
const CLIPPY: Step = Step {
    name: "clippy",
    what: "lint every crate and its tests",
    usually: "5 min, seconds when unchanged",
};
const CLIPPY_WEB: Step = Step {
    name: "clippy for the browser",
    what: "lint what is compiled to WebAssembly",
    usually: "2 min, seconds when unchanged",
};
const DEPENDENCIES: Step = Step {
    name: "dependencies",
    what: "check licences, banned crates and sources",
    usually: "2 s",
};
const ADVISORIES: Step = Step {
    name: "advisories",
    what: "look for dependencies with known vulnerabilities",
    usually: "5 s, with network access",
};
const ARCHITECTURE: Step = Step {
    name: "architecture",
    what: "check the project's own rules",
    usually: "2 s",
};

pub(crate) fn run(project: &Project) -> Result<()> {
    let mut steps = Steps::default();
    lint(project, &mut steps);
    steps.print_summary();
    match steps.failed().as_slice() {
        [] => Ok(()),
        failed => bail!("failed: {}", failed.join(", ")),
    }
}

/// Runs every check, also after one has failed: `steps` remembers which.
pub(crate) fn lint(project: &Project, steps: &mut Steps) {
    steps.attempt(&FORMAT, || {
        done(process::cargo(project).args(["fmt", "--all", "--check"]))
    });
    steps.attempt(&ARCHITECTURE, || checks::run(project));
    if let Err(error) = cargo_deny::ensure(project, steps) {
        println!("    error: {error:#}");
    }
    steps.attempt(&DEPENDENCIES, || dependencies(project));
    steps.attempt(&ADVISORIES, || cargo_deny::check_advisories(project));
    steps.attempt(&CLIPPY, || {
        done(process::cargo(project).args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    });
    if let Err(error) = wasm_target::ensure(project, steps) {
        println!("    error: {error:#}");
    }
    steps.attempt(&CLIPPY_WEB, || {
        let mut command = process::cargo(project);
        command.args([
            "clippy",
            "--package",
            "app",
            "--package",
            "domain",
            "--lib",
            "--no-default-features",
        ]);
        command.args([
            "--features",
            "app/hydrate",
            "--target",
            wasm_target::TRIPLE,
            "--",
            "-D",
            "warnings",
        ]);
        done(&mut command)
    });
}

fn dependencies(project: &Project) -> Result<Ending> {
    let mut command = Command::new(cargo_deny::binary(project));
    command.current_dir(project.root()).args([
        "--workspace",
        "--all-features",
        "--locked",
        "check",
        "--hide-inclusion-graph",
    ]);
    done(command.args(["licenses", "bans", "sources"]))
}

fn done(command: &mut Command) -> Result<Ending> {
    process::run(command)?;
    Ok(Ending::Done)
}

//! wasm-bindgen's command line. It must be of exactly the version of the `wasm-bindgen` crate, so it is read from Cargo.lock.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::cargo_tool::CargoTool;
use super::lockfile;
use crate::project::Project;
use crate::steps::{Step, Steps};

const STEP: Step = Step {
    name: "wasm-bindgen",
    what: "install the program that makes the JavaScript side of the page",
    usually: "2 min once",
};

pub(crate) fn ensure(project: &Project, steps: &mut Steps) -> Result<()> {
    let tool = tool(project)?;
    steps.run(&STEP, || tool.install(project))?;
    Ok(())
}

pub(crate) fn binary(project: &Project) -> Result<PathBuf> {
    Ok(tool(project)?.binary_path(project))
}

pub(crate) fn bin_dir(project: &Project) -> Result<PathBuf> {
    Ok(tool(project)?.bin_dir(project))
}

/// Without `--locked`, since the lock file it ships asks for yanked versions; unoptimised, since it runs for seconds only.
fn tool(project: &Project) -> Result<CargoTool> {
    let lockfile = fs::read_to_string(project.root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let version = lockfile::version_of(&lockfile, "wasm-bindgen")?;
    Ok(CargoTool {
        package: "wasm-bindgen-cli",
        binary: "wasm-bindgen",
        version,
        flags: &["--debug"],
    })
}

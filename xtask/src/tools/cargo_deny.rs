//! cargo-deny, which checks licences, banned crates and where crates come from.

use std::path::PathBuf;

use anyhow::Result;

use super::cargo_tool::CargoTool;
use crate::project::Project;
use crate::steps::{Step, Steps};

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

fn tool() -> CargoTool {
    CargoTool {
        package: "cargo-deny",
        binary: "cargo-deny",
        version: VERSION.to_owned(),
        flags: &["--locked", "--debug"],
    }
}

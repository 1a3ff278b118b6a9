//! The compiler's standard library for the browser.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process;
use crate::project::Project;
use crate::steps::{Ending, Step, Steps};

pub(crate) const TRIPLE: &str = "wasm32-unknown-unknown";

const STEP: Step = Step {
    name: "browser target",
    what: "give the Rust toolchain its wasm32 library",
    usually: "10 s once",
};

pub(crate) fn ensure(project: &Project, steps: &mut Steps) -> Result<()> {
    steps.run(&STEP, || install(project))?;
    Ok(())
}

/// Looks into the toolchain itself, so that a toolchain without rustup that has the target will do.
fn install(project: &Project) -> Result<Ending> {
    let sysroot = process::capture(
        Command::new("rustc")
            .current_dir(project.root())
            .args(["--print", "sysroot"]),
    )?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(TRIPLE).is_dir() {
        return Ok(Ending::UpToDate);
    }
    if process::find_on_path("rustup").is_none() {
        bail!("this Rust toolchain has no {TRIPLE} target and there is no rustup to add it: https://rustup.rs");
    }
    process::run(
        Command::new("rustup")
            .current_dir(project.root())
            .args(["target", "add", TRIPLE]),
    )?;
    Ok(Ending::Done)
}

//! cargo-leptos, which rebuilds and reloads while somebody develops. Nothing else needs it.

use std::path::PathBuf;

use anyhow::Result;

use super::cargo_tool::CargoTool;
use crate::project::Project;
use crate::steps::{Step, Steps};

const VERSION: &str = "0.3.10";

const STEP: Step = Step {
    name: "cargo-leptos",
    what: "install the program that rebuilds and reloads on every change",
    usually: "8 min once",
};

pub(crate) fn ensure(project: &Project, steps: &mut Steps) -> Result<()> {
    steps.run(&STEP, || tool().install(project))?;
    Ok(())
}

pub(crate) fn bin_dir(project: &Project) -> PathBuf {
    tool().bin_dir(project)
}

/// With `no_downloads`, so that it takes wasm-bindgen and wasm-opt from PATH and fetches nothing itself.
fn tool() -> CargoTool {
    CargoTool {
        package: "cargo-leptos",
        binary: "cargo-leptos",
        version: VERSION.to_owned(),
        flags: &["--locked", "--debug", "--features", "no_downloads"],
    }
}

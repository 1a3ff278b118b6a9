//! The JavaScript side of the page: one module with its snippets inside, which knows the hashed name of its program.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::asset::{Asset, Role};
use super::wasm::{Bound, OUT_NAME};
use crate::process;
use crate::project::Project;
use crate::tools::npm;

pub(super) fn bundle(project: &Project, bound: &Bound, wasm: &Asset) -> Result<Asset> {
    let script = &bound.script;
    let source = fs::read_to_string(script).with_context(|| format!("cannot read {}", script.display()))?;
    let named = source.replace(&bound.wasm_name(), wasm.file_name());
    ensure!(
        named != source,
        "{} does not name {}",
        script.display(),
        bound.wasm_name()
    );
    fs::write(script, named).with_context(|| format!("cannot write {}", script.display()))?;

    let small = script.with_extension("small.js");
    let mut command = Command::new(npm::bin_dir(project).join("esbuild"));
    command.current_dir(project.root()).arg(script);
    command.args([
        "--bundle",
        "--minify",
        "--format=esm",
        "--target=es2022",
        "--log-level=warning",
    ]);
    process::run(command.arg(format!("--outfile={}", small.display())))?;
    let bytes = fs::read(&small).with_context(|| format!("cannot read {}", small.display()))?;
    Ok(Asset::hashed(Role::Script, OUT_NAME, "js", bytes))
}

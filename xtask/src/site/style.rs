//! The page's one style sheet: `style/main.css` with everything it imports.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::asset::{Asset, Role};
use super::wasm::OUT_NAME;
use crate::process;
use crate::project::Project;
use crate::tools::npm;

/// Bundles in the order of the `@import`s and keeps the cascade layers. `url(/…)` stays as it is: it names a file of
/// `public/`, which keeps its name.
pub(super) fn bundle(project: &Project, work: &Path) -> Result<Asset> {
    let small = work.join("main.css");
    let mut command = Command::new(npm::bin_dir(project).join("esbuild"));
    command
        .current_dir(project.root())
        .arg(project.root().join("style/main.css"));
    command.args(["--bundle", "--minify", "--external:/*", "--log-level=warning"]);
    process::run(command.arg(format!("--outfile={}", small.display())))?;
    let bytes = fs::read(&small).with_context(|| format!("cannot read {}", small.display()))?;
    Ok(Asset::hashed(Role::Style, OUT_NAME, "css", bytes))
}

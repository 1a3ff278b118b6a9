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

/// Bundles in the order of the `@import`s and keeps the cascade layers.
pub(super) fn bundle(project: &Project, work: &Path) -> Result<Asset> {
    let small = work.join("main.css");
    let mut command = Command::new(npm::bin_dir(project).join("esbuild"));
    command
        .current_dir(project.root())
        .arg(project.root().join("style/main.css"));
    command.args(["--bundle", "--minify", "--log-level=warning"]);
    command.args(externals(&project.root().join("public"))?);
    process::run(command.arg(format!("--outfile={}", small.display())))?;
    let bytes = fs::read(&small).with_context(|| format!("cannot read {}", small.display()))?;
    Ok(Asset::hashed(Role::Style, OUT_NAME, "css", bytes))
}

/// What `url(/…)` may name and must stay as it is: the files of `public/`, which keep their names. One pattern for each
/// entry, since `/*` would also cover the imports, by their place on this machine.
fn externals(public: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(public).with_context(|| format!("cannot list {}", public.display()))?;
    let mut patterns = Vec::new();
    for entry in entries {
        let entry = entry?;
        let below = if entry.path().is_dir() { "/*" } else { "" };
        patterns.push(format!("--external:/{}{below}", entry.file_name().to_string_lossy()));
    }
    Ok(patterns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_of_public_keeps_its_name() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("fonts")).unwrap();
        fs::write(dir.path().join("favicon.svg"), "").unwrap();
        let mut patterns = externals(dir.path()).unwrap();
        patterns.sort();
        assert_eq!(patterns, ["--external:/favicon.svg", "--external:/fonts/*"]);
    }
}

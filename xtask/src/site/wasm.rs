//! The page's program: compiled by cargo, bound to JavaScript by wasm-bindgen, shrunk by wasm-opt.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::asset::{Asset, Role};
use crate::process;
use crate::project::Project;
use crate::steps::Ending;
use crate::tools::{npm, wasm_bindgen, wasm_target};

/// The name that all files of the page start with.
pub(super) const OUT_NAME: &str = "audit-streams";

const PROFILE: &str = "wasm-release";

/// What rustc emits for wasm32-unknown-unknown by default and what wasm-bindgen adds.
/// <https://doc.rust-lang.org/rustc/platform-support/wasm32-unknown-unknown.html#enabled-webassembly-features>
const WASM_FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// What wasm-bindgen made.
pub(super) struct Bound {
    pub(super) script: PathBuf,
    wasm: PathBuf,
}

impl Bound {
    /// The name under which the script asks for the program.
    pub(super) fn wasm_name(&self) -> String {
        format!("{OUT_NAME}_bg.wasm")
    }
}

pub(super) fn compile(project: &Project) -> Result<Ending> {
    let mut command = process::cargo(project);
    command.args([
        "build",
        "--package",
        "app",
        "--lib",
        "--no-default-features",
        "--features",
        "hydrate",
    ]);
    command.args(["--target", wasm_target::TRIPLE, "--profile", PROFILE]);
    process::run(command.arg("--config").arg(path_remapping(&crate_sources()?)))?;
    Ok(Ending::Done)
}

/// Panic messages name source files. Without this they would tell every visitor where on the builder's machine the
/// crates lie, and no two machines would build the same bytes. Cargo adds it to the flags of `.cargo/config.toml`.
fn path_remapping(crate_sources: &Path) -> String {
    let flag = format!("--remap-path-prefix={}=", crate_sources.join("").display());
    format!("build.rustflags=[{flag:?}]")
}

/// The folder in which cargo unpacks the crates of a registry, one folder for each registry.
fn crate_sources() -> Result<PathBuf> {
    let home = match env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => env::home_dir().context("no home folder")?.join(".cargo"),
    };
    Ok(home.join("registry/src"))
}

/// Where cargo leaves the program.
pub(super) fn compiled(project: &Project) -> PathBuf {
    project
        .target()
        .join(wasm_target::TRIPLE)
        .join(PROFILE)
        .join("app.wasm")
}

pub(super) fn bind(project: &Project, work: &Path) -> Result<Bound> {
    let mut command = Command::new(wasm_bindgen::binary(project)?);
    command
        .current_dir(project.root())
        .args(["--target", "web", "--no-typescript", "--out-name", OUT_NAME]);
    process::run(command.arg("--out-dir").arg(work).arg(compiled(project)))?;
    let bound = Bound {
        script: work.join(format!("{OUT_NAME}.js")),
        wasm: work.join(format!("{OUT_NAME}_bg.wasm")),
    };
    Ok(bound)
}

/// Makes the program small.
pub(super) fn shrink(project: &Project, bound: &Bound) -> Result<Asset> {
    let small = bound.wasm.with_extension("small.wasm");
    let mut command = Command::new(npm::bin_dir(project).join("wasm-opt"));
    command.current_dir(project.root()).args(WASM_FEATURES);
    process::run(
        command
            .args(["-Oz", "--strip-debug"])
            .arg(&bound.wasm)
            .arg("-o")
            .arg(&small),
    )?;
    let bytes = fs::read(&small).with_context(|| format!("cannot read {}", small.display()))?;
    Ok(Asset::hashed(Role::Wasm, &format!("{OUT_NAME}_bg"), "wasm", bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_the_crates_is_left_out_of_what_is_compiled() {
        let config = path_remapping(Path::new("/somewhere/registry/src"));
        assert_eq!(
            config,
            r#"build.rustflags=["--remap-path-prefix=/somewhere/registry/src/="]"#
        );
    }
}

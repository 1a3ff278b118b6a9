//! Installs a program from crates.io into a folder that carries its version.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;

use anyhow::Result;

use crate::process;
use crate::project::Project;
use crate::steps::Ending;

/// One program on crates.io.
pub(super) struct CargoTool {
    pub(super) package: &'static str,
    pub(super) binary: &'static str,
    pub(super) version: String,
    pub(super) flags: &'static [&'static str],
}

impl CargoTool {
    /// The folder its binary is in.
    pub(super) fn bin_dir(&self, project: &Project) -> PathBuf {
        self.root(project).join("bin")
    }

    pub(super) fn binary_path(&self, project: &Project) -> PathBuf {
        self.bin_dir(project).join(format!("{}{EXE_SUFFIX}", self.binary))
    }

    /// Installs it unless this very version is there. Cargo puts the binary in place last, so what exists is whole.
    pub(super) fn install(&self, project: &Project) -> Result<Ending> {
        if self.binary_path(project).is_file() {
            return Ok(Ending::UpToDate);
        }
        let mut command = process::cargo(project);
        command
            .args(["install", self.package, "--version", &self.version])
            .args(self.flags);
        command.arg("--root").arg(self.root(project));
        process::run(&mut command)?;
        Ok(Ending::Done)
    }

    fn root(&self, project: &Project) -> PathBuf {
        project.tools().join(format!("{}-{}", self.binary, self.version))
    }
}

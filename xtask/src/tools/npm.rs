//! wasm-opt and esbuild from the npm registry: prebuilt for every platform that Node runs on, pinned by hash in
//! `xtask/tools/package-lock.json`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::fingerprint::{Fingerprint, stamp_matches};
use crate::process;
use crate::project::Project;
use crate::steps::{Ending, Step, Steps};

const STEP: Step = Step {
    name: "wasm-opt and esbuild",
    what: "install the programs that shrink WebAssembly, JavaScript and CSS",
    usually: "10 s once",
};

const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Installs both into `.tools/npm`.
pub(crate) fn ensure(project: &Project, steps: &mut Steps) -> Result<()> {
    steps.run(&STEP, || {
        let folder = folder(project);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for name in FILES {
            let from = project.root().join("xtask/tools").join(name);
            fs::copy(&from, folder.join(name)).with_context(|| format!("cannot copy {}", from.display()))?;
        }
        install(&folder)
    })?;
    Ok(())
}

/// `npm ci` in a folder, unless its lock file is the one that was installed last. No package's own scripts are run.
pub(crate) fn install(folder: &Path) -> Result<Ending> {
    let print = Fingerprint::default().file(&folder.join("package-lock.json"))?.finish();
    let stamp = folder.join("node_modules/.installed");
    if stamp_matches(&stamp, &print) {
        return Ok(Ending::UpToDate);
    }
    process::run(
        npm()?
            .current_dir(folder)
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]),
    )?;
    fs::write(&stamp, print).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(Ending::Done)
}

/// The folder in which they are installed.
pub(crate) fn folder(project: &Project) -> PathBuf {
    project.tools().join("npm")
}

/// The folder in which an npm-installed program is to be found.
pub(crate) fn bin_dir(project: &Project) -> PathBuf {
    folder(project).join("node_modules/.bin")
}

fn npm() -> Result<Command> {
    if process::find_on_path("npm").is_none() {
        bail!("npm is not on PATH: install Node.js 20 or newer, https://nodejs.org");
    }
    Ok(Command::new("npm"))
}

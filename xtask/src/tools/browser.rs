//! The Chromium that the browser tests drive: the user's own if there is one, else one of the project's.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::apt;
use crate::process;
use crate::project::Project;

const ON_PATH: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Which browser the tests start.
pub(crate) enum Browser {
    /// A program on this machine.
    Installed(PathBuf),
    /// Playwright's own, in this folder.
    Playwright { folder: PathBuf },
}

impl Browser {
    /// The first of: `AUDIT_STREAMS_CHROMIUM`, one on PATH, Playwright's download, the distribution's package.
    pub(crate) fn find_or_install(project: &Project) -> Result<Self> {
        if let Some(named) = env::var_os("AUDIT_STREAMS_CHROMIUM") {
            return Ok(Self::Installed(named.into()));
        }
        if let Some(found) = on_path() {
            return Ok(Self::Installed(found));
        }
        let folder = project.tools().join("playwright");
        match download(project, &folder) {
            Ok(()) => return Ok(Self::Playwright { folder }),
            Err(error) => println!("    Playwright's own Chromium cannot be had here: {error:#}"),
        }
        const MISSING: &str = "no Chromium: install one, or name it in AUDIT_STREAMS_CHROMIUM";
        apt::install(&["chromium"]).context(MISSING)?;
        on_path().map(Self::Installed).context(MISSING)
    }

    /// Tells Playwright which browser to start.
    pub(crate) fn configure(&self, command: &mut Command) {
        match self {
            Self::Installed(program) => command.env("AUDIT_STREAMS_CHROMIUM", program),
            Self::Playwright { folder } => command.env("PLAYWRIGHT_BROWSERS_PATH", folder),
        };
    }
}

fn on_path() -> Option<PathBuf> {
    ON_PATH.iter().find_map(|name| process::find_on_path(name))
}

fn download(project: &Project, folder: &PathBuf) -> Result<()> {
    let mut command = Command::new("npx");
    command
        .current_dir(project.end2end())
        .env("PLAYWRIGHT_BROWSERS_PATH", folder);
    process::run(command.args(["--no-install", "playwright", "install", "chromium"]))
}

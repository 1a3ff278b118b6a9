//! `cargo xtask build`: one binary with the web assets inside.

use anyhow::Result;
use clap::ValueEnum;

use crate::process;
use crate::project::Project;
use crate::site;
use crate::steps::{Ending, Step, Steps};

/// Tells `assets/build.rs` which folder to embed.
pub(crate) const SITE_VARIABLE: &str = "AUDIT_STREAMS_SITE";

/// How the server is compiled.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    Release,
    Dev,
}

impl Profile {
    /// The folder in which cargo leaves this profile's binaries.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "debug",
        }
    }

    fn cargo_name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "dev",
        }
    }

    fn step(self) -> Step {
        let usually = match self {
            Self::Release => "7 min, seconds when unchanged",
            Self::Dev => "3 min, seconds when unchanged",
        };
        Step {
            name: "server",
            what: "compile the server with the web assets inside",
            usually,
        }
    }
}

pub(crate) fn run(project: &Project, profile: Profile) -> Result<()> {
    let mut steps = Steps::default();
    build(project, profile, &mut steps)?;
    println!("\nBuilt {}", project.server_binary(profile.folder()).display());
    Ok(())
}

/// The web assets, then the server around them.
pub(crate) fn build(project: &Project, profile: Profile, steps: &mut Steps) -> Result<()> {
    site::build(project, steps)?;
    steps.run(&profile.step(), || server(project, profile))?;
    Ok(())
}

/// The server around web assets that are there already.
fn server(project: &Project, profile: Profile) -> Result<Ending> {
    let mut command = process::cargo(project);
    command.args([
        "build",
        "--package",
        "server",
        "--bin",
        "audit-streams",
        "--profile",
        profile.cargo_name(),
    ]);
    process::run(command.env(SITE_VARIABLE, project.site()))?;
    Ok(Ending::Done)
}

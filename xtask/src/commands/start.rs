//! `cargo xtask start`: from a clean clone to a page that answers. A second start only finds that nothing has changed.

use std::process::Command;

use anyhow::Result;

use super::build::{self, Profile};
use crate::project::Project;
use crate::steps::Steps;

pub(crate) fn run(project: &Project, server_args: &[String]) -> Result<()> {
    build::build(project, Profile::Release, &mut Steps::default())?;
    println!("\nServing with the data folder `data`. Requests to this machine and its local network are allowed");
    println!(
        "(AUDIT_STREAMS_ALLOW_LOCAL_NETWORK=true), so that a receiver on this machine can be tried. Ctrl-C stops.\n"
    );

    let mut command = Command::new(project.server_binary(Profile::Release.folder()));
    command.current_dir(project.root()).arg("serve");
    if !server_args
        .iter()
        .any(|arg| arg == "--data-dir" || arg.starts_with("--data-dir="))
    {
        command.args(["--data-dir", "data"]);
    }
    if std::env::var_os("AUDIT_STREAMS_ALLOW_LOCAL_NETWORK").is_none() {
        command.env("AUDIT_STREAMS_ALLOW_LOCAL_NETWORK", "true");
    }
    become_server(command.args(server_args))
}

/// Puts the server in this program's place, so that Ctrl-C and signals reach it and nothing else.
#[cfg(unix)]
fn become_server(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(command.exec()).map_err(|error| anyhow::Error::new(error).context("cannot start the server"))
}

#[cfg(not(unix))]
fn become_server(command: &mut Command) -> Result<()> {
    crate::process::run(command)
}

//! `cargo xtask start`: from a clean clone to a page that answers. A second start only finds that nothing has changed.

use std::env;
use std::process::Command;

use anyhow::Result;

use super::build::{self, Profile};
use crate::project::Project;
use crate::steps::Steps;

const ALLOW_LOCAL_NETWORK: &str = "AUDIT_STREAMS_ALLOW_LOCAL_NETWORK";

pub(crate) fn run(project: &Project, server_args: &[String]) -> Result<()> {
    build::build(project, Profile::Release, &mut Steps::default())?;
    println!();

    let mut command = Command::new(project.server_binary(Profile::Release.folder()));
    command.current_dir(project.root()).arg("serve");
    let names_data_dir = |arg: &String| arg == "--data-dir" || arg.starts_with("--data-dir=");
    if !server_args.iter().any(names_data_dir) && env::var_os("AUDIT_STREAMS_DATA_DIR").is_none() {
        command.args(["--data-dir", "data"]);
    }
    if env::var_os(ALLOW_LOCAL_NETWORK).is_none() {
        println!(
            "For trying it out, events may go to this machine and its local network ({ALLOW_LOCAL_NETWORK}=true)."
        );
        command.env(ALLOW_LOCAL_NETWORK, "true");
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

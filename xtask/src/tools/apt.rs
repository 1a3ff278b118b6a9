//! Packages of a Debian-like distribution.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

/// Installs packages, if that can be done here without asking anybody.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    if process::find_on_path("apt-get").is_none() {
        bail!("there is no apt-get to install {} with", packages.join(", "));
    }
    apt_get(&["update"])?;
    apt_get(&[&["install", "-y", "--no-install-recommends"][..], packages].concat())
}

/// As root directly; otherwise through sudo, and only where sudo asks nobody for a password.
fn apt_get(args: &[&str]) -> Result<()> {
    let is_root = process::capture(Command::new("id").arg("-u"))?.trim() == "0";
    let mut command = if is_root {
        Command::new("apt-get")
    } else {
        Command::new("sudo")
    };
    if !is_root {
        command.args(["-n", "apt-get"]);
    }
    process::run(command.args(args).env("DEBIAN_FRONTEND", "noninteractive"))
}

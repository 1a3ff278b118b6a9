//! The tinyproxy that connections through a proxy are tested with: the user's own if there is one, else the distribution's package.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::apt;
use crate::process;

/// Tells the tests which tinyproxy to start.
pub(crate) const VARIABLE: &str = "AUDIT_STREAMS_TINYPROXY";

/// Where some distributions install it; only root's PATH leads there.
const SYSTEM: &str = "/usr/sbin/tinyproxy";

const MISSING: &str = "no tinyproxy: install one, or name it in AUDIT_STREAMS_TINYPROXY";

/// The first of: `AUDIT_STREAMS_TINYPROXY`, one on PATH, the system's, the distribution's package.
pub(crate) fn find_or_install() -> Result<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE) {
        return Ok(named.into());
    }
    if let Some(found) = installed() {
        return Ok(found);
    }
    // The program alone, without the service that the package tinyproxy starts.
    apt::install("tinyproxy-bin").context(MISSING)?;
    installed().context(MISSING)
}

fn installed() -> Option<PathBuf> {
    let system = || Some(PathBuf::from(SYSTEM)).filter(|file| Path::is_file(file));
    process::find_on_path("tinyproxy").or_else(system)
}

//! The nginx that delivery is tested against: the user's own if there is one, else the distribution's package.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::apt;
use crate::process;

/// Tells the tests which nginx to start.
pub(crate) const VARIABLE: &str = "AUDIT_STREAMS_NGINX";

/// Where Debian installs it; only root's PATH leads there.
const DEBIAN: &str = "/usr/sbin/nginx";

const MISSING: &str = "no nginx: install one, or name it in AUDIT_STREAMS_NGINX";

/// The first of: `AUDIT_STREAMS_NGINX`, one on PATH, Debian's, the distribution's package.
pub(crate) fn find_or_install() -> Result<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE) {
        return Ok(named.into());
    }
    if let Some(found) = installed() {
        return Ok(found);
    }
    apt::install("nginx").context(MISSING)?;
    installed().context(MISSING)
}

fn installed() -> Option<PathBuf> {
    let debian = || Some(PathBuf::from(DEBIAN)).filter(|file| Path::is_file(file));
    process::find_on_path("nginx").or_else(debian)
}

//! The programs that delivery is tested against: the user's own where there are some, else the distribution's packages.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::apt;
use crate::process;

/// A program of the distribution.
pub(crate) struct Program {
    /// Names of its file, of which any will do.
    names: &'static [&'static str],
    /// Tells the tests which one to start.
    pub(crate) variable: &'static str,
    /// The package of Debian that has it.
    package: &'static str,
}

/// As the crate `receivers` starts them.
pub(crate) const PROGRAMS: [Program; 5] = [
    Program {
        names: &["nginx"],
        variable: "AUDIT_STREAMS_NGINX",
        package: "nginx",
    },
    Program {
        names: &["tinyproxy"],
        variable: "AUDIT_STREAMS_TINYPROXY",
        // The program alone, without the service that the package tinyproxy starts.
        package: "tinyproxy-bin",
    },
    Program {
        names: &["squid"],
        variable: "AUDIT_STREAMS_SQUID",
        package: "squid",
    },
    Program {
        names: &["microsocks"],
        variable: "AUDIT_STREAMS_MICROSOCKS",
        package: "microsocks",
    },
    Program {
        names: &["stunnel4", "stunnel"],
        variable: "AUDIT_STREAMS_STUNNEL",
        package: "stunnel4",
    },
];

impl Program {
    /// The first of: what the variable names, one on PATH, the system's, the distribution's package.
    pub(crate) fn find_or_install(&self) -> Result<PathBuf> {
        if let Some(named) = env::var_os(self.variable) {
            return Ok(named.into());
        }
        if let Some(found) = self.installed() {
            return Ok(found);
        }
        let missing = || format!("no {}: install one, or name it in {}", self.package, self.variable);
        apt::install(self.package).with_context(missing)?;
        self.installed().with_context(missing)
    }

    /// Some distributions have them where only root's PATH leads.
    fn installed(&self) -> Option<PathBuf> {
        let on_path = self.names.iter().find_map(|name| process::find_on_path(name));
        let files = self.names.iter().map(|name| PathBuf::from("/usr/sbin").join(name));
        on_path.or_else(|| files.into_iter().find(|file| file.is_file()))
    }
}

//! The programs that delivery is tested against: the user's own where there are some, else the distribution's packages.

use std::env;
use std::path::PathBuf;

use anyhow::{Result, bail};

use super::apt;
use crate::process;

/// A program of the distribution.
struct Program {
    /// Names of its file, of which any will do.
    names: &'static [&'static str],
    /// Tells the tests which one to start.
    variable: &'static str,
    /// The package of Debian that has it.
    package: &'static str,
}

/// As the crate `receivers` starts them.
static PROGRAMS: [Program; 4] = [
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

/// The programs that were found, each with the variable that names it.
pub(crate) type Found = Vec<(&'static str, PathBuf)>;

/// Adds each program to `found`: what its variable names, one on PATH, the system's, or else the distribution's package.
///
/// # Errors
/// The programs that are still missing, and why they could not be installed. The others are in `found` all the same.
pub(crate) fn find_or_install(found: &mut Found) -> Result<()> {
    let missing: Vec<&Program> = PROGRAMS.iter().filter(|program| program.find().is_none()).collect();
    let packages: Vec<&str> = missing.iter().map(|program| program.package).collect();
    let installed = match packages.is_empty() {
        true => Ok(()),
        false => apt::install(&packages),
    };
    found.extend(
        PROGRAMS
            .iter()
            .filter_map(|program| Some((program.variable, program.find()?))),
    );
    report(
        missing.into_iter().filter(|program| program.find().is_none()),
        installed,
    )
}

fn report(missing: impl Iterator<Item = &'static Program>, installed: Result<()>) -> Result<()> {
    let lines = missing.map(|program| {
        format!(
            "no {}: install one, or name it in {}",
            program.package, program.variable
        )
    });
    let lines: Vec<String> = lines.collect();
    match (lines.is_empty(), installed) {
        (true, _) => Ok(()),
        (false, Ok(())) => bail!("{}", lines.join("; ")),
        (false, Err(error)) => Err(error.context(lines.join("; "))),
    }
}

impl Program {
    fn find(&self) -> Option<PathBuf> {
        env::var_os(self.variable)
            .map(PathBuf::from)
            .or_else(|| self.installed())
    }

    /// Some distributions have them where only root's PATH leads.
    fn installed(&self) -> Option<PathBuf> {
        let on_path = self.names.iter().find_map(|name| process::find_on_path(name));
        let files = self.names.iter().map(|name| PathBuf::from("/usr/sbin").join(name));
        on_path.or_else(|| files.into_iter().find(|file| file.is_file()))
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn all_missing_programs_are_reported_together_with_the_reason() {
        let said = |missing: &'static [Program], installed| {
            report(missing.iter(), installed).map_err(|error| format!("{error:#}"))
        };
        assert_eq!(
            said(&PROGRAMS[..0], Err(anyhow!("no network"))),
            Ok(()),
            "all are there"
        );
        let both = "no nginx: install one, or name it in AUDIT_STREAMS_NGINX; \
                    no tinyproxy-bin: install one, or name it in AUDIT_STREAMS_TINYPROXY";
        assert_eq!(said(&PROGRAMS[..2], Ok(())), Err(both.to_owned()));
        assert_eq!(
            said(&PROGRAMS[..2], Err(anyhow!("no network"))),
            Err(format!("{both}: no network"))
        );
    }
}

//! The programs of the distribution that tests start, and where they are found. `receivers` starts them, and `xtask` installs those that
//! are missing. Without dependencies, so that `xtask` compiles quickly.

use std::{
    env,
    path::{Path, PathBuf},
};

/// Debian has some programs where only root's PATH leads.
const SYSTEM_FOLDER: &str = "/usr/sbin";

/// A program of the distribution.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Names of its file, of which any will do.
    pub names: &'static [&'static str],
    /// The environment variable that names another file.
    pub variable: &'static str,
    /// The package of Debian that has it.
    pub package: &'static str,
}

/// A web server, behind which most receivers are.
pub const NGINX: Program = Program {
    names: &["nginx"],
    variable: "AUDIT_STREAMS_NGINX",
    package: "nginx",
};

/// An HTTP proxy. The package has the program alone, without the service that the package `tinyproxy` starts.
pub const TINYPROXY: Program = Program {
    names: &["tinyproxy"],
    variable: "AUDIT_STREAMS_TINYPROXY",
    package: "tinyproxy-bin",
};

/// A SOCKS5 proxy.
pub const MICROSOCKS: Program = Program {
    names: &["microsocks"],
    variable: "AUDIT_STREAMS_MICROSOCKS",
    package: "microsocks",
};

/// TLS in front of a receiver, with client certificates.
pub const STUNNEL: Program = Program {
    names: &["stunnel4", "stunnel"],
    variable: "AUDIT_STREAMS_STUNNEL",
    package: "stunnel4",
};

/// All of them.
pub static ALL: [Program; 4] = [NGINX, TINYPROXY, MICROSOCKS, STUNNEL];

impl Program {
    /// The file that the variable names, else the one on PATH or in `/usr/sbin`; `None` if there is none.
    pub fn find(&self) -> Option<PathBuf> {
        let named = env::var_os(self.variable).map(PathBuf::from);
        named.or_else(|| {
            let path = env::var_os("PATH").unwrap_or_default();
            let folders = env::split_paths(&path).chain([SYSTEM_FOLDER.into()]);
            self.find_in(folders)
        })
    }

    fn find_in(&self, folders: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
        let files = folders
            .into_iter()
            .flat_map(|folder| self.names.iter().map(move |name| folder.join(name)));
        files.into_iter().find(|file| is_executable(file))
    }
}

/// Whether this is a file that can be run.
#[cfg(unix)]
pub fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Whether this is a file that can be run.
#[cfg(not(unix))]
pub fn is_executable(file: &Path) -> bool {
    file.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELL: Program = Program {
        names: &["no-such-program", "sh"],
        variable: "AUDIT_STREAMS_NO_SUCH_VARIABLE",
        package: "dash",
    };

    #[test]
    fn a_program_is_found_by_any_of_its_names() {
        assert_eq!(
            SHELL.find_in(["/no-such-folder".into(), "/bin".into()]),
            Some("/bin/sh".into())
        );
        assert!(SHELL.find().is_some_and(|file| file.ends_with("sh")));
        let missing = Program {
            names: &["no-such-program"],
            ..SHELL
        };
        assert_eq!(missing.find(), None);
    }

    #[test]
    fn each_program_has_a_variable_and_a_package_of_its_own() {
        for (number, program) in ALL.iter().enumerate() {
            assert!(program.variable.starts_with("AUDIT_STREAMS_") && !program.names.is_empty());
            let same = |other: &&Program| other.variable == program.variable || other.package == program.package;
            assert_eq!(ALL[number..].iter().filter(same).count(), 1, "{}", program.package);
        }
    }
}

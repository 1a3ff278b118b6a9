//! Compiles the crates that are fuzzed so that libFuzzer sees which code an input reaches.
//!
//! Cargo runs this program in place of rustc for the crates of the workspace (`RUSTC_WORKSPACE_WRAPPER`), and it runs rustc with more
//! flags for some of them. So the dependencies are those that were compiled for the tests, and nothing but stable Rust is needed.

use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result};

/// Set for a cargo that runs this program in place of rustc.
const VARIABLE: &str = "AUDIT_STREAMS_INSTRUMENT";

/// The crates whose code leads the fuzzer.
const CRATES: [&str; 4] = ["api", "domain", "engine", "fuzz"];

/// Coverage counters and compared values, as libFuzzer reads them; no sanitizer.
const COUNTED: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// A program is linked for each target: without what only a debugger reads.
const LINKED: [&str; 1] = ["-Cstrip=debuginfo"];

/// Makes a cargo instrument what it compiles, with a copy of this program in this folder: the file that it was started from may be gone,
/// replaced when the whole workspace was compiled.
pub(crate) fn configure(cargo: &mut Command, folder: &Path) -> Result<()> {
    let (copy, unfinished) = (folder.join("instrument"), folder.join("instrument.new"));
    fs::create_dir_all(folder)
        .and_then(|()| fs::copy(this_program()?, &unfinished))
        .and_then(|_| fs::rename(&unfinished, &copy))
        .with_context(|| format!("cannot copy this program to {}", copy.display()))?;
    cargo.env("RUSTC_WORKSPACE_WRAPPER", copy).env(VARIABLE, "1");
    Ok(())
}

/// On Linux, the link leads to the program even if its file is gone.
fn this_program() -> io::Result<PathBuf> {
    let link = Path::new("/proc/self/exe");
    if link.exists() {
        Ok(link.to_owned())
    } else {
        env::current_exe()
    }
}

/// Whether cargo runs this program in place of rustc.
pub(crate) fn is_compiler() -> bool {
    env::var_os(VARIABLE).is_some()
}

/// Runs rustc as this process's own command line says, with the flags that the crate needs.
pub(crate) fn compile() -> Result<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    let rustc = arguments.next().context("cargo names no rustc")?;
    let arguments: Vec<OsString> = arguments.collect();
    let flags = flags_for(env::var("CARGO_PKG_NAME").ok().as_deref(), &arguments);
    let mut command = Command::new(&rustc);
    let status = command.args(&arguments).args(flags).status();
    let status = status.with_context(|| format!("cannot start {}", rustc.display()))?;
    // Whatever it died of, it has said so.
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn flags_for(package: Option<&str>, arguments: &[OsString]) -> &'static [&'static str] {
    let value_of = |option: &str| {
        let at = arguments.iter().position(|argument| argument == option)?;
        arguments.get(at + 1)?.to_str()
    };
    let is_fuzzed = value_of("--crate-name").is_some_and(|name| CRATES.contains(&name));
    match value_of("--crate-type") {
        Some("lib") if is_fuzzed => &COUNTED,
        Some("bin") if package == Some("fuzz") => &LINKED,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_libraries_that_are_fuzzed_are_instrumented() {
        let flags = |package: &str, line: &str| {
            let arguments: Vec<_> = line.split(' ').map(OsString::from).collect();
            flags_for(Some(package), &arguments)
        };
        let library = "--crate-name domain --edition=2024 lib.rs --crate-type lib";
        assert_eq!(flags("domain", library), COUNTED);
        assert_eq!(flags("fuzz", "--crate-name urls urls.rs --crate-type bin"), LINKED);
        for (package, other) in [
            ("domain", "--crate-name domain lib.rs --test"),
            ("receivers", "--crate-name receivers lib.rs --crate-type lib"),
            ("assets", "--crate-name build_script_build build.rs --crate-type bin"),
            ("", "- --crate-name ___ --print=cfg"),
        ] {
            assert!(flags(package, other).is_empty(), "{other}");
        }
    }
}

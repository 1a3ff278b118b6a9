//! Running other programs: echo the line, run it, and say which line failed.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::project::Project;

/// What a program that was run to its end left behind.
pub(crate) struct Finished {
    pub(crate) success: bool,
    pub(crate) stdout: String,
}

/// `cargo`, in the project's root and with the toolchain that runs this program.
pub(crate) fn cargo(project: &Project) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(project.root());
    // These describe xtask itself; a nested cargo that saw them would rebuild what reads them.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(describes_this_package) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs to success, with our own terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    echo(command);
    let status = command
        .status()
        .with_context(|| format!("cannot start `{}`", line_of(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", line_of(command));
    }
    Ok(())
}

/// Whether it can be started and succeeds. What it prints is not shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs to success and returns what it printed, without showing it.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command
        .output()
        .with_context(|| format!("cannot start `{}`", line_of(command)))?;
    if !output.status.success() {
        bail!("`{}` failed ({})", line_of(command), output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` printed something that is not text", line_of(command)))
}

/// Runs to its end, shows each line as it comes and keeps them all. A failing status is not an error here.
pub(crate) fn tee(command: &mut Command) -> Result<Finished> {
    echo(command);
    let line = line_of(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{line}`"))?;
    let mut stdout = String::new();
    if let Some(pipe) = child.stdout.take() {
        let mut out = std::io::stdout();
        for chunk in BufReader::new(pipe).split(b'\n') {
            let text = String::from_utf8_lossy(&chunk?).into_owned();
            writeln!(out, "{text}")?;
            stdout.push_str(&text);
            stdout.push('\n');
        }
    }
    let status = child.wait().with_context(|| format!("cannot wait for `{line}`"))?;
    Ok(Finished {
        success: status.success(),
        stdout,
    })
}

/// Where a program of this name is on PATH, if anywhere.
pub(crate) fn find_on_path(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| programs::is_executable(file))
}

fn describes_this_package(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || matches!(name, "CARGO_MANIFEST_DIR" | "CARGO_MANIFEST_PATH" | "CARGO_BIN_NAME")
}

fn echo(command: &Command) {
    println!("    $ {}", line_of(command));
}

/// The command line as a person would type it in the project's root.
fn line_of(command: &Command) -> String {
    let here = command.get_current_dir();
    let mut line = short(command.get_program(), here, true);
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&short(arg, here, false));
    }
    line
}

fn short(part: &OsStr, here: Option<&Path>, is_program: bool) -> String {
    let path = Path::new(part);
    if is_program && path.file_stem() == Some(OsStr::new("cargo")) {
        return "cargo".to_owned();
    }
    here.and_then(|dir| path.strip_prefix(dir).ok())
        .unwrap_or(path)
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_shown_relative_to_the_folder_it_runs_in() {
        let mut command = Command::new("/somewhere/bin/cargo");
        command.current_dir("/project").args(["build", "/project/target/x"]);
        assert_eq!(line_of(&command), "cargo build target/x");
    }

    #[cfg(unix)]
    #[test]
    fn tee_keeps_what_was_printed_and_tells_failure() {
        let finished = tee(Command::new("sh").args(["-c", "echo one; echo two; exit 3"])).unwrap();
        assert!(!finished.success);
        assert_eq!(finished.stdout, "one\ntwo\n");
    }

    #[test]
    fn a_failing_program_is_named() {
        let error = run(Command::new("sh").args(["-c", "exit 1"])).unwrap_err();
        assert!(error.to_string().contains("sh -c exit 1"), "{error}");
    }
}

//! A fuzz target as a program of libFuzzer.

use std::{
    env::consts::EXE_SUFFIX,
    fs, io,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};

use super::outcome::Outcome;
use crate::project::Project;

/// Where a run ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    Inputs(u32),
    Seconds(u32),
}

/// Inputs are not longer than this many bytes.
const MOST_BYTES: u32 = 4_096;

/// One target.
pub(super) struct Program {
    pub(super) name: String,
}

impl Program {
    /// Each target has a file in `fuzz/fuzz_targets`.
    pub(super) fn all(project: &Project) -> Result<Vec<Self>> {
        let folder = project.fuzz().join("fuzz_targets");
        let files = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        let mut names = Vec::new();
        for file in files {
            let path = file?.path();
            names.extend(path.file_stem().and_then(|name| name.to_str()).map(str::to_owned));
        }
        names.sort();
        Ok(names.into_iter().map(|name| Self { name }).collect())
    }

    /// The program, without arguments, in the root of the project.
    pub(super) fn command(&self, project: &Project) -> Command {
        let file = project
            .target()
            .join("debug")
            .join(format!("{}{EXE_SUFFIX}", self.name));
        let mut command = Command::new(file);
        command.current_dir(project.root());
        command
    }

    /// Runs it on its corpus and on inputs made from that. A run that is bounded by a time keeps what it finds for the next one.
    pub(super) fn run(&self, project: &Project, bound: Bound, seed: u32, is_shown: bool) -> Result<Outcome> {
        let folder = project.target().join("fuzz").join(&self.name);
        let (found, artifacts) = match bound {
            Bound::Seconds(_) => (folder.join("corpus"), folder.join("artifacts")),
            Bound::Inputs(_) => (folder.join("short"), folder.join("artifacts")),
        };
        if matches!(bound, Bound::Inputs(_)) {
            remove(&found)?;
        }
        for folder in [&found, &artifacts] {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let mut command = self.command(project);
        command.args([
            format!("-seed={seed}"),
            format!("-max_len={MOST_BYTES}"),
            format!("-artifact_prefix={}/", artifacts.display()),
            match bound {
                Bound::Inputs(inputs) => format!("-runs={inputs}"),
                Bound::Seconds(seconds) => format!("-max_total_time={seconds}"),
            },
        ]);
        let dictionary = project.fuzz().join("dict").join(format!("{}.dict", self.name));
        if dictionary.exists() {
            command.arg(format!("-dict={}", dictionary.display()));
        }
        command.arg(found).arg(project.fuzz().join("corpus").join(&self.name));
        finish(&mut command, is_shown)
    }
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// libFuzzer reports on the standard error.
fn finish(command: &mut Command, is_shown: bool) -> Result<Outcome> {
    let mut child = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let mut lines = Vec::new();
    if let Some(pipe) = child.stderr.take() {
        for line in BufReader::new(pipe).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            if is_shown {
                println!("{line}");
            }
            lines.push(line);
        }
    }
    let status = child.wait().context("cannot wait for a fuzz target")?;
    Ok(Outcome::of(status.success(), &lines))
}

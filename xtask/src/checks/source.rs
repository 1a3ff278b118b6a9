//! The project's text files, as git knows them.

use std::fs;
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::project::Project;

/// One text file.
pub(super) struct Source {
    /// From the project's root, with forward slashes.
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    /// Whether it is a Rust file below this folder.
    pub(super) fn is_rust_in(&self, folder: &str) -> bool {
        self.path.starts_with(folder) && self.path.ends_with(".rs")
    }

    /// One finding for each line that `is_wrong`, with its place.
    pub(super) fn wrong_lines(&self, is_wrong: impl Fn(&str) -> bool, why: &str) -> Vec<String> {
        let numbered = self.text.lines().zip(1..);
        numbered
            .filter(|(line, _)| is_wrong(line))
            .map(|(_, number)| format!("{}:{number}: {why}", self.path))
            .collect()
    }
}

/// Every text file that is in git or would be added to it. Files that are not UTF-8 are left out.
pub(super) fn all(project: &Project) -> Result<Vec<Source>> {
    let mut command = Command::new("git");
    command.current_dir(project.root());
    let list = process::capture(command.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    let read = |path: &str| {
        let text = fs::read_to_string(project.root().join(path)).ok()?;
        Some(Source {
            path: path.to_owned(),
            text,
        })
    };
    Ok(list.split_terminator('\0').filter_map(read).collect())
}

/// A line of code without the comment at its end. Good enough for rules about names, not a parser.
pub(super) fn code_of(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

#[cfg(test)]
pub(super) fn source(path: &str, text: &str) -> Source {
    Source {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_its_line() {
        let found = source("a.rs", "good\nbad\n").wrong_lines(|line| line == "bad", "is bad");
        assert_eq!(found, ["a.rs:2: is bad"]);
    }

    #[test]
    fn comments_are_no_code() {
        assert_eq!(code_of("let x = 1; // sqlx::query"), "let x = 1; ");
        assert_eq!(code_of("//! sqlx::query"), "");
    }
}

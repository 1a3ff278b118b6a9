//! Which crate may depend on which. Read from `cargo tree`, so a dependency that comes in through another one counts, and one
//! that only another crate's features would bring in does not.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::process;
use crate::project::Project;

/// Features with which a crate is built.
const ALL: &[&str] = &["--all-features"];
const BROWSER: &[&str] = &["--no-default-features", "--features", "hydrate"];

/// A crate of ours, its features, and what it must never reach, directly or through others, outside its tests.
const RULES: [(&str, &[&str], &[&str]); 9] = [
    (
        "domain",
        ALL,
        &[
            "axum",
            "getrandom",
            "leptos",
            "reqwest",
            "rusqlite",
            "sqlx",
            "tokio",
            "tracing",
        ],
    ),
    ("app", ALL, &["api", "assets", "server"]),
    ("app", BROWSER, &["engine", "reqwest", "rusqlite", "sqlx"]),
    ("engine", ALL, &["api", "app", "axum", "leptos", "server"]),
    (
        "api",
        ALL,
        &["app", "assets", "bad_disk", "leptos", "programs", "receivers", "server"],
    ),
    ("assets", ALL, &["api", "app", "domain", "engine", "server"]),
    // What proves the promises shares no code with what makes them.
    (
        "drill",
        ALL,
        &[
            "api",
            "app",
            "assets",
            "domain",
            "engine",
            "faults",
            "fuzz",
            "receivers",
            "server",
        ],
    ),
    // What is shipped, and so everything below it.
    (
        "server",
        ALL,
        &["bad_disk", "faults", "fuzz", "libfuzzer-sys", "programs", "receivers"],
    ),
    // Compiled before anything else is done.
    ("xtask", ALL, &["domain", "receivers", "tokio"]),
];

pub(super) fn check(project: &Project) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (name, features, forbidden) in RULES {
        let mut command = process::cargo(project);
        command.args([
            "tree",
            "--locked",
            "--package",
            name,
            "--edges",
            "normal",
            "--target",
            "all",
        ]);
        let tree = process::capture(command.args(features).args(["--prefix", "none"]))?;
        found.extend(breaches(name, forbidden, &tree));
    }
    Ok(found)
}

fn breaches(name: &str, forbidden: &[&str], tree: &str) -> Vec<String> {
    let reached: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    let banned = forbidden.iter().filter(|banned| reached.contains(**banned));
    let message = |banned| format!("{name}/Cargo.toml: {name} must not depend on {banned}, not through others either");
    banned.map(message).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_through_others_counts_and_a_part_of_a_name_does_not() {
        let tree = "domain v0.1.0 (/src/domain)\nurl v2.5.0\ntokio v1.0.0\ntokio v1.0.0 (*)\naxum-core v0.5.0\n";
        assert_eq!(
            breaches("domain", &["axum", "sqlx", "tokio"], tree),
            ["domain/Cargo.toml: domain must not depend on tokio, not through others either"]
        );
    }
}

//! Which crate may stand on which. Read from `cargo metadata`, so a dependency that comes in through another one counts.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;
use crate::project::Project;

/// A crate of ours, and what it must never reach, directly or through others, outside its tests.
const RULES: [(&str, &[&str]); 4] = [
    (
        "domain",
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
    ("app", &["engine", "reqwest", "rusqlite", "sqlx", "server"]),
    ("engine", &["app", "axum", "leptos", "server"]),
    // What is shipped, and so everything below it.
    ("server", &["receivers"]),
];

pub(super) fn check(project: &Project) -> Result<Vec<String>> {
    let mut command = process::cargo(project);
    let json = process::capture(command.args(["metadata", "--format-version", "1", "--locked"]))?;
    Ok(breaches(&Graph::parse(&json)?))
}

fn breaches(graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for (name, forbidden) in RULES {
        let reached = graph.reached_from(name);
        for banned in forbidden.iter().filter(|banned| reached.contains(**banned)) {
            found.push(format!(
                "{name}/Cargo.toml: {name} must not depend on {banned}, not through others either"
            ));
        }
    }
    found
}

/// Package names, and the names that each depends on outside its tests and build scripts.
struct Graph(BTreeMap<String, BTreeSet<String>>);

impl Graph {
    fn parse(json: &str) -> Result<Self> {
        let metadata: Value = serde_json::from_str(json).context("cargo metadata is not JSON")?;
        let mut names = BTreeMap::new();
        for package in list(&metadata["packages"], "packages")? {
            names.insert(text(&package["id"], "id")?, text(&package["name"], "name")?.to_owned());
        }
        let name_of = |id: &Value| {
            let id = text(id, "id of a package")?;
            names
                .get(id)
                .cloned()
                .with_context(|| format!("cargo metadata: no package {id}"))
        };
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in list(&metadata["resolve"]["nodes"], "resolve.nodes")? {
            let deps = edges.entry(name_of(&node["id"])?).or_default();
            for dep in list(&node["deps"], "deps")? {
                let kinds = list(&dep["dep_kinds"], "dep_kinds")?;
                if kinds.iter().any(|kind| kind["kind"].is_null()) {
                    deps.insert(name_of(&dep["pkg"])?);
                }
            }
        }
        Ok(Self(edges))
    }

    fn reached_from(&self, start: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut open = vec![start];
        while let Some(name) = open.pop() {
            for dep in self.0.get(name).into_iter().flatten() {
                if reached.insert(dep.as_str()) {
                    open.push(dep);
                }
            }
        }
        reached
    }
}

fn list<'json>(value: &'json Value, name: &str) -> Result<&'json Vec<Value>> {
    value
        .as_array()
        .with_context(|| format!("cargo metadata: {name} is not a list"))
}

fn text<'json>(value: &'json Value, name: &str) -> Result<&'json str> {
    value
        .as_str()
        .with_context(|| format!("cargo metadata: {name} is not a string"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{
        "packages": [
            {"id": "1", "name": "domain"}, {"id": "2", "name": "url"}, {"id": "3", "name": "tokio"}, {"id": "4", "name": "axum"}
        ],
        "resolve": {"nodes": [
            {"id": "1", "deps": [
                {"pkg": "2", "dep_kinds": [{"kind": null}]},
                {"pkg": "4", "dep_kinds": [{"kind": "dev"}]}
            ]},
            {"id": "2", "deps": [{"pkg": "3", "dep_kinds": [{"kind": null}, {"kind": "dev"}]}]},
            {"id": "3", "deps": []},
            {"id": "4", "deps": []}
        ]}
    }"#;

    #[test]
    fn a_forbidden_crate_is_found_through_another_one() {
        let found = breaches(&Graph::parse(METADATA).unwrap());
        assert_eq!(
            found,
            ["domain/Cargo.toml: domain must not depend on tokio, not through others either"]
        );
    }
    #[test]
    fn metadata_of_another_form_are_an_error() {
        for (from, to) in [
            (r#""packages""#, r#""package_list""#),
            (r#""pkg": "3""#, r#""pkg": "5""#),
            (r#""deps": []"#, r#""dependencies": []"#),
            (r#""name": "url""#, r#""name": 1"#),
        ] {
            assert!(Graph::parse(&METADATA.replacen(from, to, 1)).is_err(), "{to}");
        }
    }
}

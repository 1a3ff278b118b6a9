//! `cargo xtask dev`: cargo-leptos rebuilds and reloads on every change.

use std::env;

use anyhow::{Context, Result};

use crate::process;
use crate::project::Project;
use crate::steps::Steps;
use crate::tools::{cargo_leptos, npm, wasm_bindgen, wasm_target};

pub(crate) fn run(project: &Project, server_args: &[String]) -> Result<()> {
    let mut steps = Steps::default();
    wasm_target::ensure(project, &mut steps)?;
    wasm_bindgen::ensure(project, &mut steps)?;
    npm::ensure(project, &mut steps)?;
    cargo_leptos::ensure(project, &mut steps)?;

    let mut path = vec![
        cargo_leptos::bin_dir(project),
        wasm_bindgen::bin_dir(project)?,
        npm::bin_dir(project),
    ];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let mut command = process::cargo(project);
    command.env(
        "PATH",
        env::join_paths(path).context("a folder on PATH cannot be kept there")?,
    );
    command.env("AUDIT_STREAMS_ALLOW_LOCAL_NETWORK", "true");
    command
        .args(["leptos", "watch", "--", "serve", "--data-dir", "data"])
        .args(server_args);
    process::run(&mut command)
}

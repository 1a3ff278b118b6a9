//! `cargo xtask bench`: each path of a release build beside its own limit. No test asserts what it measures.

use std::process::Command;

use anyhow::Result;

use super::build::{self, Profile, SITE_VARIABLE};
use crate::process;
use crate::project::Project;
use crate::steps::{Step, Steps};
use crate::tools::browser::Browser;
use crate::tools::npm;

const PLAYWRIGHT: Step = Step {
    name: "playwright",
    what: "install the packages that drive the browser",
    usually: "10 s once",
};

pub(crate) fn run(project: &Project, bench_args: &[String]) -> Result<()> {
    let mut steps = Steps::default();
    build::build(project, Profile::Release, &mut steps)?;
    if let [only] = bench_args
        && only == "page"
    {
        return page(project, &mut steps);
    }
    let mut command = process::cargo(project);
    command
        .args(["bench", "--package", "server", "--bench", "throughput", "--"])
        .args(bench_args);
    process::run(command.env(SITE_VARIABLE, project.site()))
}

/// The pages in a real browser.
fn page(project: &Project, steps: &mut Steps) -> Result<()> {
    steps.run(&PLAYWRIGHT, || npm::install(&project.end2end()))?;
    process::run(process::cargo(project).args(["build", "--package", "receivers"]))?;
    let mut command = Command::new("npx");
    command
        .current_dir(project.end2end())
        .args([
            "--no-install",
            "playwright",
            "test",
            "--config",
            "playwright.bench.config.ts",
        ])
        .env("AUDIT_STREAMS_BIN", project.server_binary(Profile::Release.folder()))
        .env("AUDIT_STREAMS_RECEIVERS_BIN", project.target().join("debug/receivers"));
    Browser::find_or_install(project)?.configure(&mut command);
    process::run(&mut command)
}

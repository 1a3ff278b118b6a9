//! `cargo xtask bench`: each path of a release build beside its own limit. No test asserts what it measures.

use anyhow::Result;

use super::build::{self, Profile, SITE_VARIABLE};
use crate::process;
use crate::project::Project;
use crate::steps::Steps;

pub(crate) fn run(project: &Project, bench_args: &[String]) -> Result<()> {
    build::build(project, Profile::Release, &mut Steps::default())?;
    let mut command = process::cargo(project);
    command
        .args(["bench", "--package", "server", "--bench", "throughput", "--"])
        .args(bench_args);
    process::run(command.env(SITE_VARIABLE, project.site()))
}

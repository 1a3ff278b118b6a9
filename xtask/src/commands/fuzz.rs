//! `cargo xtask fuzz`: inputs that libFuzzer makes up, for as long as you like; and a short run of each target for `cargo xtask test`.

mod outcome;
mod program;

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    path::PathBuf,
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use self::{
    outcome::Outcome,
    program::{Bound, Program},
};
use super::tally::Tally;
use crate::{
    instrument, process,
    project::Project,
    steps::{Ending, Step, Steps},
};

const COMPILE: Step = Step {
    name: "fuzz targets",
    what: "compile the fuzz targets, with counters of the code that is reached",
    usually: "2 min, seconds when unchanged",
};
const SHORT: Step = Step {
    name: "fuzzing",
    what: "run each fuzz target on its corpus and on inputs that are made up from it",
    usually: "1 min",
};

/// So many inputs for each target in the short run.
const SHORT_RUN: Bound = Bound::Inputs(4_000);
const SHORT_SEED: u32 = 1;

const NO_COMPILER: &str =
    "no C++ compiler, which libFuzzer is compiled with: install one (package g++), or name it in CXX";

/// Options of the command.
#[derive(Args)]
pub(crate) struct Options {
    /// The targets to run, such as `urls`; all of them if none is named
    targets: Vec<String>,
    /// How long each target runs
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// How many inputs each target is run on, instead of a time
    #[arg(long, value_name = "N", conflicts_with = "seconds", value_parser = clap::value_parser!(u32).range(1..))]
    runs: Option<u32>,
    /// What the inputs are made from; one that is printed if it is not given
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u32).range(1..))]
    seed: Option<u32>,
    /// Run one target on this file alone, such as one that a crash has left
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seconds", "runs", "seed"])]
    input: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    if !has_compiler() {
        bail!("{NO_COMPILER}");
    }
    let programs = chosen(project, &options.targets)?;
    let mut steps = Steps::default();
    steps.run(&COMPILE, || compile(project))?;
    if let Some(input) = &options.input {
        let [program] = programs.as_slice() else {
            bail!("name the target that the input is for");
        };
        // Another run would be in the folder of the program.
        let input = input
            .canonicalize()
            .with_context(|| format!("cannot find {}", input.display()))?;
        return process::run(program.command(project).arg(input));
    }
    let bound = options.runs.map_or(Bound::Seconds(options.seconds), Bound::Inputs);
    let seed = options.seed.unwrap_or_else(any_seed);
    println!("    seed {seed}");
    let (tally, failures) = run_all(project, &programs, bound, seed, true)?;
    for failure in &failures {
        println!("{failure}\n");
    }
    match tally.failed {
        0 => Ok(()),
        _ => bail!("a fuzz target failed"),
    }
}

/// The short run: what it counts, and its failures.
pub(super) fn check(project: &Project, steps: &mut Steps) -> (Tally, Vec<String>) {
    let (mut tally, mut failures) = (Tally::default(), Vec::new());
    let compiled = steps.attempt(&COMPILE, || match has_compiler() {
        true => compile(project),
        false => {
            println!("    {NO_COMPILER}");
            Ok(Ending::NotChecked)
        }
    });
    if matches!(compiled, Ending::Failed | Ending::NotChecked) {
        return (tally, failures);
    }
    steps.attempt(&SHORT, || {
        let programs = Program::all(project)?;
        (tally, failures) = run_all(project, &programs, SHORT_RUN, SHORT_SEED, false)?;
        match tally.failed {
            0 => Ok(Ending::Done),
            _ => bail!("some fuzz targets failed"),
        }
    });
    (tally, failures)
}

/// One after the other. The closing line is counted by `cargo xtask test`.
fn run_all(
    project: &Project,
    programs: &[Program],
    bound: Bound,
    seed: u32,
    is_shown: bool,
) -> Result<(Tally, Vec<String>)> {
    let (mut tally, mut failures) = (Tally::default(), Vec::new());
    for program in programs {
        let outcome = program.run(project, bound, seed, is_shown)?;
        println!("    {}: {}", program.name, outcome.summary());
        match outcome {
            Outcome::Passed { .. } => tally.passed += 1,
            Outcome::Failed(failure) => {
                tally.failed += 1;
                failures.push(failure.describe(&program.name));
            }
        }
    }
    println!("    fuzz result: {tally}");
    Ok((tally, failures))
}

fn chosen(project: &Project, names: &[String]) -> Result<Vec<Program>> {
    let all = Program::all(project)?;
    let known: Vec<&str> = all.iter().map(|program| program.name.as_str()).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("no fuzz target {unknown}: there are {}", known.join(", "));
    }
    Ok(all
        .into_iter()
        .filter(|program| names.is_empty() || names.contains(&program.name))
        .collect())
}

/// With a test that needs nothing of the instrumented crates: then cargo chooses the features of dependencies as for all tests, and
/// nothing but the instrumented crates is compiled again.
fn compile(project: &Project) -> Result<Ending> {
    let mut command = process::cargo(project);
    command.args([
        "build",
        "--workspace",
        "--features",
        "fuzz/libfuzzer",
        "--test",
        "layout",
    ]);
    for program in Program::all(project)? {
        command.args(["--bin", &program.name]);
    }
    instrument::configure(&mut command, &project.target().join("fuzz"))?;
    process::run(&mut command)?;
    Ok(Ending::Done)
}

fn has_compiler() -> bool {
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    process::succeeds(Command::new(compiler).arg("--version"))
}

fn any_seed() -> u32 {
    let random = RandomState::new().build_hasher().finish();
    u32::try_from(random % u64::from(u32::MAX)).map_or(1, |seed| seed.max(1))
}

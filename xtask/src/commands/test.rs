//! `cargo xtask test`: every check and every test, from a clean clone on.
//!
//! A failing step does not keep the next ones from running, so that one run reports all failures. They are repeated at the end. The
//! last line is always `N passed, N failed`, counted from what the runners themselves printed.

use std::{env, ffi::OsString, process::Command, thread};

use anyhow::{Result, bail};

use super::build::{Profile, SITE_VARIABLE};
use super::failures;
use super::fuzz;
use super::lint;
use super::tally::Tally;
use crate::process::{self, Finished};
use crate::project::Project;
use crate::site;
use crate::steps::{Ending, Step, Steps};
use crate::tools::browser::Browser;
use crate::tools::{npm, programs, python};

/// Read by Rust's test runner: how many tests of a binary run at once.
const THREADS_VARIABLE: &str = "RUST_TEST_THREADS";
const FEWEST_THREADS: usize = 4;

const PAGE_SIZE: Step = Step {
    name: "page size",
    what: "weigh what a first visit loads",
    usually: "no time",
};
const FIND_PROGRAMS: Step = Step {
    name: "programs",
    what: "find the servers and proxies that delivery is tested against, or install them",
    usually: "1 min once",
};
const COMPILE: Step = Step {
    name: "compile",
    what: "compile the tests, the server with the web assets inside, and what it streams to",
    usually: "6 min, 1 min after an edit",
};
const CARGO_TEST: Step = Step {
    name: "cargo test",
    what: "unit, property, integration and crash tests",
    usually: "7 min",
};
const CLIENTS: Step = Step {
    name: "API clients",
    what: "install the API clients that others make, for Python",
    usually: "30 s once",
};
const API: Step = Step {
    name: "API tests",
    what: "drive the real server with python-gitlab and schemathesis",
    usually: "2 min",
};
const PLAYWRIGHT: Step = Step {
    name: "playwright",
    what: "install the browser tests' packages",
    usually: "10 s once",
};
const TYPES: Step = Step {
    name: "types",
    what: "type-check the browser tests",
    usually: "2 s",
};
const BROWSER: Step = Step {
    name: "browser",
    what: "find a Chromium, or install one",
    usually: "1 min once",
};
const END2END: Step = Step {
    name: "browser tests",
    what: "drive the real server in Chromium",
    usually: "14 min",
};

/// What the test runners have reported.
#[derive(Default)]
struct Results {
    tally: Tally,
    failures: Vec<String>,
}

impl Results {
    fn add(&mut self, tally: Tally, failures: Vec<String>) {
        self.tally += tally;
        self.failures.extend(failures);
    }
}

pub(crate) fn run(project: &Project) -> Result<()> {
    let mut steps = Steps::default();
    let mut results = Results::default();

    lint::lint(project, &mut steps);
    match site::build(project, &mut steps) {
        Ok(()) => {
            steps.attempt(&PAGE_SIZE, || site::check_budget(project));
            if steps.attempt(&COMPILE, || compile(project)) != Ending::Failed {
                cargo_test(project, &mut steps, &mut results);
                let (tally, failures) = fuzz::check(project, &mut steps);
                results.add(tally, failures);
                api_tests(project, &mut steps, &mut results);
                end2end(project, &mut steps, &mut results);
            }
        }
        Err(error) => println!("    error: {error:#}"),
    }

    // A step that failed without a failed test of its own must not end in "0 failed".
    let failed = steps.failed();
    if !failed.is_empty() && results.tally.failed == 0 {
        results.tally.failed = 1;
    }
    steps.print_summary();
    println!();
    for failure in &results.failures {
        println!("{failure}\n");
    }
    if !failed.is_empty() {
        println!("Failed: {}", failed.join(", "));
    }
    println!("{}", results.tally);
    if failed.is_empty() {
        Ok(())
    } else {
        bail!("not everything passed")
    }
}

/// In one build: with other targets selected, cargo would choose other features of the dependencies and compile them again.
fn compile(project: &Project) -> Result<Ending> {
    let mut command = process::cargo(project);
    command.args(["build", "--workspace", "--bins", "--tests"]);
    process::run(command.env(SITE_VARIABLE, project.site()))?;
    Ok(Ending::Done)
}

fn cargo_test(project: &Project, steps: &mut Steps, results: &mut Results) {
    let mut found = programs::Found::new();
    steps.attempt(&FIND_PROGRAMS, || {
        programs::find_or_install(&mut found)?;
        Ok(Ending::Done)
    });
    steps.attempt(&CARGO_TEST, || {
        let mut command = process::cargo(project);
        command
            .args(["test", "--workspace", "--no-fail-fast"])
            .env(SITE_VARIABLE, project.site())
            .env(THREADS_VARIABLE, test_threads());
        // Without them, the tests that need them fail and say so.
        command.envs(found.iter().map(|(variable, file)| (*variable, file)));
        let finished = process::tee(&mut command)?;
        results.add(
            Tally::of_cargo_test(&finished.stdout),
            failures::of_cargo_test(&finished.stdout),
        );
        ending_of(&finished)
    });
}

/// Most tests wait for a server, a timer or the disk: on a small machine, more of them run at once than it has cores.
fn test_threads() -> OsString {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    env::var_os(THREADS_VARIABLE).unwrap_or_else(|| cores.max(FEWEST_THREADS).to_string().into())
}

/// With API clients that others made for others' servers, and for any.
fn api_tests(project: &Project, steps: &mut Steps, results: &mut Results) {
    if steps.attempt(&CLIENTS, || python::install(project)) == Ending::Failed {
        return;
    }
    steps.attempt(&API, || {
        let mut command = Command::new(python::program(project));
        command
            .args(["-m", "pytest"])
            .current_dir(project.api_tests())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("HYPOTHESIS_STORAGE_DIRECTORY", project.target().join("hypothesis"))
            .env("AUDIT_STREAMS_BIN", project.server_binary(Profile::Dev.folder()));
        let finished = process::tee(&mut command)?;
        results.add(
            Tally::of_pytest(&finished.stdout),
            failures::of_pytest(&finished.stdout),
        );
        ending_of(&finished)
    });
}

fn end2end(project: &Project, steps: &mut Steps, results: &mut Results) {
    let folder = project.end2end();
    let mut browser = None;
    let is_ready = [
        steps.attempt(&PLAYWRIGHT, || npm::install(&folder)),
        steps.attempt(&BROWSER, || {
            browser = Some(Browser::find_or_install(project)?);
            Ok(Ending::Done)
        }),
    ];
    let Some(browser) = browser.filter(|_| !is_ready.contains(&Ending::Failed)) else {
        return;
    };
    steps.attempt(&TYPES, || {
        process::run(npx(project, "tsc").arg("--noEmit"))?;
        Ok(Ending::Done)
    });
    steps.attempt(&END2END, || {
        let mut command = npx(project, "playwright");
        command
            .arg("test")
            .env("AUDIT_STREAMS_BIN", project.server_binary(Profile::Dev.folder()))
            .env("AUDIT_STREAMS_RECEIVERS_BIN", project.target().join("debug/receivers"));
        browser.configure(&mut command);
        let finished = process::tee(&mut command)?;
        results.add(
            Tally::of_playwright(&finished.stdout),
            failures::of_playwright(&finished.stdout),
        );
        ending_of(&finished)
    });
}

/// A program among the browser tests' packages. Never one that npx would fetch.
fn npx(project: &Project, program: &str) -> Command {
    let mut command = Command::new("npx");
    command.current_dir(project.end2end()).args(["--no-install", program]);
    command
}

fn ending_of(finished: &Finished) -> Result<Ending> {
    if finished.success {
        Ok(Ending::Done)
    } else {
        bail!("some tests failed")
    }
}

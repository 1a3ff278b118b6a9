//! The command line: parses it and calls the one command that was asked for.

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::commands::{self, build::Profile};
use crate::project::Project;

#[derive(Parser)]
#[command(
    bin_name = "cargo xtask",
    about = "The commands of this project",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what is missing, build the release and serve on http://127.0.0.1:8080
    Start {
        /// Arguments for the server, after `--`, such as `-- --listen 0.0.0.0:8080`
        #[arg(last = true)]
        server_args: Vec<String>,
    },
    /// Run every check and every test, the browser's included
    Test,
    /// Serve with automatic rebuild and reload
    Dev {
        /// Arguments for the server, after `--`
        #[arg(last = true)]
        server_args: Vec<String>,
    },
    /// Build the one binary with the web assets inside: target/release/audit-streams
    Build {
        /// How the server is compiled; the web assets are always the release's
        #[arg(long, value_enum, default_value_t = Profile::Release)]
        profile: Profile,
    },
    /// Check format, lints, licences and architecture
    Lint,
    /// Measure a release build: each path beside its own limit, neighbours, large logs and memory
    Bench {
        /// What to measure, such as `log` or `isolation`, and its options; each path if nothing is named. `-- --help` lists all
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        bench_args: Vec<String>,
    },
    /// Run the server under seeded faults, and check that every acknowledged event arrives
    Faults {
        /// `--kills`, `--minutes`, `--seed`, `--verbose`; `--help` describes them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        fault_args: Vec<String>,
    },
    /// Run the real parsers on inputs that libFuzzer makes up, and check a property of each
    Fuzz(commands::fuzz::Options),
}

/// Runs the command of this process's own command line.
pub(crate) fn run() -> Result<()> {
    let project = Project::locate()?;
    match Cli::parse().command {
        Command::Start { server_args } => commands::start::run(&project, &server_args),
        Command::Test => commands::test::run(&project),
        Command::Dev { server_args } => commands::dev::run(&project, &server_args),
        Command::Build { profile } => commands::build::run(&project, profile),
        Command::Lint => commands::lint::run(&project),
        Command::Bench { bench_args } => commands::bench::run(&project, &bench_args),
        Command::Faults { fault_args } => commands::faults::run(&project, &fault_args),
        Command::Fuzz(options) => commands::fuzz::run(&project, &options),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Cli, Command};

    #[test]
    fn command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_of_benches_are_passed_on() {
        for before in [&["xtask", "bench"][..], &["xtask", "bench", "--"]] {
            let wanted = ["growth-start", "--events", "10"];
            let parsed = Cli::try_parse_from(before.iter().chain(&wanted)).unwrap();
            assert!(matches!(parsed.command, Command::Bench { bench_args } if bench_args == wanted));
        }
    }
}

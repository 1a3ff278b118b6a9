//! `faults`: the program behind `cargo xtask faults`.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use faults::{FaultsError, Options, Output, Report, run};

/// Enough for everything that this program starts.
const RATE: f64 = 150.0;
const LONGEST_MINUTES: f64 = 60.0 * 24.0 * 365.0;
const QUIET_EVERY: u32 = 50;
/// Seconds. Endpoints that hang reach it within a round or two.
const REQUEST_TIMEOUT: u32 = 2;

#[derive(Parser)]
#[command(name = "faults", about = "Runs the server under seeded faults")]
struct Cli {
    /// The server's binary
    #[arg(long, value_name = "FILE")]
    binary: PathBuf,
    /// How often the server is killed
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    kills: u32,
    /// The run ends after this time, if it comes first
    #[arg(long, value_name = "MINUTES", default_value = "60", value_parser = minutes)]
    minutes: Duration,
    /// Repeats the faults of another run; random if it is not set
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Where everything is stored during the run
    #[arg(long, value_name = "FOLDER")]
    folder: PathBuf,
    /// Print everything that is done
    #[arg(long)]
    verbose: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = runtime
        .map_err(FaultsError::from)
        .and_then(|runtime| runtime.block_on(start(cli)));
    match ended {
        Ok(report) => {
            drop(writeln!(io::stdout().lock(), "{report}"));
            if report.is_broken() {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            }
        }
        Err(error) => {
            drop(writeln!(io::stderr().lock(), "error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn start(cli: Cli) -> Result<Report, FaultsError> {
    let seed = cli.seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    drop(writeln!(io::stdout().lock(), "seed {seed}"));
    // Kept until the run has ended well.
    let folder = tempfile::tempdir_in(&cli.folder)?.keep();
    let ended = run(Options {
        binary: cli.binary,
        kills: cli.kills,
        at_most: cli.minutes,
        seed,
        work: folder.clone(),
        rate: RATE,
        quiet_every: QUIET_EVERY,
        request_timeout: REQUEST_TIMEOUT,
        uses_the_machine: true,
        output: if cli.verbose {
            Output::Everything
        } else {
            Output::Progress
        },
    })
    .await;
    if ended.as_ref().is_ok_and(|report| !report.is_broken()) {
        std::fs::remove_dir_all(&folder)?;
        return ended;
    }
    let image = folder.join("disk.img");
    let inside = match image.exists() {
        true => format!("; the data folder is in {}: mount -o loop", image.display()),
        false => String::new(),
    };
    drop(writeln!(
        io::stdout().lock(),
        "everything is kept in {}{inside}",
        folder.display()
    ));
    ended
}

fn minutes(text: &str) -> Result<Duration, String> {
    let minutes: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    match minutes > 0.0 && minutes <= LONGEST_MINUTES {
        true => Ok(Duration::from_secs_f64(minutes * 60.0)),
        false => Err(format!("must be more than 0 and at most {LONGEST_MINUTES}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn only_a_possible_time_is_accepted() {
        assert_eq!(super::minutes("0.5"), Ok(super::Duration::from_secs(30)));
        for text in ["-1", "0", "NaN", "inf", "1e30", "x"] {
            assert!(super::minutes(text).is_err(), "{text}");
        }
    }
}

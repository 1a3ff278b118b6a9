//! `faults`: the program behind `cargo xtask faults`.

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use faults::{FaultsError, Options, Output, Report, run};

/// Enough for everything that this program starts.
const RATE: f64 = 150.0;
const QUIET_EVERY: u32 = 50;

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
    #[arg(long, value_name = "MINUTES", default_value_t = 60.0)]
    minutes: f64,
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
    let seed = cli.seed.unwrap_or_else(|| u64::from(std::process::id()));
    drop(writeln!(io::stdout().lock(), "seed {seed}"));
    let folder = tempfile::tempdir_in(&cli.folder)?;
    let report = run(Options {
        binary: cli.binary,
        kills: cli.kills,
        at_most: Duration::try_from_secs_f64(cli.minutes * 60.0).unwrap_or(Duration::MAX),
        seed,
        work: folder.path().to_owned(),
        rate: RATE,
        quiet_every: QUIET_EVERY,
        uses_the_machine: true,
        output: if cli.verbose {
            Output::Everything
        } else {
            Output::Progress
        },
    })
    .await?;
    if report.is_broken() {
        let kept = folder.keep();
        drop(writeln!(
            io::stdout().lock(),
            "everything is kept in {}",
            kept.display()
        ));
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}

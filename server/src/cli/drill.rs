//! `audit-streams drill`: from arguments to a drill, and to its exit code.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use drill::Drill;
use engine::{clock::Clock, credentials::random_text};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use super::{
    error::CommandError,
    output::print_line,
    settings::{InvalidSettings, Setting},
};

#[derive(clap::Args)]
pub(super) struct DrillArgs {
    /// URL of the server
    #[arg(
        long,
        env = "AUDIT_STREAMS_DRILL_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080"
    )]
    url: String,
    /// API token with the scope admin or, with --existing-destination, ingest
    #[arg(
        long,
        env = "AUDIT_STREAMS_DRILL_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    token: String,
    /// PEM file of the CA certificates that the server's certificate is verified with, in addition to the system's
    #[arg(long, env = "AUDIT_STREAMS_DRILL_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// How long events are posted
    #[arg(long, value_name = "MINUTES", default_value_t = 5.0)]
    minutes: f64,
    /// Events per second
    #[arg(long, value_name = "NUMBER", default_value_t = 50.0)]
    rate: f64,
    /// Address and port on which the drill receives the events; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    receiver_listen: SocketAddr,
    /// URL at which the server reaches the receiver, if it differs from the address, for example http://drill.example.com:9000/
    #[arg(long, value_name = "URL")]
    receiver_url: Option<String>,
    /// Do not add a destination: there is already one that sends to the receiver
    #[arg(long)]
    existing_destination: bool,
    /// At the end, how long to wait for the next event before those that have not arrived count as missing
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    wait: u32,
}

const MINUTES: Setting = Setting::Argument("--minutes");
const RATE: Setting = Setting::Argument("--rate");
const RECEIVER_URL: Setting = Setting::Argument("--receiver-url");
const LONGEST_MINUTES: f64 = 60.0 * 24.0 * 7.0;
const HIGHEST_RATE: f64 = 100_000.0;
const RUN_BYTES: usize = 6;

pub(super) async fn run(args: DrillArgs) -> Result<(), CommandError> {
    let drill = args.into_drill()?;
    let (interrupts, interrupted) = watch::channel(0);
    // From now on, Ctrl-C does not end the process by itself.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CommandError::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(CommandError::Signals)?;
    let counting = tokio::spawn(async move {
        loop {
            tokio::select! {
                Some(()) = interrupt.recv() => {}
                Some(()) = terminate.recv() => {}
                else => return,
            }
            interrupts.send_modify(|count| *count += 1);
        }
    });
    let report = drill::run(drill, interrupted, print_line).await;
    counting.abort();
    let report = report?;
    print_line(&format!("\n{report}"));
    match report.is_broken() {
        true => Err(CommandError::DrillFailed),
        false => Ok(()),
    }
}

impl DrillArgs {
    fn into_drill(self) -> Result<Drill, CommandError> {
        let mut problems = InvalidSettings::default();
        if !(self.minutes > 0.0 && self.minutes <= LONGEST_MINUTES) {
            problems.note(MINUTES, "must be more than 0 and at most a week");
        }
        if !(self.rate > 0.0 && self.rate <= HIGHEST_RATE) {
            problems.note(RATE, "must be more than 0 and at most 100000");
        }
        let is_reachable = !self.receiver_listen.ip().is_unspecified();
        if !is_reachable && self.receiver_url.is_none() && !self.existing_destination {
            problems.note(RECEIVER_URL, "must be set if the receiver listens on all addresses");
        }
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let read = |path: PathBuf| {
            std::fs::read(&path).map_err(|source| CommandError::Read {
                path: path.display().to_string(),
                source,
            })
        };
        Ok(Drill {
            url: self.url,
            token: self.token,
            certificates: self.ca_file.map(read).transpose()?,
            duration: Duration::from_secs_f64(self.minutes * 60.0),
            rate: self.rate,
            listen: self.receiver_listen,
            receiver_url: self.receiver_url,
            destination_exists: self.existing_destination,
            wait: Duration::from_secs(u64::from(self.wait)),
            run: format!("drill-{}", random_text::<RUN_BYTES>()?),
            start_ms: Clock::machine().now().unix_ms(),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: DrillArgs,
    }

    fn drill(line: &[&str]) -> Result<Drill, String> {
        let line = ["drill", "--token", "t"].iter().chain(line);
        let args = Line::try_parse_from(line).map_err(|error| error.to_string())?.args;
        args.into_drill().map_err(|error| error.to_string())
    }

    #[test]
    fn every_drill_marks_its_events_differently() {
        let (first, second) = (drill(&[]).unwrap(), drill(&["--minutes", "0.5"]).unwrap());
        assert_ne!(first.run, second.run);
        assert_eq!(second.duration, Duration::from_secs(30));
        assert_eq!(first.url, "http://127.0.0.1:8080");
    }

    #[test]
    fn impossible_settings_are_rejected_together() {
        let error = drill(&["--minutes", "0", "--rate", "NaN"]).map(|_| ()).unwrap_err();
        assert!(
            error.contains("--minutes must") && error.contains("--rate must"),
            "{error}"
        );
        let error = drill(&["--receiver-listen", "0.0.0.0:9000"]).map(|_| ()).unwrap_err();
        assert!(error.contains("--receiver-url must"), "{error}");
        let error = drill(&["--ca-file", "no-such-file"]).map(|_| ()).unwrap_err();
        assert_eq!(error, "can't read no-such-file");
    }
}

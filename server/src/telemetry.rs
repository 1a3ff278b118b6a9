//! The server's own log, on stderr. The announcement at the start goes to stdout instead.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, filter::ParseError};

/// Logs an error for each certificate that it rejects. The stream logs that already, once, with the destination.
const REPEATED: &str = "rustls_platform_verifier=off";

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// Which lines are written: a level, or levels by module as in `info,engine=debug`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogLevel(String);

impl LogLevel {
    /// # Errors
    /// [`ParseError`] if it is no level and no list of levels.
    pub(crate) fn parse(text: &str) -> Result<Self, ParseError> {
        EnvFilter::builder().parse(text).map(|_| Self(text.to_owned()))
    }

    fn filter(&self) -> EnvFilter {
        EnvFilter::builder().parse_lossy([REPEATED, &self.0].join(","))
    }
}

/// Sends log lines to stderr from now on.
pub(crate) fn start(format: LogFormat, level: &LogLevel) {
    let lines = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(level.filter());
    let started = match format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    if let Err(error) = started {
        tracing::debug!(error, "The log is already set up.");
    }
    // A panic is a fault of ours and has to be seen where everything else is.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let message = panic.payload_as_str();
        let backtrace = std::backtrace::Backtrace::capture();
        tracing::error!(place, message, %backtrace, "A thread panicked; this is a bug.");
    }));
}

#[cfg(test)]
mod tests {
    use tracing::{Level, enabled, subscriber::with_default};

    use super::*;

    #[test]
    fn a_rejected_certificate_is_logged_once_unless_more_is_asked_for() {
        let is_logged = |level: &str| {
            let filter = LogLevel::parse(level).unwrap().filter();
            let lines = tracing_subscriber::fmt().with_env_filter(filter).finish();
            with_default(lines, || {
                let others = enabled!(target: "engine::delivery", Level::ERROR);
                (
                    enabled!(target: "rustls_platform_verifier::verification", Level::ERROR),
                    others,
                )
            })
        };
        assert_eq!(is_logged("info"), (false, true));
        assert_eq!(is_logged("info,rustls_platform_verifier=error"), (true, true));
    }

    #[test]
    fn levels_can_differ_by_module() {
        for text in ["info", "WARN", "info,engine=debug", "off"] {
            assert!(LogLevel::parse(text).is_ok(), "{text}");
        }
        for text in ["engine=loud", "info,server=7x"] {
            assert!(LogLevel::parse(text).is_err(), "{text}");
        }
    }
}

//! The server's own log, on stderr. The announcement at the start goes to stdout instead.
//!
//! Each entry is one line in both formats: what is logged may be chosen by others (`one_line`).

use std::{
    fmt,
    io::{self, IsTerminal},
};

use tracing::{Subscriber, field::Field};
use tracing_subscriber::{
    EnvFilter,
    field::MakeExt,
    filter::ParseError,
    fmt::format::{FormatFields, Writer, debug_fn},
    util::SubscriberInitExt,
};

use crate::one_line::{JsonLines, OneLine};

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

/// How the fields of an entry are written as text: the message as it is, and `name=value`.
fn fields() -> impl for<'writer> FormatFields<'writer> + Send + Sync + 'static {
    debug_fn(write_field).delimited(" ")
}

fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let value = OneLine(format_args!("{value:?}"));
    match field.name() {
        "message" => write!(writer, "{value}"),
        // What the crate `log` adds about itself.
        name if name.starts_with("log.") => Ok(()),
        name => write!(writer, "{name}={value}"),
    }
}

/// Writes what is logged, in colours or without (text only).
fn lines<W: io::Write + 'static>(
    format: LogFormat,
    level: &LogLevel,
    in_colours: bool,
    writer: impl Fn() -> W + Send + Sync + 'static,
) -> Box<dyn Subscriber + Send + Sync> {
    let lines = tracing_subscriber::fmt().with_env_filter(level.filter());
    match format {
        LogFormat::Text => Box::new(
            lines
                .with_writer(writer)
                .with_ansi(in_colours)
                .fmt_fields(fields())
                .finish(),
        ),
        LogFormat::Json => Box::new(
            lines
                .with_writer(move || JsonLines(writer()))
                .json()
                .flatten_event(true)
                .finish(),
        ),
    }
}

/// Sends log lines to stderr from now on.
pub(crate) fn start(format: LogFormat, level: &LogLevel) {
    if let Err(error) = lines(format, level, io::stderr().is_terminal(), io::stderr).try_init() {
        tracing::debug!(error = %error, "The log is already set up.");
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
    use std::sync::{Arc, Mutex};

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

    /// What is written.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const HOSTILE: &str = "a\n2026-01-01T00:00:00Z ERROR forged\r\u{1b}[2J\u{7f}\u{85}\u{9b}1m\u{2028}\u{2029}";

    /// The line that an entry with hostile text everywhere becomes.
    fn hostile_line(format: LogFormat) -> String {
        let written = Written::default();
        let writer = written.clone();
        let level = LogLevel::parse("info").unwrap();
        with_default(lines(format, &level, false, move || writer.clone()), || {
            let span = tracing::info_span!("request", id = %HOSTILE);
            let _entered = span.enter();
            tracing::error!(displayed = %HOSTILE, debugged = ?HOSTILE, text = HOSTILE, "The message: {HOSTILE}");
        });
        let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let line = written.strip_suffix('\n').unwrap();
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(!line.contains(['\u{2028}', '\u{2029}']), "{line:?}");
        line.to_owned()
    }

    #[test]
    fn each_entry_is_one_line_whatever_it_says() {
        let text = hostile_line(LogFormat::Text);
        assert_eq!(text.matches("forged").count(), 5, "{text}");
        assert!(text.contains(r"The message: a\n2026"), "{text}");

        let json: serde_json::Value = serde_json::from_str(&hostile_line(LogFormat::Json)).unwrap();
        assert_eq!(json["displayed"], HOSTILE);
        assert_eq!(json["text"], HOSTILE);
        assert_eq!(json["message"], format!("The message: {HOSTILE}"));
        assert_eq!(json["span"]["id"], HOSTILE);
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

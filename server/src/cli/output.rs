//! The two streams of a command: results on stdout, complaints on stderr. The only place that prints.

use std::io::Write;

/// One line of a result. Whoever closed the other end does not want the rest.
pub(crate) fn print_line(line: &str) {
    let mut stdout = std::io::stdout().lock();
    drop(writeln!(stdout, "{line}").and_then(|()| stdout.flush()));
}

/// What went wrong.
pub(super) fn complain(message: &str) {
    drop(writeln!(std::io::stderr().lock(), "error: {message}"));
}

//! Collects everything that is wrong with the settings, so that it can be mended in one go.

use std::fmt;

/// Settings that can't be used, each with what to do about it. Never empty when returned as an error.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct InvalidSettings(Vec<String>);

impl InvalidSettings {
    /// Notes what is wrong with one setting, or between two.
    pub(crate) fn note(&mut self, setting: Setting, problem: impl fmt::Display) {
        self.0.push(format!("{setting} {problem}"));
    }

    /// Keeps the value, or notes the error and keeps nothing.
    pub(crate) fn collect<T>(&mut self, setting: Setting, parsed: Result<T, impl fmt::Display>) -> Option<T> {
        parsed.map_err(|error| self.note(setting, error)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for InvalidSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("these settings can't be used:")?;
        self.0.iter().try_for_each(|problem| write!(formatter, "\n  {problem}"))
    }
}

impl std::error::Error for InvalidSettings {}

/// A setting under both of its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// `--public-url` and `AUDIT_STREAMS_PUBLIC_URL`.
    Flag(&'static str, &'static str),
    /// Secrets never stand on a command line, which others on the host can read.
    Variable(&'static str),
}

impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag, variable) => write!(formatter, "{flag} ({variable})"),
            Self::Variable(variable) => formatter.write_str(variable),
        }
    }
}

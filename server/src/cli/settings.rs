//! Collects all problems of the settings, so that they can be fixed at once.

use std::fmt;

/// Invalid settings, each with how to fix it. Never empty when returned as an error.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct InvalidSettings(Vec<String>);

impl InvalidSettings {
    /// Records a problem of one setting, or of two together.
    pub(crate) fn note(&mut self, setting: Setting, problem: impl fmt::Display) {
        self.0.push(format!("{setting} {problem}"));
    }

    /// Returns the value, or records the error and returns `None`.
    pub(crate) fn collect<T>(&mut self, setting: Setting, parsed: Result<T, impl fmt::Display>) -> Option<T> {
        parsed.map_err(|error| self.note(setting, error)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for InvalidSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("invalid settings:")?;
        self.0.iter().try_for_each(|problem| write!(formatter, "\n  {problem}"))
    }
}

impl std::error::Error for InvalidSettings {}

/// A setting under both of its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// `--public-url` and `AUDIT_STREAMS_PUBLIC_URL`.
    Flag(&'static str, &'static str),
    /// `--minutes`, without a variable.
    Argument(&'static str),
    /// Secrets are never set on the command line, which other users of the host can read.
    Variable(&'static str),
}

impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag, variable) => write!(formatter, "{flag} ({variable})"),
            Self::Argument(name) | Self::Variable(name) => formatter.write_str(name),
        }
    }
}

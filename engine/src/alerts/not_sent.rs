//! Why a notice was not sent.

use domain::Setting;

use crate::net::ClientError;

/// Why a notice was not sent, as a sentence for an administrator, without anything secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct NotSent {
    reason: String,
    pub(super) about: About,
    /// The settings that can allow it.
    pub(crate) setting: Option<Setting>,
}

/// What a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// The channel: every notice would fail.
    Channel,
    /// This notice: the server responds, but rejects it.
    Notice,
}

impl NotSent {
    pub(super) const fn trouble(reason: String) -> Self {
        Self {
            reason,
            about: About::Channel,
            setting: None,
        }
    }

    pub(super) const fn refused(reason: String) -> Self {
        Self {
            reason,
            about: About::Notice,
            setting: None,
        }
    }

    /// By the network rules.
    pub(super) const fn blocked(reason: String) -> Self {
        Self {
            reason,
            about: About::Channel,
            setting: Some(Setting::Network),
        }
    }
}

impl From<ClientError> for NotSent {
    fn from(error: ClientError) -> Self {
        Self::trouble(format!("No connection can be set up: {error}."))
    }
}

//! Why a notice was not sent.

use crate::net::ClientError;

/// Why a notice was not sent, as a sentence for an administrator, without anything secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub(crate) struct NotTold {
    words: String,
    pub(super) about: About,
}

/// What a failure says something of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// Every notice of the channel would fare likewise.
    Channel,
    /// The server answers, and does not want this one.
    Notice,
}

impl NotTold {
    pub(super) const fn trouble(words: String) -> Self {
        Self {
            words,
            about: About::Channel,
        }
    }

    pub(super) const fn refused(words: String) -> Self {
        Self {
            words,
            about: About::Notice,
        }
    }
}

impl From<ClientError> for NotTold {
    fn from(error: ClientError) -> Self {
        Self::trouble(format!("No connection can be set up: {error}."))
    }
}

//! Why a command did not do its work, told on stderr.

use std::{net::SocketAddr, process::ExitCode};

use domain::FieldError;
use engine::{OpenError, causes, store::StoreError, vault::KeyError};

use super::{output, settings::InvalidSettings};
use crate::access::PasswordError;

/// What stopped a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error(transparent)]
    Settings(#[from] InvalidSettings),
    #[error("threads can't be started")]
    Runtime(#[source] std::io::Error),
    #[error("the data folder can't be opened")]
    Open(#[from] OpenError),
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("a secret can't be made")]
    Secret(#[from] KeyError),
    #[error("a password can't be hashed")]
    Password(#[from] PasswordError),
    #[error("can't listen on {address}")]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("signals can't be received")]
    Signals(#[source] std::io::Error),
    #[error("{}", .0.message)]
    Field(FieldError),
    #[error("there is a token named {name} already; names are not used twice, not even those of revoked tokens")]
    TokenNameTaken { name: String },
    #[error("there is no token named {name} that could be revoked; `audit-streams token list` shows all of them")]
    NoSuchToken { name: String },
    #[error("there is no user named {username}; the server makes `root` when it first starts on a data folder")]
    NoSuchUser { username: String },
    #[error("there is no data folder {path}; name the server's own with --data-dir (AUDIT_STREAMS_DATA_DIR)")]
    NoDataFolder { path: String },
}

impl CommandError {
    /// Tells the operator. What they wrote wrong ends with 2, as clap's own errors do; anything else with 1.
    pub(super) fn report(&self) -> ExitCode {
        output::complain(&causes(self));
        match self {
            Self::Settings(_) | Self::Field(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

//! Why a command did not do its work, told on stderr.

use std::{net::SocketAddr, process::ExitCode};

use domain::FieldError;
use engine::{OpenError, admin::MaintenanceError, causes, vault::KeyError};

use super::{output, settings::InvalidSettings};

/// What stopped a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error(transparent)]
    Settings(#[from] InvalidSettings),
    #[error("threads can't be started")]
    Runtime(#[source] std::io::Error),
    #[error("the data folder can't be opened")]
    Open(#[from] OpenError),
    #[error(transparent)]
    Operation(#[from] MaintenanceError),
    #[error("a secret can't be made")]
    Secret(#[from] KeyError),
    #[error("can't listen on {address}")]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("signals can't be received")]
    Signals(#[source] std::io::Error),
    #[error("{}", .0.message)]
    Field(FieldError),
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

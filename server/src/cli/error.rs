//! Errors of commands, reported on stderr.

use std::{net::SocketAddr, process::ExitCode};

use domain::FieldError;
use drill::DrillError;
use engine::{
    BackupError, KeyError, OpenError,
    admin::{MaintenanceError, RotateKeyError},
    error_chain,
};

use super::{output, settings::InvalidSettings};

/// What stopped a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error(transparent)]
    Settings(#[from] InvalidSettings),
    #[error("can't start threads")]
    Runtime(#[source] std::io::Error),
    #[error("can't open the data folder")]
    Open(#[from] OpenError),
    #[error("can't check the data folder")]
    Check(#[source] OpenError),
    #[error("{problems} problem{} found", if *problems == 1 { "" } else { "s" })]
    Problems { problems: usize },
    #[error("the encryption key was not rotated")]
    RotateKey(#[from] RotateKeyError),
    #[error(transparent)]
    Operation(#[from] MaintenanceError),
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error("the backup was created, but events.db is damaged")]
    DamagedBackup,
    #[error("can't generate a secret")]
    Secret(#[from] KeyError),
    #[error("can't listen on {address}")]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("can't listen for signals")]
    Signals(#[source] std::io::Error),
    #[error("{}", .0.message)]
    Field(FieldError),
    #[error(
        "the data folder {path} does not exist; set the server's data folder with --data-dir (AUDIT_STREAMS_DATA_DIR)"
    )]
    NoDataFolder { path: String },
    #[error(transparent)]
    Drill(#[from] DrillError),
    #[error("the drill failed")]
    DrillFailed,
    #[error("can't read {path}")]
    Read { path: String, source: std::io::Error },
}

impl CommandError {
    /// Reports the error to the operator. Invalid arguments exit with 2, as clap's own errors do; a backup whose events can't be
    /// counted with 3; everything else with 1.
    pub(super) fn report(&self) -> ExitCode {
        output::complain(&error_chain(self));
        match self {
            Self::Settings(_) | Self::Field(_) => ExitCode::from(2),
            Self::DamagedBackup => ExitCode::from(3),
            _ => ExitCode::FAILURE,
        }
    }
}

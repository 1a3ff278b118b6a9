//! The data folder of a server that may be running: for commands that look into it or change it beside the server.

use std::{
    env::VarError,
    path::{Path, PathBuf},
};

use engine::{admin::Maintenance, clock::Clock};

use super::{
    error::CommandError,
    settings::{InvalidSettings, Setting},
};

/// Where the server keeps everything.
#[derive(clap::Args)]
pub(super) struct DataFolderArgs {
    /// The server's data folder
    #[arg(long, env = "AUDIT_STREAMS_DATA_DIR", value_name = "FOLDER", default_value = "data")]
    data_dir: PathBuf,
}

impl DataFolderArgs {
    /// Opens the store of a folder that is there: a misspelt one is not made.
    ///
    /// # Errors
    /// [`CommandError`].
    pub(super) async fn open(&self) -> Result<Maintenance, CommandError> {
        let data_dir = self.existing()?;
        Ok(Maintenance::open(data_dir, Clock::machine()).await?)
    }

    /// The folder, if it is there.
    ///
    /// # Errors
    /// [`CommandError::NoDataFolder`].
    pub(super) fn existing(&self) -> Result<&Path, CommandError> {
        if self.data_dir.is_dir() {
            Ok(&self.data_dir)
        } else {
            Err(CommandError::NoDataFolder {
                path: self.data_dir.display().to_string(),
            })
        }
    }
}

/// The key from the environment, if one is set there.
///
/// # Errors
/// As [`secret_variable`].
pub(super) fn encryption_key() -> Result<Option<String>, InvalidSettings> {
    secret_variable(ENCRYPTION_KEY)
}

pub(super) const ENCRYPTION_KEY: &str = "AUDIT_STREAMS_ENCRYPTION_KEY";

/// In the data folder, unless the variable is set.
pub(super) const KEY_FILE: &str = "secret.key";

/// A variable that is set to something.
///
/// # Errors
/// The variable is set to something that is not Unicode. Nothing of it is shown.
pub(super) fn secret_variable(name: &'static str) -> Result<Option<String>, InvalidSettings> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => {
            let mut problems = InvalidSettings::default();
            problems.note(Setting::Variable(name), "is not valid UTF-8");
            Err(problems)
        }
    }
}

//! The data folder of a server that may be running: for commands that look into it or change it beside the server.

use std::path::PathBuf;

use engine::{Engine, store::Database};

use super::error::CommandError;

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
    pub(super) async fn open(&self) -> Result<Database, CommandError> {
        if !self.data_dir.is_dir() {
            return Err(CommandError::NoDataFolder {
                path: self.data_dir.display().to_string(),
            });
        }
        let encryption_key = encryption_key();
        Ok(Engine::open_database(&self.data_dir, encryption_key.as_deref()).await?)
    }
}

/// The key from the environment, if one is set there.
pub(super) fn encryption_key() -> Option<String> {
    secret_variable(ENCRYPTION_KEY)
}

pub(super) const ENCRYPTION_KEY: &str = "AUDIT_STREAMS_ENCRYPTION_KEY";

/// A variable that is set to something.
pub(super) fn secret_variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

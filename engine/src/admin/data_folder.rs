//! The operations of the command line on the data folder of a server that is stopped.

use std::path::Path;

use domain::instance_event::{Action, Author, InstanceEvent, Subject};

use crate::{
    check::{FolderCheck, check_folder},
    clock::Clock,
    folder::{DataFolder, KEY_FILE},
    instance_events::Recorded,
    key_file::{self, KeyText},
    open_error::OpenError,
    opening::{OpenFolder, open_folder},
    store::StoreError,
    vault::{KeyError, KeyId, Vault},
};

/// What a rotation has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotatedKey {
    /// The key before.
    pub from: KeyId,
    /// The key that everything is encrypted with now.
    pub to: KeyId,
    /// How many secrets were encrypted again.
    pub secrets: u64,
}

/// Why a key was not rotated. Unless said otherwise, the folder is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RotateKeyError {
    #[error("the data folder {path} has no audit-streams.db: no server was started on it yet")]
    NoStore { path: String },
    #[error("can't open the data folder")]
    Open(#[from] OpenError),
    #[error("the new key can't be used")]
    Key(#[from] KeyError),
    #[error(
        "the key is in AUDIT_STREAMS_ENCRYPTION_KEY, which this command can't change: set the new one in \
         AUDIT_STREAMS_NEW_ENCRYPTION_KEY (`openssl rand -base64 32` makes one)"
    )]
    NewKeyNeeded,
    #[error("the new key is the same as the present one")]
    SameKey,
    #[error("the secrets could not be encrypted again")]
    Store(#[from] StoreError),
    #[error("the present key could not be copied to a file of its own")]
    Copy(#[source] KeyError),
    #[error(
        "the secrets are encrypted with the new key, but the previous one could not be removed from secret.key; the next start removes it"
    )]
    PreviousKeyKept(#[source] KeyError),
    #[error(
        "the secrets are encrypted with the new key, but audit-streams.db may still contain remains that are encrypted with the previous \
         one, because it could not be written anew. The next start of the server tries again"
    )]
    RemainsKept(#[source] StoreError),
}

/// Checks a data folder without changing anything in it.
///
/// # Errors
/// [`OpenError::InUse`] if a server runs on the folder, [`OpenError::Busy`] if a command uses it, and [`OpenError`] if the folder can't be
/// read.
pub async fn check_data_folder(path: &Path, encryption_key: Option<&str>) -> Result<FolderCheck, OpenError> {
    let (folder, key) = (path.to_owned(), encryption_key.map(str::to_owned));
    let checked = tokio::task::spawn_blocking(move || check_folder(&folder, key.as_deref())).await;
    checked.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => Err(OpenError::Store(StoreError::Stopped)),
    })
}

/// Encrypts every stored secret again with a new key, while no server runs on the folder. It can be interrupted at any moment: the
/// folder then has the key that its store needs.
///
/// # Errors
/// [`RotateKeyError`].
pub async fn rotate_key(
    path: &Path,
    encryption_key: Option<&str>,
    new_key: Option<&str>,
    clock: &Clock,
) -> Result<RotatedKey, RotateKeyError> {
    let folder = DataFolder::existing(path);
    folder.check_restored()?;
    if !folder.has_store()? {
        return Err(RotateKeyError::NoStore {
            path: path.display().to_string(),
        });
    }
    let new = match (new_key, encryption_key) {
        (Some(key), _) => KeyText::new(key),
        (None, None) => KeyText::generate()?,
        (None, Some(_)) => return Err(RotateKeyError::NewKeyNeeded),
    };
    let vault = new.vault()?;
    let opened = open_folder(path, encryption_key, false).await?;
    let rotated = match encryption_key {
        Some(_) => reseal(&opened, &vault, clock).await,
        None => rotate_file(&opened, &new, &vault, clock).await,
    };
    let rotated = match rotated {
        Ok(rotated) => {
            let rewritten = opened.database.rewrite().await;
            rewritten.map(|()| rotated).map_err(RotateKeyError::RemainsKept)
        }
        failed => failed,
    };
    opened.database.checkpoint().await;
    opened.database.close().await;
    rotated
}

/// The present key is copied to a file of its own, and the file has both keys until the store is committed.
async fn rotate_file(
    opened: &OpenFolder,
    new: &KeyText,
    vault: &Vault,
    clock: &Clock,
) -> Result<RotatedKey, RotateKeyError> {
    let file = opened.folder.file(KEY_FILE);
    let needed = Some(opened.database.key_id());
    let keys = key_file::read(&file)?.unwrap_or_default();
    let present = key_file::find(keys, needed)?.ok_or(OpenError::KeyMissing { needed })?;
    key_file::keep(&file, &present).map_err(RotateKeyError::Copy)?;
    key_file::write(&file, &[&present, new])?;
    match reseal(opened, vault, clock).await {
        Ok(rotated) => {
            key_file::write(&file, &[new]).map_err(RotateKeyError::PreviousKeyKept)?;
            Ok(rotated)
        }
        Err(error) => {
            // Whether the transaction was stored or not, the next start finds out which key is needed.
            tracing::warn!("secret.key contains both keys; the next start removes the one that is not used.");
            Err(error)
        }
    }
}

async fn reseal(opened: &OpenFolder, new: &Vault, clock: &Clock) -> Result<RotatedKey, RotateKeyError> {
    let (from, to) = (opened.database.key_id(), new.id());
    if from == to {
        return Err(RotateKeyError::SameKey);
    }
    let action = Action::EncryptionKeyRotated {
        from: from.to_string(),
        to: to.to_string(),
    };
    let event = InstanceEvent::new(Subject::Setting("encryption_key"), action);
    let recorded = Recorded::new(event, &Author::command_line(), clock.now());
    let secrets = opened.database.reseal(new, &recorded).await?;
    Ok(RotatedKey { from, to, secrets })
}

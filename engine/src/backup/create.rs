//! Making a backup.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use domain::Timestamp;
use tokio::task::spawn_blocking;

use super::{
    error::BackupError,
    files::{check_room, facts_of, make_private_folder, parent_of, sync_folder, write_private},
    manifest::{INCOMPLETE, MANIFEST_FILE, Manifest},
    verify::Databases,
};
use crate::{
    clock::Clock,
    folder::{DataFolder, LOG_FILE, STORE_FILE},
    log::{SnapshotError, Snapshots},
    note::Noted,
    open_error::OpenError,
    opening::{check_wal, read_note},
    wal::wal_of,
};

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedBackup {
    /// What it contains.
    pub manifest: Manifest,
    /// What is wrong with the pages of `events.db`, if its events can't be counted because of that; usually empty.
    /// [`super::verify_backup`] finds other damage.
    pub damage: Vec<String>,
}

/// Makes a backup of a data folder in a new folder, while a server may be running on the data folder. The encryption key is not
/// needed, and not a part of the backup.
///
/// # Errors
/// [`BackupError`]; nothing that could be taken for a backup was made, unless the error says so.
pub async fn create_backup(data_dir: &Path, output: &Path, clock: &Clock) -> Result<CreatedBackup, BackupError> {
    let (data_dir, output, clock) = (data_dir.to_owned(), output.to_owned(), clock.clone());
    let created = spawn_blocking(move || create(&data_dir, &output, &clock));
    created.await.map_err(|_| BackupError::Stopped)?
}

fn create(data_dir: &Path, output: &Path, clock: &Clock) -> Result<CreatedBackup, BackupError> {
    let folder = DataFolder::existing(data_dir);
    folder.check_restored()?;
    let mut bytes = 0;
    for file in [LOG_FILE, STORE_FILE] {
        let size = size_of(&folder.file(file))?;
        if size == 0 {
            return Err(BackupError::NothingToBackUp { file });
        }
        bytes += size + size_of(&wal_of(&folder.file(file)))?;
    }
    check_outside(data_dir, output)?;
    check_room(parent_of(output), bytes)?;
    // Read before the databases: what it says was acknowledged must be in them.
    let noted = read_note(&folder)?;
    check_stopped(&folder, noted.as_ref())?;
    let unfinished = Unfinished::begin(output)?;
    let made = unfinished.fill(&folder, noted.as_ref(), clock);
    match made.and_then(|created| unfinished.finish().map(|()| created)) {
        Ok(created) => Ok(created),
        Err(error) => Err(unfinished.discard(error)),
    }
}

/// If no server is running: SQLite would leave out what follows damage in a write-ahead log. After a clean end there is none, and the
/// folder is not locked, so that a server can start.
fn check_stopped(folder: &DataFolder, noted: Option<&Noted>) -> Result<(), BackupError> {
    let mut wals = 0;
    for file in [LOG_FILE, STORE_FILE] {
        wals += size_of(&wal_of(&folder.file(file)))?;
    }
    if wals == 0 {
        return Ok(());
    }
    let _lock = match folder.lock_unchanged() {
        Ok(lock) if lock.is_held() => lock,
        // The copies are compared with what is noted.
        Ok(_) | Err(OpenError::InUse { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for file in [LOG_FILE, STORE_FILE] {
        check_wal(folder, file, noted, false)?;
    }
    Ok(())
}

/// A backup in the data folder would be lost with it.
fn check_outside(data_dir: &Path, output: &Path) -> Result<(), BackupError> {
    let canonical = |path: &Path| path.canonicalize().map_err(BackupError::file(path));
    if canonical(parent_of(output))?.starts_with(canonical(data_dir)?) {
        return Err(BackupError::OutputInside {
            path: output.display().to_string(),
        });
    }
    Ok(())
}

fn size_of(path: &Path) -> Result<u64, BackupError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(BackupError::file(path)(error)),
    }
}

/// A backup that is being made, under another name.
struct Unfinished {
    folder: PathBuf,
    output: PathBuf,
}

impl Unfinished {
    fn begin(output: &Path) -> Result<Self, BackupError> {
        let path = || output.display().to_string();
        let name = output
            .file_name()
            .ok_or_else(|| BackupError::OutputUnnamed { path: path() })?;
        let mut unfinished = name.to_owned();
        unfinished.push(INCOMPLETE);
        let folder = output.with_file_name(unfinished);
        if fs::symlink_metadata(output).is_ok() {
            return Err(BackupError::OutputExists { path: path() });
        }
        make_private_folder(&folder).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => BackupError::OutputIncomplete {
                path: folder.display().to_string(),
            },
            _ => BackupError::file(&folder)(error),
        })?;
        Ok(Self {
            folder,
            output: output.to_owned(),
        })
    }

    /// Copies both databases and writes the manifest. Everything is on disk then.
    fn fill(&self, source: &DataFolder, noted: Option<&Noted>, clock: &Clock) -> Result<CreatedBackup, BackupError> {
        let created_at = self.copy_both(source, clock)?;
        let copies = Databases::open(&self.folder)?;
        copies.check(noted)?;
        let facts = |file| {
            let path = self.folder.join(file);
            facts_of(&path).map_err(BackupError::file(&path))
        };
        let manifest = Manifest {
            format: Manifest::FORMAT,
            product_version: env!("CARGO_PKG_VERSION").to_owned(),
            instance: copies.head.instance.clone(),
            created_at,
            last_seq: copies.log.last_seq,
            events: copies.events,
            log_layout: copies.log_layout,
            store_schema: copies.store_schema,
            encryption_key: copies.key.to_string(),
            log: facts(LOG_FILE)?,
            store: facts(STORE_FILE)?,
        };
        let path = self.folder.join(MANIFEST_FILE);
        write_private(&path, &manifest.to_text()?).map_err(BackupError::file(&path))?;
        sync_folder(&self.folder).map_err(BackupError::file(&self.folder))?;
        Ok(CreatedBackup {
            manifest,
            damage: copies.damage()?,
        })
    }

    /// Returns the moment that the copies show.
    fn copy_both(&self, source: &DataFolder, clock: &Clock) -> Result<Timestamp, BackupError> {
        let databases = |error: SnapshotError| BackupError::Databases(error.into());
        let copying = |file| {
            move |error: SnapshotError| BackupError::Copy {
                file,
                source: error.into(),
            }
        };
        let snapshots = Snapshots::take(&source.file(STORE_FILE), &source.file(LOG_FILE)).map_err(databases)?;
        let created_at = clock.now();
        for (snapshot, file) in [(snapshots.store, STORE_FILE), (snapshots.log, LOG_FILE)] {
            snapshot.copy_to(&self.folder.join(file)).map_err(copying(file))?;
            snapshot.release().map_err(copying(file))?;
        }
        Ok(created_at)
    }

    /// Gives the backup its name.
    fn finish(&self) -> Result<(), BackupError> {
        fs::rename(&self.folder, &self.output).map_err(BackupError::file(&self.output))?;
        sync_folder(parent_of(&self.output)).map_err(|source| BackupError::NotSynchronized {
            path: self.output.display().to_string(),
            source,
        })
    }

    fn discard(&self, error: BackupError) -> BackupError {
        match fs::remove_dir_all(&self.folder) {
            Err(reason) if reason.kind() != io::ErrorKind::NotFound => BackupError::Leftover {
                error: Box::new(error),
                path: self.folder.display().to_string(),
                reason,
            },
            _ => error,
        }
    }
}

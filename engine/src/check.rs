//! `audit-streams check`: whether the data folder of a stopped server is whole.
//!
//! Everything is read and nothing is changed: the folder is locked with the files that are there, and SQLite is kept from
//! making or removing files (`log::open_unchanged`). Each check says what it has looked at. A check that can't be made, because the
//! file is too damaged, is a problem as well, and does not keep the others from being made.

mod files;
mod log;
mod report;
mod store;

use std::path::Path;

pub use self::report::{Check, FolderCheck, Problem};
use self::{files::Files, report::Report, store::Store};
use crate::{
    folder::{DataFolder, LOG_FILE, STORE_FILE},
    log::LogFile,
    open_error::OpenError,
    store::StoreFile,
};

/// Checks the two databases of a backup, without the key. Returns what is wrong with them.
pub(crate) fn check_databases(log: &Path, store: &Path) -> Vec<Problem> {
    let mut report = Report::default();
    let log = log::check_file(LogFile::open_copy(log), &mut report);
    let store = store::check_file(StoreFile::open_copy(store), &mut report);
    check_contents(log.as_ref(), store.as_ref(), &mut report);
    report
        .end()
        .checks
        .into_iter()
        .flat_map(|check| check.problems)
        .collect()
}

/// Checks everything. `encryption_key` is the one from the environment.
///
/// # Errors
/// [`OpenError::InUse`] if a server runs on the folder, [`OpenError::Busy`] if a command uses it, and [`OpenError`] if the folder can't be
/// read.
pub(crate) fn check_folder(path: &Path, encryption_key: Option<&str>) -> Result<FolderCheck, OpenError> {
    let folder = DataFolder::existing(path);
    folder.check_restored()?;
    let _lock = folder.lock_unchanged()?;
    folder.check_access_for_reading()?;
    let mut report = Report::default();
    let files = Files::check(&folder, encryption_key, &mut report)?;
    let log_file = files.has_log.then(|| LogFile::open(&folder.file(LOG_FILE)));
    let store_file = files.has_store.then(|| StoreFile::open(&folder.file(STORE_FILE)));
    let log = log_file.and_then(|opened| log::check_file(opened, &mut report));
    let store = store_file.and_then(|opened| store::check_file(opened, &mut report));
    if let (Some(log), Some(store)) = (&log, &store) {
        files::check_pairing(&files, log, store, &mut report);
    }
    check_contents(log.as_ref(), store.as_ref(), &mut report);
    if let Some(store) = &store {
        store::check_secrets(store, files.vault.as_ref(), &mut report);
    }
    Ok(report.end())
}

/// The events, and everything that names one of them.
fn check_contents(log: Option<&LogFile>, store: Option<&Store>, report: &mut Report) {
    let Some(log) = log else { return };
    let extent = log::check_contents(log, report);
    if let (Some(store), Some(extent)) = (store, &extent) {
        store::check_positions(store, (log, extent), report);
    }
}

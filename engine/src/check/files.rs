//! The four files and the write-ahead logs: whether they are there, and belong together.

use std::{fs, io::ErrorKind, path::Path};

use super::{
    report::{NO_KEY, PUT_KEY_BACK, Problem, RESTORE, Report},
    store::Store,
};
use crate::{
    error_chain::error_chain,
    folder::{DataFolder, KEY_FILE, LOCK_FILE, LOG_FILE, STORE_FILE},
    key_file,
    log::LogFile,
    note::{self, Noted},
    open_error::OpenError,
    opening::is_foreign,
    pairing::Mismatch,
    store::StoreFile,
    vault::{KeyError, Vault},
    wal::{self, wal_of},
};

/// Which files are there, and what is outside of the databases.
pub(super) struct Files {
    pub(super) has_log: bool,
    pub(super) has_store: bool,
    /// The keys that were found: two while a rotation is not finished.
    pub(super) vault: Option<Vec<Vault>>,
    noted: Option<Noted>,
}

impl Files {
    pub(super) fn check(
        folder: &DataFolder,
        encryption_key: Option<&str>,
        report: &mut Report,
    ) -> Result<Self, OpenError> {
        let size = |name| size_of(&folder.file(name));
        let (log, store) = (size(LOG_FILE)?, size(STORE_FILE)?);
        let (has_log, has_store) = (log.unwrap_or(0) > 0, store.unwrap_or(0) > 0);
        let vault = check_files(folder, encryption_key, [(LOG_FILE, log), (STORE_FILE, store)], report)?;
        let lock_file = folder.file(LOCK_FILE);
        let noted = note::read(&lock_file).map_err(|source| failed(&lock_file, source))?;
        check_wals(folder, noted.as_ref(), report)?;
        Ok(Self {
            has_log,
            has_store,
            vault,
            noted,
        })
    }
}

fn check_files(
    folder: &DataFolder,
    encryption_key: Option<&str>,
    databases: [(&'static str, Option<u64>); 2],
    report: &mut Report,
) -> Result<Option<Vec<Vault>>, OpenError> {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    let is_new = store_is_new(folder);
    for (name, bytes) in databases {
        match bytes {
            Some(bytes) if bytes > 0 => found.push(format!("{name} ({bytes} bytes)")),
            _ if name == LOG_FILE && is_new => {
                found.push(format!("no {name}, which the next start creates: the first one was interrupted"));
            }
            _ => problems.push(Problem::new(
                format!("{name} is missing or empty"),
                if name == LOG_FILE {
                    "Every event is in this file: without it, none can be shown or delivered."
                } else {
                    "Destinations, users and tokens are in this file, and how far each stream is: without it, no event is delivered."
                },
                RESTORE,
            )),
        }
    }
    let vault = match read_keys(folder, encryption_key) {
        Ok(Some(keys)) => {
            let ids: Vec<String> = keys.iter().map(|key| key.id().to_string()).collect();
            let place = if encryption_key.is_some() {
                "AUDIT_STREAMS_ENCRYPTION_KEY"
            } else {
                KEY_FILE
            };
            found.push(format!("{place} (key {})", ids.join(" and ")));
            Some(keys)
        }
        Ok(None) if is_new => {
            found.push(format!("no {KEY_FILE}, which the next start creates"));
            None
        }
        Ok(None) => {
            problems.push(Problem::new("secret.key is missing", NO_KEY, PUT_KEY_BACK));
            None
        }
        Err(error) => {
            problems.push(Problem::new(error_chain(&error), NO_KEY, PUT_KEY_BACK));
            None
        }
    };
    found.push(match size_of(&folder.file(LOCK_FILE))? {
        Some(_) => LOCK_FILE.to_owned(),
        None => "no server.lock, which the next start creates".to_owned(),
    });
    report.add("Files", found.join(", "), problems);
    Ok(vault)
}

/// No server has started on it yet, or the first start was interrupted: then a log is not needed, and no key.
fn store_is_new(folder: &DataFolder) -> bool {
    let head = StoreFile::open(&folder.file(STORE_FILE)).and_then(|store| store.head());
    head.is_ok_and(|head| head.is_some_and(|head| head.is_new))
}

/// `None` if there is no key.
fn read_keys(folder: &DataFolder, encryption_key: Option<&str>) -> Result<Option<Vec<Vault>>, KeyError> {
    if let Some(key) = encryption_key {
        return Ok(Some(vec![Vault::from_base64(key)?]));
    }
    let keys = key_file::read(&folder.file(KEY_FILE))?;
    let vaults = keys.map(|keys| keys.iter().map(key_file::KeyText::vault).collect());
    vaults.transpose()
}

fn check_wals(folder: &DataFolder, noted: Option<&Noted>, report: &mut Report) -> Result<(), OpenError> {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for name in [LOG_FILE, STORE_FILE] {
        let path = wal_of(&folder.file(name));
        let wal = wal::examine(&path).map_err(|source| failed(&path, source))?;
        if wal.bytes > 0 {
            found.push(format!("{name}-wal ({} frames in {} bytes)", wal.frames, wal.bytes));
        }
        if is_foreign(folder, name, &wal, noted)? {
            problems.push(mismatched(&Mismatch::WalForeign { file: name }));
        }
        problems.extend(wal.damage.map(|damage| {
            Problem::new(
                format!("{name}-wal is damaged: {damage}"),
                if name == LOG_FILE {
                    "Acknowledged events after the damage can't be read."
                } else {
                    "Changes by administrators after the damage are lost, and events that were delivered since are sent again."
                },
                "Restore a backup into an empty folder with `audit-streams backup restore`, or start once with --accept-mismatched-files \
                 to go on without what follows the damage.",
            )
        }));
    }
    let looked_at = if found.is_empty() {
        "none".to_owned()
    } else {
        found.join(", ")
    };
    report.add("Write-ahead logs", looked_at, problems);
    Ok(())
}

/// Whether the databases belong together, and have what is noted.
pub(super) fn check_pairing(files: &Files, log: &LogFile, store: &Store, report: &mut Report) {
    let head = &store.head;
    let noted = files
        .noted
        .as_ref()
        .filter(|noted| noted.is_about(&head.instance, head.generation));
    let compared = log.side().map(|log| {
        let mut side = store.side.clone();
        side.noted_reached = noted.map(|noted| noted.reached);
        let of_log = side.check(log.as_ref());
        let of_store = noted.map_or(Ok(()), |noted| {
            noted.check_store(&head.instance, head.generation, head.changes)
        });
        let problems = [of_log, of_store]
            .into_iter()
            .filter_map(Result::err)
            .map(|mismatch| mismatched(&mismatch));
        let note = match noted {
            Some(noted) => format!("server.lock notes position {}", noted.reached),
            None => "no note about them in server.lock".to_owned(),
        };
        let looked_at = format!("instance {}, generation {}, {note}", head.instance, head.generation);
        (looked_at, problems.collect())
    });
    report.attempt("Databases belong together", compared);
    check_key(files, store, report);
}

fn mismatched(mismatch: &Mismatch) -> Problem {
    let meaning = match mismatch {
        Mismatch::EventsLost { .. } | Mismatch::LogOlder { .. } | Mismatch::LogMissing { .. } => {
            "Acknowledged events are missing from the log. The server does not start."
        }
        Mismatch::WalForeign { .. } => "Together, they are a damaged database. The server does not start.",
        Mismatch::LogForeign => "Streams would skip or repeat events. The server does not start.",
        Mismatch::StoreOlder | Mismatch::StoreMissing | Mismatch::ChangesLost => {
            "Changes by administrators are missing, and events that were delivered since are sent again. The server does not start."
        }
    };
    Problem::new(
        mismatch.to_string(),
        meaning,
        "Do what the message says. Keep a copy of the folder before.",
    )
}

fn check_key(files: &Files, store: &Store, report: &mut Report) {
    let (Some(needed), Some(vaults)) = (store.head.key, &files.vault) else {
        return;
    };
    let present: Vec<String> = vaults.iter().map(|vault| vault.id().to_string()).collect();
    let has_it = vaults.iter().any(|vault| vault.id() == needed);
    let problem = (!has_it).then(|| {
        Problem::new(
            format!(
                "secrets are encrypted with the key {needed}, but the key here is {}",
                present.join(" and ")
            ),
            NO_KEY,
            PUT_KEY_BACK,
        )
    });
    let looked_at = store.file.is_rewrite_due().map(|is_due| {
        let due = match is_due {
            true => ", and contains remains that a previous key decrypts: a rotation was interrupted, and the next start removes them",
            false => "",
        };
        let looked_at = format!("audit-streams.db needs the key {needed}{due}");
        (looked_at, problem.into_iter().collect())
    });
    report.attempt("Encryption key", looked_at);
}

fn size_of(path: &Path) -> Result<Option<u64>, OpenError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(failed(path, source)),
    }
}

fn failed(path: &Path, source: std::io::Error) -> OpenError {
    OpenError::File {
        path: path.display().to_string(),
        source,
    }
}

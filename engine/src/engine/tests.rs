//! Starts that accept a mismatch and are killed on the way.

use std::{fs, path::Path, time::SystemTime};

use futures::FutureExt;
use rusqlite::config::DbConfig;

use super::*;
use crate::{
    folder::{DataFolder, KEY_FILE, LOCK_FILE},
    it::world::{wait_until, when_unlocked},
    note::{self, Noted},
    opening::open_store_alone,
    storage::make_private,
    wal::wal_of,
};

/// Where a start is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kill {
    /// The store is open, and was made if it was missing.
    StoreOpened,
    /// The log's file is there.
    LogFileMade,
    /// The log's file has a head, and nothing in it.
    LogHeadWritten,
    /// The log is open.
    LogOpened,
    /// The store has begun a new generation.
    StorePaired,
    /// The log knows it.
    LogPaired,
}

const KILLS: [Kill; 6] = [
    Kill::StoreOpened,
    Kill::LogFileMade,
    Kill::LogHeadWritten,
    Kill::LogOpened,
    Kill::StorePaired,
    Kill::LogPaired,
];

fn config(folder: &Path) -> EngineConfig {
    EngineConfig {
        data_dir: folder.to_owned(),
        encryption_key: None,
        fixed: FixedSettings::default(),
        destination_limit: 20,
        public_url: "http://localhost".to_owned(),
        accepts_mismatched_files: false,
        services: SinkServices::usual().unwrap(),
        ca_file: None,
        listener_certificates: None,
        proxy: crate::InstanceProxy::default(),
    }
}

/// Starts without accepting anything, and stops; or says why it does not start.
async fn start(folder: &Path) -> Result<(), String> {
    match when_unlocked(async || Engine::open(config(folder), Clock::machine()).await).await {
        Ok(engine) => {
            engine.shutdown(Duration::from_secs(20)).await;
            Ok(())
        }
        Err(error) => Err(error_chain(&error)),
    }
}

/// The steps of a start that accepts a mismatch, up to where it is killed.
async fn start_until(kill: Kill, path: &Path) {
    let opened = when_unlocked(async || open_folder(path, None, true).await)
        .await
        .unwrap();
    let OpenFolder {
        folder, database, note, ..
    } = &opened;
    let log_file = folder.file(LOG_FILE);
    if kill >= Kill::LogFileMade {
        make_private(&log_file).unwrap();
    }
    if kill == Kill::LogHeadWritten && fs::metadata(&log_file).unwrap().len() == 0 {
        let log = rusqlite::Connection::open(&log_file).unwrap();
        log.execute_batch("PRAGMA page_size = 16384; PRAGMA journal_mode = WAL")
            .unwrap();
        assert!(fs::metadata(&log_file).unwrap().len() > 0);
    }
    if kill >= Kill::LogOpened {
        let pairing = Pairing {
            store: database.pairing().await.unwrap(),
            accepts_mismatch: true,
        };
        let log = EventLog::open_paired(&log_file, 1 << 30, pairing, Arc::clone(note))
            .await
            .unwrap();
        if kill >= Kill::StorePaired {
            let generation = database.pair(log.last_seq()).await.unwrap();
            if kill == Kill::LogPaired {
                log.note_generation(generation).await.unwrap();
            }
        }
        log.close().await;
    }
    database.close().await;
}

#[tokio::test]
async fn a_start_waits_for_a_command_that_has_locked_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let lock = DataFolder::prepare(folder.path()).unwrap().lock().unwrap();
    let mut starting = std::pin::pin!(start(folder.path()));
    assert!((&mut starting).now_or_never().is_none(), "it starts without the lock");
    drop(lock);
    starting.await.unwrap();
}

#[tokio::test]
async fn a_command_opens_the_store_alone_and_beside_a_server() {
    let (folder, _) = used_folder().await;
    let open = || open_store_alone(folder.path());
    let opened = when_unlocked(open).await.unwrap();
    assert!(opened._lock.is_some());
    opened.database.close().await;
    drop(opened);
    let lock = when_unlocked(async || DataFolder::existing(folder.path()).lock())
        .await
        .unwrap();
    when_unlocked(async || serve(&lock).await).await.unwrap();
    let opened = open().await.unwrap();
    assert!(opened._lock.is_none());
    opened.database.close().await;
}

/// Else a checkpoint could be made of frames that only the page cache has. A start that is refused makes none.
#[tokio::test]
async fn the_write_ahead_log_of_the_store_is_written_again_before_it_is_copied() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let (folder, _) = used_folder().await;
    let store = folder.path().join(STORE_FILE);
    let connection = rusqlite::Connection::open(&store).unwrap();
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .unwrap();
    connection
        .execute_batch(
            "UPDATE instance SET generation = generation + 1;
             UPDATE instance SET generation = generation - 1;",
        )
        .unwrap();
    drop(connection);
    // The store lacks a change.
    let note_file = folder.path().join(LOCK_FILE);
    let noted = note::read(&note_file).unwrap().unwrap();
    let changes = noted.changes + 1;
    Note::open(&note_file, false).unwrap().begin(Noted { changes, ..noted });
    let wal = wal_of(&store);
    let before = fs::read(&wal).unwrap();
    assert!(!before.is_empty());
    for is_command in [false, true] {
        let file = fs::File::options().write(true).open(&wal).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let refused = when_unlocked(async || match is_command {
            true => open_store_alone(folder.path()).await.map(drop),
            false => open_folder(folder.path(), None, false).await.map(drop),
        })
        .await;
        assert!(matches!(refused, Err(OpenError::Mismatch(_))), "{refused:?}");
        let written = fs::metadata(&wal).unwrap().modified().unwrap();
        assert!(written > SystemTime::UNIX_EPOCH, "command: {is_command}");
        assert!(fs::read(&wal).unwrap() == before);
    }
}

#[tokio::test]
async fn what_a_reader_kept_from_being_noted_at_the_start_is_noted_later() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let (folder, _) = used_folder().await;
    let note = folder.path().join(LOCK_FILE);
    for file in [LOG_FILE, STORE_FILE] {
        fs::write(&note, "").unwrap();
        let reader = rusqlite::Connection::open(folder.path().join(file)).unwrap();
        reader.execute_batch("BEGIN").unwrap();
        reader.query_row("SELECT id FROM instance", [], |_| Ok(())).unwrap();
        let engine = when_unlocked(async || Engine::open(config(folder.path()), Clock::machine()).await)
            .await
            .unwrap();
        assert_eq!(crate::note::read(&note).unwrap(), None);
        reader.execute_batch("COMMIT").unwrap();
        wait_until("it is noted", async || crate::note::read(&note).unwrap().is_some()).await;
        drop(reader);
        engine.shutdown(Duration::from_secs(20)).await;
    }
}

/// As after a first start, or a command, that was killed at once.
#[tokio::test]
async fn a_store_in_which_nothing_was_stored_is_new() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(STORE_FILE);
    let store = rusqlite::Connection::open(&path).unwrap();
    store.pragma_update(None, "journal_mode", "WAL").unwrap();
    drop(store);
    assert!(fs::metadata(&path).unwrap().len() > 0);
    start(folder.path()).await.unwrap();
}

/// A folder that was used three times, and copies of its files from after the first time.
async fn used_folder() -> (tempfile::TempDir, [Vec<u8>; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let mut old = [Vec::new(), Vec::new()];
    for time in 0..3 {
        let opened = when_unlocked(async || Engine::open(config(folder.path()), Clock::machine()).await).await;
        let engine = opened.unwrap();
        let body = r#"{"event_type":"test","entity_id":1}"#;
        engine.ingest("tests", body.into()).await.unwrap();
        engine.shutdown(Duration::from_secs(20)).await;
        if time == 0 {
            old = [LOG_FILE, STORE_FILE].map(|name| fs::read(folder.path().join(name)).unwrap());
        }
    }
    (folder, old)
}

#[tokio::test]
async fn a_start_that_accepts_a_mismatch_can_be_killed_anywhere() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let (used, [old_log, old_store]) = used_folder().await;
    let (_other, [foreign_log, _]) = used_folder().await;
    // The file, and what is in its place; none if it is missing.
    let mismatches = [
        (LOG_FILE, None),
        (STORE_FILE, None),
        (LOG_FILE, Some(foreign_log)),
        (LOG_FILE, Some(old_log)),
        (STORE_FILE, Some(old_store)),
    ];
    for (file, content) in mismatches {
        for kill in KILLS {
            let folder = tempfile::tempdir().unwrap();
            for name in [LOG_FILE, STORE_FILE, KEY_FILE, LOCK_FILE] {
                fs::copy(used.path().join(name), folder.path().join(name)).unwrap();
            }
            match &content {
                Some(content) => fs::write(folder.path().join(file), content).unwrap(),
                None => fs::remove_file(folder.path().join(file)).unwrap(),
            }
            let case = format!("{file} {:?} {kill:?}", content.as_ref().map(Vec::len));
            let refused = start(folder.path()).await.unwrap_err();
            start_until(kill, folder.path()).await;
            if kill < Kill::LogOpened {
                assert_eq!(start(folder.path()).await.unwrap_err(), refused, "{case}");
                start_until(Kill::LogPaired, folder.path()).await;
            }
            assert_eq!(start(folder.path()).await, Ok(()), "{case}");
            assert_eq!(start(folder.path()).await, Ok(()), "{case}");
        }
    }
}

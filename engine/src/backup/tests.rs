mod damage;
mod s3;

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::ids::Seq;

use super::*;
use crate::{
    Engine, OpenError,
    clock::Clock,
    folder::{DataFolder, KEY_FILE, LOG_FILE, STORE_FILE},
    it::world::{World, config, wait_until, when_unlocked},
    key_file::{self, KeyText},
    pairing::Mismatch,
    wal::wal_of,
};

async fn create(data_dir: &Path, output: &Path) -> Manifest {
    let created = create_backup(data_dir, output, &Clock::machine()).await.unwrap();
    assert!(created.damage.is_empty(), "{:?}", created.damage);
    created.manifest
}

async fn post(world: &World, numbers: std::ops::Range<usize>) {
    let texts = numbers.map(|number| format!("e{number}"));
    world.post("1", texts).await;
}

/// A backup, in a folder of its own.
async fn backup_of(data_dir: &Path) -> (tempfile::TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let backup = parent.path().join("backup");
    create(data_dir, &backup).await;
    (parent, backup)
}

/// A data folder of a backup, with the key of the folder that was backed up.
async fn restored(backup: &Path, data_dir: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let key = RestoreKey::File(data_dir.join(KEY_FILE));
    restore_backup(backup, folder.path(), key, &Clock::machine())
        .await
        .unwrap();
    folder
}

fn copy(source: &Path, file: &str, target: &Path) {
    assert!(fs::copy(source.join(file), target.join(file)).unwrap() > 0);
}

/// Waits until the log has the event about a restore, and returns its position.
async fn restore_in_log(world: &World) -> Seq {
    let find = async || {
        let events = world
            .engine
            .log()
            .read_after(Seq::START, 10_000, 64 << 20)
            .await
            .unwrap();
        let restore = events
            .iter()
            .find(|event| event.event_type.as_str() == "audit_event_instance_restored");
        restore.map(|event| event.seq)
    };
    wait_until("the restore is in the log", async || find().await.is_some()).await;
    find().await.unwrap()
}

#[tokio::test]
async fn a_restored_folder_goes_on_where_the_log_ended() {
    let world = World::new().await;
    post(&world, 0..10).await;
    let (_parent, backup) = backup_of(world.folder()).await;
    let manifest = Manifest::read(&backup).unwrap();
    assert_eq!(manifest.last_seq, world.engine.log().last_seq());
    post(&world, 10..20).await;
    let restored = restored(&backup, world.folder()).await;
    let data = world.shut_down().await;
    let world = World::on(restored).await;
    assert!(restore_in_log(&world).await > manifest.last_seq);
    assert_ne!(
        world.engine.lineage().as_str(),
        manifest.instance.get(..8).unwrap(),
        "it is another instance"
    );
    drop((world.shut_down().await, data));
}

#[tokio::test]
async fn files_from_before_and_after_a_restore_are_never_used_together() {
    let world = World::new().await;
    post(&world, 0..10).await;
    let (_parent, backup) = backup_of(world.folder()).await;
    let restored = restored(&backup, world.folder()).await;
    // Both go on, until each is further than the other was, in positions and in starts.
    post(&world, 10..30).await;
    let before = world.restart().await.shut_down().await;
    let world = World::on(restored).await;
    post(&world, 30..80).await;
    let after = world.restart().await.shut_down().await;
    for (log, store) in [
        (before.path(), after.path()),
        (after.path(), before.path()),
        (backup.as_path(), after.path()),
        (after.path(), backup.as_path()),
    ] {
        let mixed = tempfile::tempdir().unwrap();
        copy(log, LOG_FILE, mixed.path());
        copy(store, STORE_FILE, mixed.path());
        copy(before.path(), KEY_FILE, mixed.path());
        let refused = when_unlocked(async || Engine::open(config(mixed.path()), Clock::machine()).await)
            .await
            .err();
        assert!(
            matches!(refused, Some(OpenError::Mismatch(Mismatch::LogForeign))),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_key_file_may_have_the_keys_of_an_interrupted_rotation() {
    let world = World::new().await;
    let (_parent, backup) = backup_of(world.folder()).await;
    let data = world.shut_down().await;
    let needed = key_file::read(&data.path().join(KEY_FILE)).unwrap().unwrap();
    let other = KeyText::new(&STANDARD.encode([7; 32]));
    let given = data.path().join("given.key");
    for keys in [[&needed[0], &other], [&other, &needed[0]]] {
        key_file::write(&given, &keys).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let key = RestoreKey::File(given.clone());
        restore_backup(&backup, folder.path(), key, &Clock::machine())
            .await
            .unwrap();
        assert_eq!(
            fs::read(folder.path().join(KEY_FILE)).unwrap(),
            fs::read(data.path().join(KEY_FILE)).unwrap()
        );
    }
    key_file::write(&given, &[&other, &other]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let refused = restore_backup(&backup, folder.path(), RestoreKey::File(given), &Clock::machine()).await;
    assert!(matches!(refused, Err(BackupError::OtherKey { .. })));
}

/// Without the lock, the write-ahead logs of a killed server can't be examined.
#[tokio::test]
async fn no_backup_is_made_while_another_command_uses_the_folder() {
    let world = World::new().await;
    post(&world, 0..10).await;
    let data = world.shut_down().await;
    fs::write(wal_of(&data.path().join(LOG_FILE)), "left by a server that was killed").unwrap();
    let other = when_unlocked(async || DataFolder::existing(data.path()).lock_unchanged()).await;
    let parent = tempfile::tempdir().unwrap();
    let refused = create_backup(data.path(), &parent.path().join("backup"), &Clock::machine()).await;
    assert!(
        matches!(refused, Err(BackupError::Folder(OpenError::Busy { .. }))),
        "{refused:?}"
    );
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    drop(other.unwrap());
}

//! Damaged backups and data folders, files that are in the way, and disks that are full.

use std::{
    collections::HashSet,
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::json;

use super::{Stopped, complaint, contents, copy_folder, create, ids_in, restore, succeeded, verify};
use crate::instance::{BINARY, Instance, folder};

fn flip(path: &Path, place: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[place] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

fn resize(path: &Path, bytes: i64) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length.checked_add_signed(bytes).unwrap()).unwrap();
}

type Damage = (&'static str, fn(&Path), &'static str);

const DAMAGE: [Damage; 14] = [
    (
        "no manifest",
        |backup| fs::remove_file(backup.join("manifest.json")).unwrap(),
        "it has no manifest.json",
    ),
    (
        "a changed manifest",
        |backup| flip(&backup.join("manifest.json"), 40),
        "manifest.json is damaged or was changed",
    ),
    (
        "an empty manifest",
        |backup| fs::write(backup.join("manifest.json"), "").unwrap(),
        "manifest.json is damaged",
    ),
    (
        "a manifest of another version",
        |backup| {
            let path = backup.join("manifest.json");
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, text.replace("\"format\": 1", "\"format\": 7")).unwrap();
        },
        "manifest.json has the format 7",
    ),
    (
        "no log",
        |backup| fs::remove_file(backup.join("events.db")).unwrap(),
        "events.db is missing",
    ),
    (
        "no store",
        |backup| fs::remove_file(backup.join("audit-streams.db")).unwrap(),
        "audit-streams.db is missing",
    ),
    (
        "a cut log",
        |backup| resize(&backup.join("events.db"), -1),
        "bytes instead of",
    ),
    (
        "a cut store",
        |backup| resize(&backup.join("audit-streams.db"), -4_096),
        "bytes instead of",
    ),
    (
        "an empty log",
        |backup| fs::write(backup.join("events.db"), "").unwrap(),
        "events.db has 0 bytes instead of",
    ),
    (
        "a longer store",
        |backup| resize(&backup.join("audit-streams.db"), 1),
        "bytes instead of",
    ),
    (
        "a bit of the log",
        |backup| flip(&backup.join("events.db"), 20_000),
        "events.db is damaged or was changed",
    ),
    (
        "the head of the log",
        |backup| flip(&backup.join("events.db"), 3),
        "events.db is damaged or was changed",
    ),
    (
        "a bit of the store",
        |backup| flip(&backup.join("audit-streams.db"), 5_000),
        "audit-streams.db is damaged or was changed",
    ),
    (
        "each in the other's place",
        |backup| {
            fs::rename(backup.join("events.db"), backup.join("aside")).unwrap();
            fs::rename(backup.join("audit-streams.db"), backup.join("events.db")).unwrap();
            fs::rename(backup.join("aside"), backup.join("audit-streams.db")).unwrap();
        },
        "events.db ",
    ),
];

#[tokio::test]
async fn every_damage_is_reported_and_nothing_damaged_is_restored() {
    let stopped = Stopped::new().await;
    let (backup, backups) = (&stopped.backup, stopped.backups.path());
    for (number, (damage, inflict, expected)) in DAMAGE.into_iter().enumerate() {
        let damaged = backups.join(format!("damaged-{number}"));
        copy_folder(backup, &damaged);
        succeeded(&verify(&damaged));
        inflict(&damaged);
        let reported = complaint(&verify(&damaged));
        assert!(
            reported.contains("is not a valid backup") && reported.contains(expected),
            "{damage}: {reported}"
        );
        let target = backups.join("restored");
        let refused = complaint(&restore(&damaged, &target, Some(&stopped.key())));
        assert_eq!(refused, reported, "{damage}");
        assert!(!target.exists(), "{damage}");
    }
    let unfinished = backups.join("backup.incomplete");
    copy_folder(backup, &unfinished);
    let reported = complaint(&verify(&unfinished));
    assert!(reported.contains("it is incomplete"), "{reported}");
    let reported = complaint(&verify(&backups.join("nowhere")));
    assert!(reported.contains("can't be read"), "{reported}");
}

#[tokio::test]
async fn nothing_is_overwritten() {
    let stopped = Stopped::new().await;
    let (data_dir, backup) = (stopped.data_dir(), &stopped.backup);
    let before = contents(backup);
    let refused = complaint(&create(data_dir, backup));
    assert!(refused.contains("exists already"), "{refused}");
    assert!(contents(backup) == before);
    let unfinished = backup.with_file_name("other.incomplete");
    fs::create_dir(&unfinished).unwrap();
    let refused = complaint(&create(data_dir, &backup.with_file_name("other")));
    assert!(refused.contains("was interrupted"), "{refused}");
    let refused = complaint(&create(data_dir, &data_dir.join("backup")));
    assert!(refused.contains("is in the data folder"), "{refused}");
    let empty = folder();
    let third = backup.with_file_name("third");
    let refused = complaint(&create(empty.path(), &third));
    assert!(refused.contains("has no events.db"), "{refused}");
    assert!(!third.exists());
}

/// Runs the program with at most so many KiB in each file: more is refused, as on a full disk.
fn with_full_disk(kib: u32, arguments: &[&Path]) -> Output {
    let limited = format!(r#"trap "" XFSZ; ulimit -f {}; exec "$0" "$@""#, kib * 2);
    let mut command = Command::new("sh");
    command.args(["-c", &limited, BINARY]).args(arguments);
    command.output().unwrap()
}

#[tokio::test]
async fn a_full_disk_leaves_nothing_behind() {
    let stopped = Stopped::new().await;
    let (data_dir, key) = (stopped.data_dir(), stopped.key());
    let output = stopped.backups.path().join("second");
    let [backup, create, restore, data_dir_flag, key_flag] =
        ["backup", "create", "restore", "--data-dir", "--key-file"].map(Path::new);
    let before = contents(data_dir);
    let refused = with_full_disk(64, &[backup, create, &output, data_dir_flag, data_dir]);
    assert!(complaint(&refused).contains("can't be copied"), "{refused:?}");
    let arguments = [backup, restore, &stopped.backup, data_dir_flag, &output, key_flag, &key];
    let refused = with_full_disk(64, &arguments);
    assert!(complaint(&refused).contains("can't be read or written"), "{refused:?}");
    assert_eq!(contents(stopped.backups.path().join("backup").as_path()).len(), 3);
    assert_eq!(fs::read_dir(stopped.backups.path()).unwrap().count(), 1);
    assert!(contents(data_dir) == before);
}

/// Changes the write-ahead log of the log of a killed server. A backup then has every acknowledged event, or is not made.
async fn never_lacks_events(harm: impl Fn(&Path)) {
    let mut instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    let mut acknowledged = HashSet::new();
    for number in 0..20 {
        let event = json!({"id": format!("e{number}"), "event_type": "user_created", "entity_id": 1});
        acknowledged.extend(instance.post(&token, event.to_string()).await);
    }
    instance.kill();
    harm(&instance.data_dir().join("events.db-wal"));
    let backups = folder();
    let backup = backups.path().join("backup");
    let created = create(instance.data_dir(), &backup);
    match created.status.success() {
        true => assert!(ids_in(&backup).is_superset(&acknowledged)),
        false => {
            let refused = complaint(&created);
            assert!(refused.contains("events.db"), "{refused}");
            assert_eq!(fs::read_dir(backups.path()).unwrap().count(), 0);
        }
    }
}

#[tokio::test]
async fn a_backup_without_acknowledged_events_is_not_made() {
    never_lacks_events(|wal| fs::remove_file(wal).unwrap()).await;
    never_lacks_events(|wal| resize(wal, -20_000)).await;
    never_lacks_events(|wal| flip(wal, 20_000)).await;
    never_lacks_events(|_| {}).await;
}

/// Overwrites the page with the oldest entries of the index by which SQLite counts the events.
fn damage_index(path: &Path) {
    let log = rusqlite::Connection::open(path).unwrap();
    let first = "SELECT pgoffset, pgsize FROM dbstat WHERE name = 'events_by_time' AND pagetype = 'leaf' ORDER BY path";
    let (start, bytes): (i64, i64) = log.query_row(first, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    log.close().unwrap();
    let (start, bytes) = (usize::try_from(start).unwrap(), usize::try_from(bytes).unwrap());
    let mut file = fs::read(path).unwrap();
    file[start..start + bytes].fill(0xff);
    fs::write(path, file).unwrap();
}

#[tokio::test]
async fn a_backup_whose_events_can_t_be_counted_is_made_and_reported() {
    let mut instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    let lines = (0..500).map(|number| {
        json!({"id": format!("e{number}"), "event_type": "user_created", "entity_id": number}).to_string()
    });
    instance.post(&token, lines.collect::<Vec<_>>().join("\n")).await;
    assert!(instance.shut_down().await.success());
    damage_index(&instance.data_dir().join("events.db"));
    let backups = folder();
    let backup = backups.path().join("backup");
    let created = create(instance.data_dir(), &backup);
    assert_eq!(created.status.code(), Some(3), "{created:?}");
    let told = String::from_utf8(created.stdout).unwrap();
    for expected in [
        "an unknown number of events",
        "Pages of events.db are damaged",
        "backup verify",
    ] {
        assert!(told.contains(expected), "{told}");
    }
    let reason = String::from_utf8(created.stderr).unwrap();
    assert!(
        reason.contains("the backup was created, but events.db is damaged"),
        "{reason}"
    );
    let problems = complaint(&verify(&backup));
    assert!(problems.contains("found"), "{problems}");
    let restored = backups.path().join("restored");
    succeeded(&restore(
        &backup,
        &restored,
        Some(&instance.data_dir().join("secret.key")),
    ));
    assert!(restored.join("events.db").exists());
}

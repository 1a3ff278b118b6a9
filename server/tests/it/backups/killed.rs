//! Backups and restores whose process is killed: what is left is never taken for a backup or a data folder.

use std::{
    collections::HashSet,
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use engine::OpenError;
use serde_json::json;

use super::{complaint, contents, create, ids_in, restore, succeeded, verify};
use crate::instance::{BINARY, Instance, command, folder, last_line, try_open_engine, until};

/// How many times a process is killed at a size that the test observes, wherever it is when the signal arrives.
const KILLS: u64 = 6;

/// Sizes of a file, in KiB, at which the kernel kills the process. All files of a backup but the manifest are larger than the first.
const LIMITS: [u32; 3] = [64, 1_000, 5_000];

const SIGKILL: i32 = 9;

/// A server with 10 MB of events.
async fn large() -> Instance {
    let instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    let text = "x".repeat(500_000);
    for number in 0..20 {
        let event = json!({"id": format!("e{number}"), "event_type": "user_created", "entity_id": 1, "details": {"text": text}});
        instance.post(&token, event.to_string()).await;
    }
    instance
}

/// Bytes of the files in a folder, as far as they are still there.
fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let sizes = entries.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len()));
    sizes.sum()
}

/// Kills the program when what it writes to a folder has reached a size.
async fn kill_at(arguments: &[&Path], written: &Path, reached: u64) {
    let mut process = Command::new(BINARY);
    let mut process = process.args(arguments).stdout(Stdio::null()).spawn().unwrap();
    until("the folder has this size", || {
        let has_ended = process.try_wait().unwrap().is_some();
        (has_ended || (written.exists() && size_of(written) >= reached)).then_some(())
    })
    .await;
    process.kill().unwrap();
    let ended = process.wait().unwrap();
    assert!(ended.success() || ended.signal() == Some(SIGKILL), "{ended:?}");
}

/// Has the kernel kill the program when it writes a file beyond so many KiB.
fn kill_by_size(arguments: &[&Path], kib: u32) -> ExitStatus {
    let limited = format!(r#"ulimit -c 0; ulimit -f {}; exec "$0" "$@""#, kib * 2);
    let mut process = Command::new("sh");
    process.args(["-c", &limited, BINARY]).args(arguments);
    process.stdout(Stdio::null()).status().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_killed_is_never_taken_for_one() {
    let instance = large().await;
    let backups = folder();
    let whole = backups.path().join("whole");
    succeeded(&create(instance.data_dir(), &whole));
    let ids = ids_in(&whole);
    let output = backups.path().join("backup");
    let unfinished = backups.path().join("backup.incomplete");
    let [backup, create_word, flag] = ["backup", "create", "--data-dir"].map(Path::new);
    let arguments = [backup, create_word, &output, flag, instance.data_dir()];
    for limit in LIMITS {
        let ended = kill_by_size(&arguments, limit);
        assert!(limit > LIMITS[1] || ended.signal().is_some(), "{ended:?}");
        assert!(ended.success() || unfinished.exists(), "{ended:?}");
        check_backup(&output, &unfinished, &ids);
    }
    for kill in 0..KILLS {
        kill_at(&arguments, &unfinished, size_of(&whole) * kill / (KILLS - 1)).await;
        check_backup(&output, &unfinished, &ids);
    }
    assert_eq!(instance.get("/readyz").await.status, 200);
    succeeded(&create(instance.data_dir(), &output));
    succeeded(&verify(&output));
}

/// What a killed process has left is the whole backup, or none, whatever its name is. Removes it.
fn check_backup(output: &Path, unfinished: &Path, ids: &HashSet<String>) {
    assert!(!unfinished.exists() || !output.exists());
    if unfinished.exists() {
        let refused = complaint(&verify(unfinished));
        assert!(refused.contains("it is incomplete"), "{refused}");
        fs::rename(unfinished, output).unwrap();
        if !verify(output).status.success() {
            fs::remove_dir_all(output).unwrap();
        }
    }
    if output.exists() {
        succeeded(&verify(output));
        assert!(ids_in(output).is_superset(ids));
        fs::remove_dir_all(output).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_killed_leaves_no_folder_that_starts_with_a_part() {
    let instance = large().await;
    let backups = folder();
    let from = backups.path().join("backup");
    succeeded(&create(instance.data_dir(), &from));
    let restoring = Restoring {
        ids: ids_in(&from),
        key: instance.data_dir().join("secret.key"),
        target: backups.path().join("restored"),
        backup: from,
    };
    let [backup, restore_word, data_dir, key_file] = ["backup", "restore", "--data-dir", "--key-file"].map(Path::new);
    let (from, target, key) = (&restoring.backup, &restoring.target, &restoring.key);
    let arguments = [backup, restore_word, from, data_dir, target, key_file, key];
    for limit in LIMITS {
        let ended = kill_by_size(&arguments, limit);
        assert!(limit > LIMITS[1] || ended.signal().is_some(), "{ended:?}");
        assert!(ended.success() || restoring.is_unfinished(), "{ended:?}");
        restoring.check().await;
    }
    for kill in 0..KILLS {
        kill_at(&arguments, target, size_of(from) * kill / (KILLS - 1)).await;
        restoring.check().await;
    }
}

struct Restoring {
    backup: PathBuf,
    ids: HashSet<String>,
    key: PathBuf,
    target: PathBuf,
}

impl Restoring {
    fn is_unfinished(&self) -> bool {
        self.target.join("restore.incomplete").exists()
    }

    /// What a killed process has left is the whole folder, or none that is used. Removes it.
    async fn check(&self) {
        let target = &self.target;
        if self.is_unfinished() {
            let before = contents(target);
            for accepts_mismatched_files in [false, true] {
                let refused = try_open_engine(target, accepts_mismatched_files).await.err();
                assert!(
                    matches!(refused, Some(OpenError::RestoreIncomplete { .. })),
                    "{refused:?}"
                );
            }
            for refused in [
                command(target, &["check"]),
                command(target, &["token", "list"]),
                create(target, &self.backup.with_file_name("second")),
                restore(&self.backup, target, Some(&self.key)),
            ] {
                let refused = complaint(&refused);
                assert!(refused.contains("was interrupted"), "{refused}");
            }
            assert!(contents(target) == before);
            fs::remove_dir_all(target).unwrap();
        }
        if !target.exists() || contents(target).is_empty() {
            succeeded(&restore(&self.backup, target, Some(&self.key)));
        }
        assert_eq!(last_line(&command(target, &["check"])), "No problems found.");
        assert_eq!(ids_in(target), self.ids);
        fs::remove_dir_all(target).unwrap();
    }
}

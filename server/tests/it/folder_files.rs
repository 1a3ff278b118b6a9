//! The four files of the data folder: one that is missing, older, of another instance, of a newer version, or not accessible.

use std::{
    fs,
    io::ErrorKind,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use rusqlite::Connection;

use crate::instance::{BINARY, Instance, PATIENCE, command, folder, last_line};

const LOG: &str = "events.db";
const STORE: &str = "audit-streams.db";
const KEY: &str = "secret.key";
const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];
const PROGRAM: &str = "audit-streams";

/// Serves, which is refused; returns what it says.
fn refused(case: &str, output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{case}: {text}");
    assert!(!text.contains("panicked"), "{case}: {text}");
    text
}

fn serve(case: &str, data_dir: &Path) -> String {
    refused(case, &command(data_dir, &SERVE))
}

fn copy_of(source: &Path) -> tempfile::TempDir {
    let copy = folder();
    for file in fs::read_dir(source).unwrap().map(|file| file.unwrap()) {
        fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    copy
}

/// A folder that was used twice, and copies of the files from after the first time.
async fn used_twice() -> (tempfile::TempDir, tempfile::TempDir) {
    let mut instance = Instance::start();
    let token = instance.token("producer", &["ingest"]);
    instance.post(&token, r#"{"event_type":"test"}"#).await;
    assert!(instance.shut_down().await.success());
    let older = copy_of(instance.data_dir());
    instance.restart();
    instance.post(&token, r#"{"event_type":"test"}"#).await;
    assert!(instance.shut_down().await.success());
    (copy_of(instance.data_dir()), older)
}

fn starts(data_dir: tempfile::TempDir) {
    drop(Instance::start_on(data_dir, &[]));
}

#[tokio::test]
async fn each_file_that_is_missing_older_or_foreign_is_named() {
    let ((used, older), (foreign, _)) = (used_twice().await, used_twice().await);
    type Case = (&'static str, &'static str, &'static [&'static str]);
    let missing: [Case; 3] = [
        (LOG, "events.db is missing or empty", &["audit-streams backup restore"]),
        (
            STORE,
            "audit-streams.db is missing or empty",
            &["audit-streams backup restore"],
        ),
        (
            KEY,
            "is missing: the folder holds secrets, but no secret.key",
            &["Put secret.key back"],
        ),
    ];
    for (file, complaint, help) in missing {
        let copy = copy_of(used.path());
        fs::remove_file(copy.path().join(file)).unwrap();
        let text = serve(file, copy.path());
        assert!(
            text.contains(complaint) && help.iter().all(|help| text.contains(help)),
            "{text}"
        );
        let checked = command(copy.path(), &["check"]);
        assert_eq!(checked.status.code(), Some(1));
        let found = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert!(found.contains(&format!("{file} is missing")), "{found}");
    }
    let replaced: [(&Path, Case); 5] = [
        (
            older.path(),
            (
                LOG,
                "events.db is older than audit-streams.db",
                &["audit-streams check"],
            ),
        ),
        (
            older.path(),
            (
                STORE,
                "audit-streams.db is older than events.db",
                &["audit-streams check"],
            ),
        ),
        (
            foreign.path(),
            (
                LOG,
                "events.db does not belong to audit-streams.db",
                &["audit-streams backup restore"],
            ),
        ),
        (
            foreign.path(),
            (
                STORE,
                "the encryption key is the wrong one",
                &["Put back the key", "secret.key."],
            ),
        ),
        (
            foreign.path(),
            (KEY, "the encryption key is the wrong one", &["Put back the key"]),
        ),
    ];
    for (source, (file, complaint, help)) in replaced {
        let copy = copy_of(used.path());
        fs::copy(source.join(file), copy.path().join(file)).unwrap();
        let text = serve(file, copy.path());
        assert!(
            text.contains(complaint) && help.iter().all(|help| text.contains(help)),
            "{text}"
        );
        assert_eq!(command(copy.path(), &["check"]).status.code(), Some(1), "{file}");
    }
    // The lock file is made again, and one of another instance says nothing about this one.
    for lock in [None, Some(older.path()), Some(foreign.path())] {
        let copy = copy_of(used.path());
        let path = copy.path().join("server.lock");
        fs::remove_file(&path).unwrap();
        if let Some(lock) = lock {
            fs::copy(lock.join("server.lock"), &path).unwrap();
        }
        let checked = command(copy.path(), &["check"]);
        assert!(checked.status.success(), "{checked:?}");
        starts(copy);
    }
    // An older key is the same key, and both databases of one moment belong together.
    let copy = copy_of(used.path());
    for file in [LOG, STORE, KEY] {
        fs::copy(older.path().join(file), copy.path().join(file)).unwrap();
    }
    assert!(command(copy.path(), &["check"]).status.success());
    starts(copy);
}

#[tokio::test]
async fn a_key_that_is_cut_off_or_damaged_is_named() {
    let (used, _) = used_twice().await;
    let key = fs::read(used.path().join(KEY)).unwrap();
    for bytes in [&[][..], &key[..20], &key[..43], b"no key", &[0xff; 44]] {
        let copy = copy_of(used.path());
        fs::write(copy.path().join(KEY), bytes).unwrap();
        let text = serve("key", copy.path());
        assert!(text.contains("secret.key is empty, cut off or damaged"), "{text}");
        let checked = command(copy.path(), &["check"]);
        let found = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert_eq!(checked.status.code(), Some(1));
        assert!(found.contains("secret.key is empty, cut off or damaged"), "{found}");
        assert!(fs::read(copy.path().join(KEY)).unwrap() == bytes);
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_named() {
    let (used, _) = used_twice().await;
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'later', true, x'00', 0)";
    for (file, sql) in [(LOG, "PRAGMA user_version = 1000"), (STORE, later)] {
        let copy = copy_of(used.path());
        Connection::open(copy.path().join(file))
            .unwrap()
            .execute_batch(sql)
            .unwrap();
        let text = serve(file, copy.path());
        assert!(
            text.contains(file) && text.contains("another version of Audit Streams wrote the"),
            "{text}"
        );
        let checked = command(copy.path(), &["check"]);
        assert_eq!(checked.status.code(), Some(1));
        let found = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert!(found.contains("another version of Audit Streams wrote the"), "{found}");
    }
}

/// No permission keeps root from a file, so root runs the program as another user.
struct Unprivileged {
    folder: tempfile::TempDir,
    program: tempfile::TempDir,
    user: Option<u32>,
}

impl Unprivileged {
    /// `None` if root knows no other user, as in some containers.
    fn new(source: &Path) -> Option<Self> {
        let is_root = rustix::process::geteuid().is_root();
        let user = if is_root { Some(another_user()?) } else { None };
        // The user may have no access to the temporary folder of root.
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        for file in fs::read_dir(source).unwrap().map(|file| file.unwrap()) {
            let copy = folder.path().join(file.file_name());
            fs::copy(file.path(), &copy).unwrap();
            chown(copy, user, user).unwrap();
        }
        chown(folder.path(), user, user).unwrap();
        // The user may have no access to where the program was built.
        let program = tempfile::tempdir_in("/tmp").unwrap();
        fs::set_permissions(program.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let path = program.path().join(PROGRAM);
        fs::hard_link(BINARY, &path)
            .or_else(|_| fs::copy(BINARY, &path).map(drop))
            .unwrap();
        Some(Self { folder, program, user })
    }

    fn run(&self, arguments: &[&str]) -> std::io::Result<Output> {
        let mut program = Command::new(self.program.path().join(PROGRAM));
        program
            .args(arguments)
            .env("AUDIT_STREAMS_DATA_DIR", self.folder.path());
        if let Some(user) = self.user {
            program.uid(user).gid(user);
        }
        let started = Instant::now();
        loop {
            match program.output() {
                // A program that another test has started meanwhile has the copy open for writing until it is executed.
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy && started.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                ended => return ended,
            }
        }
    }

    fn set_mode(&self, name: &str, mode: u32) {
        let path = self.folder.path().join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// A user of this namespace that is not root: nobody, or else the last one.
fn another_user() -> Option<u32> {
    const NOBODY: u32 = 65_534;
    let ranges = fs::read_to_string("/proc/self/uid_map").unwrap();
    let last_of = |range: &str| {
        let mut numbers = range
            .split_ascii_whitespace()
            .map(|number| number.parse::<u32>().unwrap());
        let (first, _, count) = (numbers.next()?, numbers.next()?, numbers.next()?);
        Some(first.saturating_add(count - 1).min(NOBODY)).filter(|last| *last > 0 && *last >= first)
    };
    ranges.lines().filter_map(last_of).max()
}

#[tokio::test]
async fn a_file_or_folder_without_permission_is_named() {
    let (used, _) = used_twice().await;
    let Some(data) = Unprivileged::new(used.path()) else {
        return;
    };
    for (name, mode, mode_before) in [
        ("", 0o500, 0o700),
        ("", 0o000, 0o700),
        (LOG, 0o400, 0o600),
        (LOG, 0o000, 0o600),
        (STORE, 0o400, 0o600),
        (STORE, 0o000, 0o600),
        (KEY, 0o000, 0o600),
        ("server.lock", 0o000, 0o600),
    ] {
        data.set_mode(name, mode);
        let case = format!("{name:?} {mode:o}");
        let text = refused(&case, &data.run(&SERVE).unwrap());
        data.set_mode(name, mode_before);
        let path = data.folder.path().to_str().unwrap();
        let is_named = text.contains(path) && (text.contains(name) || name == "server.lock");
        assert!(is_named && text.contains("Permission denied"), "{case}: {text}");
    }
    // A folder that can only be read can be checked, and so can files.
    for name in [LOG, STORE, KEY] {
        data.set_mode(name, 0o400);
    }
    data.set_mode("", 0o500);
    let checked = data.run(&["check"]).unwrap();
    data.set_mode("", 0o700);
    assert!(checked.status.success(), "{checked:?}");
    // Not with a write-ahead log, which is reported as that and not as damage.
    let wal = data.folder.path().join("events.db-wal");
    fs::write(&wal, [0; 32]).unwrap();
    chown(&wal, data.user, data.user).unwrap();
    let checked = data.run(&["check"]).unwrap();
    let text = refused("check", &checked);
    assert!(text.contains("can't read and write") && text.contains(LOG), "{text}");
    assert!(checked.stdout.is_empty(), "{checked:?}");
}

/// A server that was stopped, started and killed, copies of the files from after the stop, and a backup from before the kill.
async fn killed() -> (tempfile::TempDir, tempfile::TempDir, tempfile::TempDir) {
    let mut instance = Instance::start();
    let token = instance.token("producer", &["ingest"]);
    instance.post(&token, r#"{"event_type":"test"}"#).await;
    assert!(instance.shut_down().await.success());
    let older = copy_of(instance.data_dir());
    instance.restart();
    instance.post(&token, r#"{"event_type":"test"}"#).await;
    let backup = folder();
    let output = backup.path().join("backup");
    last_line(&instance.command(&["backup", "create", output.to_str().unwrap()]));
    instance.token("another", &["read"]);
    instance.post(&token, r#"{"event_type":"test"}"#).await;
    instance.kill();
    (copy_of(instance.data_dir()), older, backup)
}

/// Older copies that an administrator puts over the files of a server that was killed.
#[tokio::test]
async fn copies_are_not_mixed_with_the_write_ahead_logs_of_a_killed_server() {
    let (killed, older, backup) = killed().await;
    let backup = backup.path().join("backup");
    let put = |source: &Path, folder: &Path, files: &[&str]| {
        for file in files {
            fs::copy(source.join(file), folder.join(file)).unwrap();
        }
    };
    let sets = [&[LOG, STORE][..], &[LOG], &[STORE]];
    let sources = [older.path(), &backup];
    for (source, files) in sources.into_iter().flat_map(|source| sets.map(|files| (source, files))) {
        let copy = copy_of(killed.path());
        put(source, copy.path(), files);
        let complaint = format!("{0}-wal does not belong to {0}", files[0]);
        for option in [None, Some("--accept-mismatched-files")] {
            let arguments: Vec<&str> = SERVE.into_iter().chain(option).collect();
            let text = refused("mixed", &command(copy.path(), &arguments));
            assert!(text.contains(&complaint), "{option:?}, {files:?}: {text}");
        }
        let checked = command(copy.path(), &["check"]);
        assert_eq!(checked.status.code(), Some(1), "{files:?}");
        let found = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert!(found.contains(&complaint), "{files:?}: {found}");
        // Nothing was changed: the files as they were left go on.
        put(killed.path(), copy.path(), files);
        assert!(command(copy.path(), &["check"]).status.success(), "{files:?}");
        starts(copy);
    }
    // Both databases of one moment, without the write-ahead logs of another one.
    let copy = copy_of(killed.path());
    put(older.path(), copy.path(), &[LOG, STORE]);
    for file in [LOG, STORE] {
        fs::remove_file(copy.path().join(format!("{file}-wal"))).unwrap();
        fs::remove_file(copy.path().join(format!("{file}-shm"))).unwrap();
    }
    assert!(command(copy.path(), &["check"]).status.success());
    starts(copy);
}

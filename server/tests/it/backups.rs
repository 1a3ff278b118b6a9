//! `audit-streams backup` with the real program.

mod damage;
mod killed;
mod load;
mod restore;

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::{Value, json};

use crate::{
    api_client::Client,
    instance::{Instance, binary, command, folder},
};

fn create(data_dir: &Path, output: &Path) -> Output {
    command(data_dir, &["backup", "create", output.to_str().unwrap()])
}

fn verify(backup: &Path) -> Output {
    binary().args(["backup", "verify"]).arg(backup).output().unwrap()
}

fn restore(backup: &Path, data_dir: &Path, key_file: Option<&Path>) -> Output {
    let mut restore = binary();
    restore.args(["backup", "restore"]).arg(backup);
    restore.arg("--data-dir").arg(data_dir);
    if let Some(key_file) = key_file {
        restore.arg("--key-file").arg(key_file);
    }
    restore.output().unwrap()
}

fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What a command complained about.
fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn manifest(backup: &Path) -> Value {
    let text = fs::read_to_string(backup.join("manifest.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["backup"].take()
}

/// The ids in the log of a folder.
fn ids_in(data_dir: &Path) -> HashSet<String> {
    let log = rusqlite::Connection::open(data_dir.join("events.db")).unwrap();
    let mut ids = log.prepare("SELECT id FROM events").unwrap();
    ids.query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect();
    files.sort_unstable();
    files
}

fn copy_folder(source: &Path, target: &Path) {
    fs::create_dir(target).unwrap();
    for (name, bytes) in contents(source) {
        fs::write(target.join(name), bytes).unwrap();
    }
}

/// Adds a destination, and returns the path of its resource.
async fn add_destination(instance: &Instance, url: &str) -> String {
    let destination = json!({"name": "SIEM", "http": {"url": url}});
    let added = Client::with_scope(instance, "admin")
        .post("/api/v1/destinations", &destination)
        .await;
    format!("/api/v1/destinations/{}", added.expect(201)["id"])
}

/// A stopped server with a destination, and a backup of it.
struct Stopped {
    instance: Instance,
    backups: tempfile::TempDir,
    backup: PathBuf,
}

impl Stopped {
    async fn new() -> Self {
        let mut instance = Instance::start();
        add_destination(&instance, "https://siem.example/hook").await;
        assert!(instance.shut_down().await.success());
        let backups = folder();
        let backup = backups.path().join("backup");
        succeeded(&create(instance.data_dir(), &backup));
        Self {
            instance,
            backups,
            backup,
        }
    }

    fn data_dir(&self) -> &Path {
        self.instance.data_dir()
    }

    fn key(&self) -> PathBuf {
        self.data_dir().join("secret.key")
    }
}

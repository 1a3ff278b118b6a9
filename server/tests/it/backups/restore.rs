//! What is in a backup, and what a restore makes of it.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use receivers::Receiver;
use rusqlite::Connection;
use serde_json::Value;

use super::{Stopped, add_destination, complaint, contents, create, ids_in, manifest, restore, succeeded, verify};
use crate::{
    api_client::Client,
    browser::Browser,
    instance::{Instance, binary, command, folder, last_line},
};

const FOLLOW: &str = "/api/v1/audit_events?order_by=seq&sort=asc";
const FOLLOW_LIKE_GITLAB: &str = "/api/v4/audit_events?pagination=keyset&order_by=id&sort=asc";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn sessions_in(folder: &Path) -> i64 {
    let store = Connection::open(folder.join("audit-streams.db")).unwrap();
    store
        .query_row("SELECT count(*) FROM sessions", [], |row| row.get(0))
        .unwrap()
}

#[tokio::test]
async fn a_restore_is_on_record_and_delivered() {
    let receiver = Receiver::start().await;
    let mut instance = Instance::start();
    add_destination(&instance, &receiver.url()).await;
    assert!(instance.shut_down().await.success());
    let backups = folder();
    let backup = backups.path().join("backup");
    succeeded(&create(instance.data_dir(), &backup));
    let manifest = manifest(&backup);
    let second = folder();
    let key = instance.data_dir().join("secret.key");
    succeeded(&restore(&backup, second.path(), Some(&key)));
    let instance = Instance::start_on(second, &[]);
    let is_restore = |body: &String| body.contains(r#""event_type":"audit_event_instance_restored""#);
    receiver
        .wait_for_events("the restore is streamed", |events| {
            events.bodies.values().any(is_restore)
        })
        .await;
    let event: Value = receiver.events(|events| {
        let body = events.bodies.values().find(|body| is_restore(body)).unwrap();
        serde_json::from_str(body).unwrap()
    });
    let details = &event["details"];
    assert_eq!(details["backup_created_at"], manifest["created_at"]);
    assert_eq!(details["last_seq"], manifest["last_seq"]);
    assert_eq!(details["previous_instance"], manifest["instance"]);
    assert_eq!(event["author_name"], "command line");
    let reader = Client::with_scope(&instance, "read");
    let found = reader
        .get("/api/v1/audit_events?event_type=audit_event_instance_restored")
        .await;
    assert_eq!(found.expect(200)["items"][0]["event"]["id"], event["id"]);
}

#[tokio::test]
async fn cursors_and_sessions_from_before_a_restore_are_refused() {
    let instance = Instance::start();
    let _browser = Browser::signed_in(&instance).await;
    let token = instance.token("reader", &["read"]);
    let reader = Client::with_token(&instance, &token);
    let page = reader.get(FOLLOW).await.expect(200);
    let cursor = page["end_cursor"].as_str().unwrap();
    let [follow, follow_like_gitlab] = [FOLLOW, FOLLOW_LIKE_GITLAB].map(|path| format!("{path}&cursor={cursor}"));
    for path in [&follow, &follow_like_gitlab] {
        reader.get(path).await.expect(200);
    }

    let backups = folder();
    let backup = backups.path().join("backup");
    succeeded(&create(instance.data_dir(), &backup));
    assert_eq!(sessions_in(&backup), 1);
    let second = folder();
    let key = instance.data_dir().join("secret.key");
    succeeded(&restore(&backup, second.path(), Some(&key)));
    assert_eq!(sessions_in(second.path()), 0);
    let restored = Instance::start_on(second, &[]);
    let reader = Client::with_token(&restored, &token);
    for (path, status) in [(&follow, 422), (&follow_like_gitlab, 400)] {
        let refused = reader.get(path).await;
        assert_eq!(refused.status, status, "{}", refused.text);
        assert!(refused.text.contains("restored from a backup"), "{}", refused.text);
    }
    reader.get(FOLLOW).await.expect(200);
}

#[tokio::test]
async fn a_backup_is_private_without_the_key_and_changes_nothing() {
    let stopped = Stopped::new().await;
    let before = contents(stopped.data_dir());
    let backup = stopped.backups.path().join("second");
    let printed = succeeded(&create(stopped.data_dir(), &backup));
    assert!(contents(stopped.data_dir()) == before);
    let names: Vec<String> = contents(&backup).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["audit-streams.db", "events.db", "manifest.json"]);
    assert_eq!(mode(&backup), 0o700);
    for name in names {
        assert_eq!(mode(&backup.join(&name)), 0o600, "{name}");
    }
    let text = fs::read_to_string(stopped.key()).unwrap();
    let raw = STANDARD.decode(text.trim()).unwrap();
    for key in [text.trim().as_bytes(), &raw] {
        for (name, bytes) in contents(&backup) {
            assert!(!bytes.windows(key.len()).any(|window| window == key), "{name}");
        }
    }
    let id = manifest(&backup)["encryption_key"].as_str().unwrap().to_owned();
    assert!(printed.contains(&id), "{printed}");
    // Verifying changes nothing, either.
    let before = contents(&backup);
    succeeded(&verify(&backup));
    assert!(contents(&backup) == before);
}

#[tokio::test]
async fn a_backup_of_a_killed_server_has_what_was_acknowledged_and_leaves_its_files() {
    let mut instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    let event = |number| format!(r#"{{"id":"e{number}","event_type":"user_created","entity_id":1}}"#);
    let events: Vec<String> = (0..300).map(event).collect();
    let acknowledged = instance.post(&token, events.join("\n")).await.into_iter().collect();
    instance.kill();
    let written = |folder: &Path| {
        let mut files = contents(folder);
        files.retain(|(name, _)| !name.ends_with("-shm"));
        files
    };
    let before = written(instance.data_dir());
    let backups = folder();
    let backup = backups.path().join("backup");
    succeeded(&create(instance.data_dir(), &backup));
    assert!(written(instance.data_dir()) == before);
    succeeded(&verify(&backup));
    assert!(ids_in(&backup).is_superset(&acknowledged));
}

#[tokio::test]
async fn a_backup_is_restored_into_an_empty_folder_with_its_key_only() {
    let stopped = Stopped::new().await;
    let (backup, backups) = (&stopped.backup, stopped.backups.path());
    let used = folder();
    fs::write(used.path().join("server.lock"), "").unwrap();
    let refused = complaint(&restore(backup, used.path(), Some(&stopped.key())));
    assert!(refused.contains("is not empty"), "{refused}");
    assert_eq!(contents(used.path()).len(), 1);

    let target = backups.join("restored");
    let other = backups.join("other.key");
    fs::write(&other, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    let refused = complaint(&restore(backup, &target, Some(&other)));
    let id = manifest(backup)["encryption_key"].as_str().unwrap().to_owned();
    assert!(
        refused.contains(&format!("encrypted with the key {id}, but ")),
        "{refused}"
    );
    fs::write(&other, "no key").unwrap();
    let refused = complaint(&restore(backup, &target, Some(&other)));
    assert!(refused.contains("must contain 32 bytes in base64"), "{refused}");
    let refused = complaint(&restore(backup, &target, Some(&backups.join("none.key"))));
    assert!(refused.contains("there is no key file"), "{refused}");
    let refused = restore(backup, &target, None);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(!target.exists());

    succeeded(&restore(backup, &target, Some(&stopped.key())));
    assert_eq!(mode(&target), 0o700);
    let modes: Vec<(String, u32)> = contents(&target)
        .into_iter()
        .map(|(name, _)| (name.clone(), mode(&target.join(name))))
        .collect();
    let names = ["audit-streams.db", "events.db", "secret.key", "server.lock"];
    assert_eq!(modes, names.map(|name| (name.to_owned(), 0o600)));
    assert_eq!(last_line(&command(&target, &["check"])), "No problems found.");
}

#[tokio::test]
async fn a_backup_from_before_a_rotation_needs_the_key_from_before() {
    let stopped = Stopped::new().await;
    let backups = stopped.backups.path();
    let (old, new, target) = (backups.join("old.key"), stopped.key(), backups.join("restored"));
    fs::copy(&new, &old).unwrap();
    succeeded(&command(stopped.data_dir(), &["rotate-key"]));
    let later = backups.join("later");
    succeeded(&create(stopped.data_dir(), &later));
    for (backup, wrong, right) in [(&stopped.backup, &new, &old), (&later, &old, &new)] {
        let refused = complaint(&restore(backup, &target, Some(wrong)));
        for backup in [&stopped.backup, &later] {
            let id = manifest(backup)["encryption_key"].as_str().unwrap().to_owned();
            assert!(refused.contains(&id), "{id}: {refused}");
        }
        assert!(!target.exists());
        succeeded(&restore(backup, &target, Some(right)));
        assert_eq!(last_line(&command(&target, &["check"])), "No problems found.");
        fs::remove_dir_all(&target).unwrap();
    }
}

#[tokio::test]
async fn a_key_in_the_environment_is_not_written_to_the_restored_folder() {
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let instance = Instance::start_with(&[("AUDIT_STREAMS_ENCRYPTION_KEY", key)]);
    let backups = folder();
    let backup = backups.path().join("backup");
    // Neither the variable nor the key file is needed, and an old file does no harm.
    fs::write(instance.data_dir().join("secret.key"), "old").unwrap();
    succeeded(&create(instance.data_dir(), &backup));
    let target = folder();
    let mut command = binary();
    command
        .args(["backup", "restore"])
        .arg(&backup)
        .arg("--data-dir")
        .arg(target.path());
    succeeded(&command.env("AUDIT_STREAMS_ENCRYPTION_KEY", key).output().unwrap());
    assert!(!target.path().join("secret.key").exists());
    let restored = Instance::start_on(target, &[("AUDIT_STREAMS_ENCRYPTION_KEY", key)]);
    assert_eq!(restored.get("/readyz").await.status, 200);
}

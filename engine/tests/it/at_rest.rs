//! What a copy of the data folder gives away: nothing, without the key.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use crate::{Engine, OpenError, clock::Clock};
use domain::{
    Field,
    settings::{AlertChange, WebhookDraft},
};

use crate::it::world::{World, author, config, install_crypto, when_unlocked};

const URL: &str = "https://siem.example/hook/p4th-s3cret?key=query-s3cret";
const WEBHOOK: &str = "https://ops.example/hook/webhook-s3cret";

/// A destination and an alert webhook whose URLs hold keys.
async fn set_up(world: &World) {
    world.add_destination("SIEM", URL).await;
    let draft = WebhookDraft {
        url: WEBHOOK.to_owned(),
        ..WebhookDraft::default()
    };
    let version = world.engine.alert_settings().await.unwrap().version;
    let change = AlertChange {
        webhook: Some(draft.parse().unwrap()),
        ..AlertChange::default()
    };
    world
        .engine
        .update_alert_settings(&author(), version, change)
        .await
        .unwrap();
}

async fn urls(world: &World) -> [String; 2] {
    let destinations = world.engine.list_destinations().await.unwrap();
    let url = destinations[0].destination.target.values.text(Field::Url);
    let settings = world.engine.alert_settings().await.unwrap();
    [url.to_owned(), settings.webhook.unwrap().url.to_string()]
}

/// The names of the files in which the text stands.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let holding = files.filter(|file| {
        let bytes = fs::read(file.path()).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    });
    holding.map(|file| file.file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn urls_are_encrypted_and_still_taken_once() {
    let world = World::new().await;
    set_up(&world).await;
    assert_eq!(files_with(world.folder(), "s3cret"), [""; 0]);
    let world = world.restart().await;
    assert_eq!(files_with(world.folder(), "s3cret"), [""; 0]);
    assert_eq!(urls(&world).await, [URL, WEBHOOK]);
    let again = domain::destination::DestinationDraft::http("Another", URL)
        .parse_new()
        .unwrap();
    let refused = world
        .engine
        .create_destination(&author(), again)
        .await
        .map(drop)
        .unwrap_err();
    assert!(refused.to_string().contains("already been taken"), "{refused}");
}

async fn open(folder: &Path) -> Result<Engine, OpenError> {
    when_unlocked(async || Engine::open(config(folder), Clock::machine()).await).await
}

#[tokio::test]
async fn another_key_stops_the_start_and_changes_nothing() {
    let world = World::new().await;
    set_up(&world).await;
    let folder = world.shut_down().await;
    let key = folder.path().join("secret.key");
    let right = fs::read(&key).unwrap();
    fs::write(&key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    assert!(matches!(open(folder.path()).await, Err(OpenError::WrongKey { .. })));
    fs::write(&key, right).unwrap();
    let world = World::on(folder).await;
    assert_eq!(urls(&world).await, [URL, WEBHOOK]);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn modes(folder: &Path) -> Vec<(String, u32)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut modes: Vec<_> = entries
        .map(|entry| (entry.file_name().into_string().unwrap(), mode(&entry.path())))
        .collect();
    modes.sort_unstable();
    modes
}

#[tokio::test]
async fn nobody_but_the_owner_can_read_the_folder_and_the_files() {
    install_crypto();
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let private = [
        "audit-streams.db",
        "audit-streams.db-shm",
        "audit-streams.db-wal",
        "events.db",
        "events.db-shm",
        "events.db-wal",
        "secret.key",
        "server.lock",
    ]
    .map(|name| (name.to_owned(), 0o600));
    let engine = open(&folder).await.unwrap();
    assert_eq!((mode(&folder), modes(&folder)), (0o700, private.to_vec()));
    engine.shutdown(Duration::from_secs(20)).await;
    drop(engine);
    // A folder that was used before.
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    for (name, _) in modes(&folder) {
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let engine = open(&folder).await.unwrap();
    assert_eq!((mode(&folder), modes(&folder)), (0o700, private.to_vec()));
    engine.shutdown(Duration::from_secs(20)).await;
}

#[tokio::test]
async fn a_folder_that_others_use_too_is_left_to_them() {
    install_crypto();
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.path().join("notes.txt"), "x").unwrap();
    fs::set_permissions(folder.path().join("notes.txt"), fs::Permissions::from_mode(0o644)).unwrap();
    let engine = open(folder.path()).await.unwrap();
    assert_eq!(mode(folder.path()), 0o755);
    for (name, mode) in modes(folder.path()) {
        assert_eq!(mode, if name == "notes.txt" { 0o644 } else { 0o600 }, "{name}");
    }
    engine.shutdown(Duration::from_secs(20)).await;
}

//! A new encryption key: every secret stays what it was, and whenever the rotation ends, the folder has the key that it needs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use domain::{
    Field,
    destination::{DestinationDraft, HeaderDraft, RotatedSecret},
    ids::{DestinationId, Seq},
    instance_event::{Action, Author, InstanceEvent, Subject},
    settings::{AlertChange, EmailDraft, WebhookDraft},
};

use crate::{
    Engine, EngineConfig, OpenError,
    admin::{RotateKeyError, RotatedKey, check_data_folder, rotate_key},
    clock::Clock,
    error_chain,
    instance_events::Recorded,
    it::world::{World, author, config, install_crypto, wait_until, when_unlocked},
    key_file::{self, KeyText},
    opening::open_folder,
    store::{Destination, StoredAlertSettings},
    vault::KeyId,
};

const URL: &str = "https://siem.example/hook/key-in-the-path";

/// Everything that is stored encrypted, as its users get it.
type Secrets = (Vec<Destination>, StoredAlertSettings);

/// A stopped server with a secret in every column, and what these are.
async fn folder_with_secrets() -> (tempfile::TempDir, Secrets) {
    let world = World::new().await;
    let mut draft = DestinationDraft::http("SIEM", URL);
    draft.target.headers = vec![HeaderDraft {
        id: None,
        name: "X-Key".into(),
        value: Some("header value".into()),
        active: true,
    }];
    assert!(
        draft
            .target
            .set_text(Field::Proxy, "http://user:password@proxy.example:3128".to_owned())
    );
    let id = world.add(&draft).await;
    world.add_destination("Second", "https://other.example/").await;
    for secret in RotatedSecret::ALL {
        rotate_now(&world, id, secret).await;
    }
    let version = world.engine.alert_settings().await.unwrap().version;
    let email = EmailDraft {
        host: "smtp.example".into(),
        username: "audit".into(),
        password: "mail password".into(),
        from: "audit@example.com".into(),
        to: "ops@example.com".into(),
        ..EmailDraft::default()
    };
    let webhook = WebhookDraft {
        url: "https://ops.example/hook?key=webhook".into(),
        secret: "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".into(),
        ..WebhookDraft::default()
    };
    let change = AlertChange {
        email: Some(email.parse().unwrap()),
        webhook: Some(webhook.parse().unwrap()),
        ..AlertChange::default()
    };
    world
        .engine
        .update_alert_settings(&author(), version, change)
        .await
        .unwrap();
    let empty = "SELECT count(*) FROM destination_fields, previous_secrets, destination_headers, alert_settings \
                 WHERE email_password_sealed IS NOT NULL AND webhook_url_sealed IS NOT NULL AND webhook_secret_sealed IS NOT NULL";
    let filled: i64 = world
        .with_store(move |store| store.query_row(empty, [], |row| row.get(0)).unwrap())
        .await;
    assert!(filled > 0, "a table has no secret");
    let secrets = secrets(&world.engine).await;
    (world.shut_down().await, secrets)
}

async fn rotate_now(world: &World, id: DestinationId, secret: RotatedSecret) {
    world.engine.rotate_secret(&author(), id, secret, None).await.unwrap();
}

async fn secrets(engine: &Engine) -> Secrets {
    let database = engine.database();
    (
        database.list_destinations().await.unwrap(),
        database.alert_settings().await.unwrap(),
    )
}

fn key_file(folder: &Path) -> PathBuf {
    folder.join("secret.key")
}

fn key_ids(folder: &Path) -> Vec<KeyId> {
    let keys = key_file::read(&key_file(folder)).unwrap().unwrap();
    keys.iter().map(|key| key.vault().unwrap().id()).collect()
}

async fn rotate_in(folder: &Path) -> RotatedKey {
    rotate_by(folder, None, None).await.unwrap()
}

async fn rotate_by(folder: &Path, old: Option<&str>, new: Option<&str>) -> Result<RotatedKey, RotateKeyError> {
    let rotated = when_unlocked(async || match rotate_key(folder, old, new, &Clock::machine()).await {
        Err(RotateKeyError::Open(error)) => Err(error),
        other => Ok(other),
    });
    rotated.await?
}

async fn open(config: EngineConfig) -> Result<Engine, OpenError> {
    when_unlocked(async || Engine::open(config.clone(), Clock::machine()).await).await
}

/// Starts, compares every secret, and stops.
async fn start_and_compare(folder: &Path, expected: &Secrets) {
    install_crypto();
    let engine = open(config(folder)).await.unwrap();
    assert!(secrets(&engine).await == *expected, "a secret has changed");
    let again = DestinationDraft::http("Another", "https://other.example/")
        .parse_new()
        .unwrap();
    let refused = engine.create_destination(&author(), again).await.map(drop).unwrap_err();
    assert!(refused.to_string().contains("already been taken"), "{refused}");
    engine.shutdown(std::time::Duration::from_secs(20)).await;
}

/// The bodies of the events about a rotation.
async fn recorded(world: &World) -> Vec<String> {
    let events = world.engine.log().read_after(Seq::START, 1_000, 1 << 24).await.unwrap();
    let recorded = events
        .iter()
        .filter(|event| event.event_type.as_str() == "encryption_key_rotated");
    recorded
        .map(|event| String::from_utf8(event.body.to_vec()).unwrap())
        .collect()
}

async fn assert_whole(folder: &Path) {
    let checked = when_unlocked(async || check_data_folder(folder, None).await)
        .await
        .unwrap();
    assert_eq!(checked.problems().count(), 0, "{checked:#?}");
}

fn copy_of(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap()) {
        fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    copy
}

#[tokio::test]
async fn every_secret_is_encrypted_again_and_stays_what_it_was() {
    let (folder, expected) = folder_with_secrets().await;
    let path = folder.path();
    let before = key_ids(path);
    let old_key = fs::read(key_file(path)).unwrap();
    let rotated = rotate_in(path).await;
    assert_eq!(before, [rotated.from]);
    assert_eq!(key_ids(path), [rotated.to]);
    // URL, proxy, token and signing secret of each destination, two previous ones, a header, and three of alerts.
    assert_eq!(rotated.secrets, 14);
    assert_whole(path).await;
    start_and_compare(path, &expected).await;
    let world = World::on(folder).await;
    wait_until("the rotation is in the log", async || {
        !recorded(&world).await.is_empty()
    })
    .await;
    let recorded = recorded(&world).await;
    assert_eq!(recorded.len(), 1);
    let body = &recorded[0];
    let change = format!("with the key {} in place of the key {}", rotated.to, rotated.from);
    assert!(body.contains(&change), "{body}");

    let folder = world.shut_down().await;
    fs::write(key_file(folder.path()), old_key).unwrap();
    let refused = open(config(folder.path())).await.map(drop).unwrap_err();
    assert!(
        matches!(refused, OpenError::WrongKey { needed, present } if needed == rotated.to && present == rotated.from),
        "{refused:?}"
    );
    let text = error_chain(&refused);
    assert!(
        text.contains(&rotated.to.to_string()) && text.contains(&rotated.from.to_string()),
        "{text}"
    );
}

/// The states of the folder between the steps of a rotation, in their order.
#[tokio::test]
async fn a_rotation_that_ends_between_two_steps_leaves_a_folder_that_starts() {
    let (folder, expected) = folder_with_secrets().await;
    let (old_key, old_store) = (
        fs::read_to_string(key_file(folder.path())).unwrap(),
        fs::read(folder.path().join("audit-streams.db")).unwrap(),
    );
    let rotated = copy_of(folder.path());
    let RotatedKey { from, to, .. } = rotate_in(rotated.path()).await;
    let new_key = fs::read_to_string(key_file(rotated.path())).unwrap();
    let new_store = fs::read(rotated.path().join("audit-streams.db")).unwrap();
    let both = format!("{old_key}\n{new_key}");
    for (keys, unfinished, store, needed) in [
        (&old_key, Some(""), &old_store, from),
        (&old_key, both.get(..60), &old_store, from),
        (&both, None, &old_store, from),
        (&both, None, &new_store, to),
        (&both, new_key.get(..20), &new_store, to),
        (&new_key, None, &new_store, to),
    ] {
        let copy = copy_of(folder.path());
        fs::write(key_file(copy.path()), keys).unwrap();
        fs::write(copy.path().join("audit-streams.db"), store).unwrap();
        if let Some(unfinished) = unfinished {
            fs::write(copy.path().join("secret.key.new"), unfinished).unwrap();
        }
        assert_whole(copy.path()).await;
        start_and_compare(copy.path(), &expected).await;
        // The start has removed what is not needed.
        assert_eq!(key_ids(copy.path()), [needed]);
        assert!(!copy.path().join("secret.key.new").exists());
        assert_eq!(rotate_in(copy.path()).await.from, needed);
        start_and_compare(copy.path(), &expected).await;
    }
}

#[tokio::test]
async fn a_rotation_that_was_interrupted_can_be_made_again_without_a_start() {
    let (folder, expected) = folder_with_secrets().await;
    let other = KeyText::generate().unwrap();
    let present = KeyText::new(&fs::read_to_string(key_file(folder.path())).unwrap());
    key_file::write(&key_file(folder.path()), &[&present, &other]).unwrap();
    let rotated = rotate_in(folder.path()).await;
    assert_eq!(rotated.from, present.vault().unwrap().id());
    assert_eq!(key_ids(folder.path()), [rotated.to]);
    start_and_compare(folder.path(), &expected).await;
}

#[tokio::test]
async fn a_key_from_the_environment_is_rotated_to_one_from_there() {
    const OLD: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    const NEW: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
    let with_key = |folder: &Path, key: &str| EngineConfig {
        encryption_key: Some(key.to_owned()),
        ..config(folder)
    };
    let world = World::with(|config| EngineConfig {
        encryption_key: Some(OLD.to_owned()),
        ..config
    })
    .await;
    world.add_destination("SIEM", URL).await;
    let expected = secrets(&world.engine).await;
    let folder = world.shut_down().await;
    let path = folder.path();
    let rotate = async |old: Option<&str>, new: Option<&str>| rotate_by(path, old, new).await;
    assert!(matches!(
        rotate(Some(OLD), None).await,
        Err(RotateKeyError::NewKeyNeeded)
    ));
    assert!(matches!(
        rotate(Some(OLD), Some(OLD)).await,
        Err(RotateKeyError::SameKey)
    ));
    assert!(matches!(
        rotate(Some(OLD), Some("short")).await,
        Err(RotateKeyError::Key(_))
    ));
    let missing = rotate(None, None).await;
    assert!(
        matches!(
            missing,
            Err(RotateKeyError::Open(OpenError::KeyMissing { needed: Some(_) }))
        ),
        "{missing:?}"
    );
    let wrong = rotate(Some(NEW), Some(OLD)).await;
    assert!(
        matches!(wrong, Err(RotateKeyError::Open(OpenError::WrongKey { .. }))),
        "{wrong:?}"
    );
    rotate(Some(OLD), Some(NEW)).await.unwrap();
    assert!(!key_file(path).exists());
    assert!(open(with_key(path, OLD)).await.is_err());
    let engine = open(with_key(path, NEW)).await.unwrap();
    assert!(secrets(&engine).await == expected);
    engine.shutdown(std::time::Duration::from_secs(20)).await;
}

#[tokio::test]
async fn a_folder_in_use_and_one_without_a_store_are_left_alone() {
    let world = World::new().await;
    let before = fs::read(key_file(world.folder())).unwrap();
    let refused = rotate_key(world.folder(), None, None, &Clock::machine()).await;
    assert!(
        matches!(refused, Err(RotateKeyError::Open(OpenError::InUse { .. }))),
        "{refused:?}"
    );
    assert!(fs::read(key_file(world.folder())).unwrap() == before);
    let empty = tempfile::tempdir().unwrap();
    let refused = rotate_key(empty.path(), None, None, &Clock::machine()).await;
    assert!(matches!(refused, Err(RotateKeyError::NoStore { .. })), "{refused:?}");
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);
}

/// The ciphertext of every secret.
fn ciphertexts(store: &rusqlite::Connection) -> Vec<Vec<u8>> {
    let sql = "SELECT value_sealed FROM destination_fields WHERE value_sealed IS NOT NULL \
               UNION ALL SELECT value_sealed FROM previous_secrets UNION ALL SELECT value_sealed FROM destination_headers \
               UNION ALL SELECT email_password_sealed FROM alert_settings UNION ALL SELECT webhook_url_sealed FROM alert_settings \
               UNION ALL SELECT webhook_secret_sealed FROM alert_settings";
    let mut statement = store.prepare(sql).unwrap();
    let found = statement.query_map([], |row| row.get(0)).unwrap();
    found.collect::<rusqlite::Result<_>>().unwrap()
}

/// A stopped server whose store has remains of a deleted secret, what its secrets are, and all ciphertexts of before.
async fn folder_with_remains() -> (tempfile::TempDir, Secrets, Vec<Vec<u8>>) {
    let (folder, expected) = folder_with_secrets().await;
    let world = World::on(folder).await;
    let deleted = world.add_destination("Deleted", "https://deleted.example/key").await;
    let before = world.with_store(ciphertexts).await;
    world.engine.delete_destination(&author(), deleted).await.unwrap();
    assert!(before.len() >= 16, "{}", before.len());
    (world.shut_down().await, expected, before)
}

/// Whether one of these ciphertexts is in a file of the store.
fn has_remains(folder: &Path, ciphertexts: &[Vec<u8>]) -> bool {
    let files =
        ["audit-streams.db", "audit-streams.db-wal"].map(|name| fs::read(folder.join(name)).unwrap_or_default());
    ciphertexts.iter().any(|ciphertext| {
        // Behind the id of the key, which messages contain as well.
        let secret = &ciphertext[4..];
        let mut files = files.iter();
        files.any(|file| file.windows(secret.len()).any(|bytes| bytes == secret))
    })
}

#[tokio::test]
async fn nothing_that_the_previous_key_decrypts_is_left_in_the_store() {
    let (folder, expected, before) = folder_with_remains().await;
    assert!(has_remains(folder.path(), &before));
    rotate_in(folder.path()).await;
    assert!(!has_remains(folder.path(), &before));
    start_and_compare(folder.path(), &expected).await;
}

/// As after a kill between the commit and the end of `VACUUM`, before and after `secret.key` has the new key alone.
#[tokio::test]
async fn the_next_start_removes_what_a_rotation_that_was_interrupted_has_left() {
    for keeps_previous in [true, false] {
        let (folder, expected, before) = folder_with_remains().await;
        let path = folder.path();
        let (present, new) = (
            KeyText::new(&fs::read_to_string(key_file(path)).unwrap()),
            KeyText::generate().unwrap(),
        );
        key_file::write(&key_file(path), &[&present, &new]).unwrap();
        let opened = when_unlocked(async || open_folder(path, None, false).await)
            .await
            .unwrap();
        let action = Action::EncryptionKeyRotated {
            from: present.vault().unwrap().id().to_string(),
            to: new.vault().unwrap().id().to_string(),
        };
        let event = InstanceEvent::new(Subject::Setting("encryption_key"), action);
        let recorded = Recorded::new(event, &Author::command_line(), Clock::machine().now());
        opened.database.reseal(&new.vault().unwrap(), &recorded).await.unwrap();
        opened.database.close().await;
        drop(opened);
        if !keeps_previous {
            key_file::write(&key_file(path), &[&new]).unwrap();
        }
        assert!(has_remains(path, &before));
        let checked = when_unlocked(async || check_data_folder(path, None).await)
            .await
            .unwrap();
        assert_eq!(checked.problems().count(), 0, "{checked:#?}");
        let said = |word: &str| checked.checks.iter().any(|check| check.looked_at.contains(word));
        assert!(said("a rotation was interrupted"), "{checked:#?}");
        start_and_compare(path, &expected).await;
        assert!(!has_remains(path, &before));
        let checked = when_unlocked(async || check_data_folder(path, None).await)
            .await
            .unwrap();
        let said = |word: &str| checked.checks.iter().any(|check| check.looked_at.contains(word));
        assert!(!said("a rotation was interrupted"), "{checked:#?}");
    }
}

#[tokio::test]
async fn a_backup_of_before_can_be_used_with_the_key_that_was_kept() {
    let (folder, expected) = folder_with_secrets().await;
    let backup = copy_of(folder.path());
    let old_key = fs::read(key_file(folder.path())).unwrap();
    let rotated = rotate_in(folder.path()).await;
    let kept = folder.path().join(format!("secret.key.{}", rotated.from));
    assert!(fs::read(&kept).unwrap() == old_key);
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&kept).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    fs::remove_file(key_file(backup.path())).unwrap();
    let missing = open(config(backup.path())).await.map(drop).unwrap_err();
    assert!(error_chain(&missing).contains(&rotated.from.to_string()), "{missing:?}");
    fs::copy(&kept, key_file(backup.path())).unwrap();
    start_and_compare(backup.path(), &expected).await;
}

/// As on a disk that is full, or if the file is mounted.
#[tokio::test]
async fn a_key_file_that_cannot_be_written_keeps_no_server_from_starting() {
    let (folder, expected) = folder_with_secrets().await;
    let other = KeyText::generate().unwrap();
    let present = KeyText::new(&fs::read_to_string(key_file(folder.path())).unwrap());
    key_file::write(&key_file(folder.path()), &[&present, &other]).unwrap();
    let in_the_way = folder.path().join("secret.key.new");
    fs::create_dir(&in_the_way).unwrap();
    fs::write(in_the_way.join("file"), "").unwrap();
    start_and_compare(folder.path(), &expected).await;
    assert_eq!(key_ids(folder.path()).len(), 2);
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&in_the_way).unwrap().permissions());
    assert_eq!(mode & 0o700, 0o700);
    fs::remove_dir_all(in_the_way).unwrap();
    start_and_compare(folder.path(), &expected).await;
    assert_eq!(key_ids(folder.path()), [present.vault().unwrap().id()]);
}

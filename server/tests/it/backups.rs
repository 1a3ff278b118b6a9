//! Backups of a server that works meanwhile, and what a server makes of them on another machine.

use std::{
    collections::HashSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use receivers::{Events, Fault, Receiver, Request};
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    api_client::Client,
    instance::{Answer, Instance, PATIENCE, add_destination, binary, client, command, folder, until},
};

const OLD_EVENTS: usize = 300;
const PRODUCERS: usize = 2;
const REPLAYS: &str = "/api/v1/destinations/1/replays";

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
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn in_other_thread<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    tokio::task::spawn_blocking(run)
}

/// Posts events until the server is gone, and notes those that were acknowledged.
#[derive(Clone)]
struct Producers {
    acknowledged: Arc<Mutex<HashSet<String>>>,
    count: watch::Sender<usize>,
}

impl Producers {
    fn start(instance: &Instance, token: &str) -> Self {
        let producers = Self {
            acknowledged: Arc::default(),
            count: watch::Sender::new(0),
        };
        for producer in 0..PRODUCERS {
            let (url, token) = (instance.url("/api/v1/audit_events"), token.to_owned());
            tokio::spawn(producers.clone().post(producer, url, token));
        }
        producers
    }

    async fn post(self, producer: usize, url: String, token: String) {
        let client = client();
        for number in 0_usize.. {
            let id = format!("new{producer}-{number}");
            let event =
                json!({"id": id, "event_type": "project_updated", "entity_type": "Project", "entity_id": number % 20});
            let request = client.post(&url).bearer_auth(&token).body(event.to_string());
            match Answer::try_of(request).await {
                Ok(answer) => assert_eq!(answer.status, 201, "{}", answer.text),
                Err(_) => return,
            }
            self.acknowledged.lock().unwrap().insert(id);
            self.count.send_modify(|count| *count += 1);
        }
    }

    /// Waits for so many more, and returns all of them.
    async fn after_more(&self, more: usize) -> HashSet<String> {
        let mut count = self.count.subscribe();
        let target = *count.borrow() + more;
        let waited = tokio::time::timeout(PATIENCE, count.wait_for(|count| *count >= target)).await;
        assert!(waited.is_ok(), "the server takes nothing in");
        self.acknowledged.lock().unwrap().clone()
    }
}

/// Changes the destination and the settings until it is to stop.
fn change_settings(instance: &Instance, stops: &Arc<AtomicBool>) -> JoinHandle<()> {
    let token = instance.token("changes", &["admin"]);
    let url = instance.url("/api/v1/destinations/1");
    let stops = Arc::clone(stops);
    tokio::spawn(async move {
        let client = client();
        for number in 0_usize.. {
            if stops.load(Ordering::Relaxed) {
                return;
            }
            let change = json!({"name": format!("SIEM {number}")});
            let request = client.patch(&url).bearer_auth(&token).body(change.to_string());
            match Answer::try_of(request).await {
                Ok(answer) => assert_eq!(answer.status, 200, "{}", answer.text),
                Err(_) => return,
            }
        }
    })
}

async fn post_old(instance: &Instance, token: &str) -> HashSet<String> {
    let event = |number: usize| {
        json!({"id": format!("old{number}"), "event_type": "user_created", "entity_type": "Project",
            "entity_id": number % 40, "created_at": "2026-01-10T08:00:00Z"})
    };
    let lines: Vec<String> = (0..OLD_EVENTS).map(|number| event(number).to_string()).collect();
    instance.post(token, lines.join("\n")).await.into_iter().collect()
}

fn is_of_replay(request: &Request) -> bool {
    request.headers.contains_key("x-audit-streams-replay")
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

fn has_all(events: &Events, ids: &HashSet<String>) -> bool {
    ids.iter().all(|id| events.bodies.contains_key(id))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_continues_on_another_machine() {
    let receiver = Receiver::start().await;
    let first = folder();
    add_destination(first.path(), "SIEM", receiver.url()).await;
    let settings = [("AUDIT_STREAMS_API_RATE", "0")];
    let mut instance = Instance::start_on(first, &settings);
    let token = instance.token("app", &["ingest"]);
    let old = post_old(&instance, &token).await;
    receiver
        .wait_for_events("the stream has sent them", |events| has_all(events, &old))
        .await;
    // The replay can't finish before the backup.
    receiver.script(|request| is_of_replay(request).then(|| Fault::from(503)));
    let admin = Client::with_scope(&instance, "admin");
    let day = json!({"created_after": "2026-01-10", "created_before": "2026-01-10"});
    admin.post(REPLAYS, &day).await.expect(201);
    let (producers, stops) = (Producers::start(&instance, &token), Arc::default());
    let changes = change_settings(&instance, &stops);

    let mut owed = producers.after_more(50).await;
    owed.extend(old.iter().cloned());
    let backups = folder();
    let backup = backups.path().join("backup");
    let (data_dir, output) = (instance.data_dir().to_owned(), backup.clone());
    succeeded(&in_other_thread(move || create(&data_dir, &output)).await.unwrap());
    producers.after_more(50).await;
    instance.kill();
    stops.store(true, Ordering::Relaxed);
    changes.await.unwrap();
    succeeded(&verify(&backup));

    let second = folder();
    let key = instance.data_dir().join("secret.key");
    succeeded(&restore(&backup, second.path(), Some(&key)));
    receiver.accept_all();
    let instance = Instance::start_on(second, &settings);
    let restored = ids_in(instance.data_dir());
    let missing: Vec<_> = owed.difference(&restored).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let after = instance
        .post(&token, r#"{"id":"after","event_type":"user_created","entity_id":1}"#)
        .await;
    owed.extend(restored);
    owed.extend(after);
    receiver
        .wait_for_events("everything in the backup has arrived", |events| has_all(events, &owed))
        .await;
    let admin = Client::with_token(&instance, &instance.token("another admin", &["admin"]));
    let is_finished = |replay: &Value| replay["state"] == "finished";
    let replay = admin.get_until(&format!("{REPLAYS}/1"), is_finished).await;
    // While the stream worked, an event that failed may have been found to be the cause, and was parked.
    let count = |name: &str| usize::try_from(replay[name].as_u64().unwrap()).unwrap();
    assert_eq!(
        (count("total"), count("sent") + count("refused")),
        (OLD_EVENTS, OLD_EVENTS),
        "{replay}"
    );
    receiver.events(|events| {
        assert_eq!(events.changed, 0, "a repeat had another body");
        let replayed = old.iter().filter(|id| events.replayed.contains_key(*id)).count();
        assert!(replayed >= count("sent"), "{replayed}, {replay}");
    });
}

#[tokio::test]
async fn a_restore_is_on_record() {
    let receiver = Receiver::start().await;
    let first = folder();
    add_destination(first.path(), "SIEM", receiver.url()).await;
    let backups = folder();
    let backup = backups.path().join("backup");
    succeeded(&create(first.path(), &backup));
    let manifest = manifest(&backup);
    let second = folder();
    succeeded(&restore(&backup, second.path(), Some(&first.path().join("secret.key"))));
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
    let created_at = manifest["created_at"].as_str().unwrap();
    assert_eq!(event["details"]["backup_created_at"], created_at);
    assert_eq!(event["details"]["last_seq"], manifest["last_seq"]);
    assert_eq!(event["author_name"], "command line");
    let reader = Client::with_scope(&instance, "read");
    let found = reader
        .get("/api/v1/audit_events?event_type=audit_event_instance_restored")
        .await;
    assert_eq!(found.expect(200)["items"][0]["event"]["id"], event["id"]);
}

fn manifest(backup: &Path) -> Value {
    let text = fs::read_to_string(backup.join("manifest.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["backup"].take()
}

/// A backup of a folder with a destination, with the folder and the folder that the backup is in.
async fn small_backup() -> (tempfile::TempDir, tempfile::TempDir, PathBuf) {
    let (data, backups) = (folder(), folder());
    add_destination(data.path(), "SIEM", "https://siem.example/hook".to_owned()).await;
    let backup = backups.path().join("backup");
    succeeded(&create(data.path(), &backup));
    (data, backups, backup)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
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

#[tokio::test]
async fn a_backup_is_private_without_the_key_and_changes_nothing() {
    let (data, backups) = (folder(), folder());
    add_destination(data.path(), "SIEM", "https://siem.example/hook".to_owned()).await;
    let before = contents(data.path());
    let backup = backups.path().join("backup");
    let printed = succeeded(&create(data.path(), &backup));
    assert!(contents(data.path()) == before);
    let names: Vec<String> = contents(&backup).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["audit-streams.db", "events.db", "manifest.json"]);
    assert_eq!(mode(&backup), 0o700);
    for name in names {
        assert_eq!(mode(&backup.join(&name)), 0o600, "{name}");
    }
    let key = fs::read_to_string(data.path().join("secret.key")).unwrap();
    let holds_key = |(_, bytes): &(String, Vec<u8>)| bytes.windows(key.len()).any(|window| window == key.as_bytes());
    assert!(!contents(&backup).iter().any(holds_key));
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
    let owed = post_old(&instance, &token).await;
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
    assert!(ids_in(&backup).is_superset(&owed));
}

#[tokio::test]
async fn nothing_is_overwritten() {
    let (data, _backups, backup) = small_backup().await;
    let before = contents(&backup);
    let refused = complaint(&create(data.path(), &backup));
    assert!(refused.contains("exists already"), "{refused}");
    assert!(contents(&backup) == before);
    let unfinished = backup.with_file_name("other.incomplete");
    fs::create_dir(&unfinished).unwrap();
    let refused = complaint(&create(data.path(), &backup.with_file_name("other")));
    assert!(refused.contains("was interrupted"), "{refused}");
    let empty = folder();
    let refused = complaint(&create(empty.path(), &backup.with_file_name("third")));
    assert!(refused.contains("has no events.db"), "{refused}");
    assert!(!backup.with_file_name("third").exists());
}

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
        "bytes instead of",
    ),
];

fn copy_folder(source: &Path, target: &Path) {
    fs::create_dir(target).unwrap();
    for (name, bytes) in contents(source) {
        fs::write(target.join(name), bytes).unwrap();
    }
}

#[tokio::test]
async fn every_damage_is_reported_and_nothing_damaged_is_restored() {
    let (data, backups, backup) = small_backup().await;
    let key = data.path().join("secret.key");
    for (number, (damage, inflict, expected)) in DAMAGE.into_iter().enumerate() {
        let damaged = backups.path().join(format!("damaged-{number}"));
        copy_folder(&backup, &damaged);
        succeeded(&verify(&damaged));
        inflict(&damaged);
        let reported = complaint(&verify(&damaged));
        assert!(
            reported.contains("is not a valid backup") && reported.contains(expected),
            "{damage}: {reported}"
        );
        let target = backups.path().join("restored");
        let refused = complaint(&restore(&damaged, &target, Some(&key)));
        assert_eq!(refused, reported, "{damage}");
        assert!(!target.exists(), "{damage}");
    }
    let unfinished = backups.path().join("backup.incomplete");
    copy_folder(&backup, &unfinished);
    let reported = complaint(&verify(&unfinished));
    assert!(reported.contains("it is incomplete"), "{reported}");
    let reported = complaint(&verify(&backups.path().join("nowhere")));
    assert!(reported.contains("can't be read"), "{reported}");
}

#[tokio::test]
async fn a_backup_is_restored_into_an_empty_folder_with_its_key_only() {
    let (data, backups, backup) = small_backup().await;
    let key = data.path().join("secret.key");
    let used = folder();
    fs::write(used.path().join("events.db"), "").unwrap();
    let refused = complaint(&restore(&backup, used.path(), Some(&key)));
    assert!(refused.contains("is not empty"), "{refused}");
    assert_eq!(contents(used.path()).len(), 1);

    let target = backups.path().join("restored");
    let other = backups.path().join("other.key");
    fs::write(&other, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    let refused = complaint(&restore(&backup, &target, Some(&other)));
    let id = manifest(&backup)["encryption_key"].as_str().unwrap().to_owned();
    assert!(
        refused.contains(&format!("encrypted with the key {id}, but ")),
        "{refused}"
    );
    fs::write(&other, "no key").unwrap();
    let refused = complaint(&restore(&backup, &target, Some(&other)));
    assert!(refused.contains("must be 32 bytes in base64"), "{refused}");
    let refused = complaint(&restore(&backup, &target, Some(&backups.path().join("none.key"))));
    assert!(refused.contains("none.key can't be read"), "{refused}");
    let refused = restore(&backup, &target, None);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(!target.exists());

    succeeded(&restore(&backup, &target, Some(&key)));
    assert_eq!(mode(&target), 0o700);
    let modes: Vec<(String, u32)> = contents(&target)
        .into_iter()
        .map(|(name, _)| (name.clone(), mode(&target.join(name))))
        .collect();
    let names = ["audit-streams.db", "events.db", "secret.key", "server.lock"];
    assert_eq!(modes, names.map(|name| (name.to_owned(), 0o600)));
}

#[tokio::test]
async fn a_key_in_the_environment_is_not_written_to_the_restored_folder() {
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let instance = Instance::start_with(&[("AUDIT_STREAMS_ENCRYPTION_KEY", key)]);
    let backups = folder();
    let backup = backups.path().join("backup");
    let printed = succeeded(&create(instance.data_dir(), &backup));
    assert!(printed.contains("AUDIT_STREAMS_ENCRYPTION_KEY"), "{printed}");
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

/// Bytes of the files in a folder, as far as they are still there.
fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let sizes = entries.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len()));
    sizes.sum()
}

/// Killed when the copy has reached each of many sizes, whatever it was doing then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_killed_is_never_taken_for_one() {
    const KILLS: u64 = 12;
    let instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    let text = "x".repeat(500_000);
    for number in 0..20 {
        let event = json!({"id": format!("e{number}"), "event_type": "user_created", "entity_id": 1, "details": {"text": text}});
        instance.post(&token, event.to_string()).await;
    }
    let backups = folder();
    let whole = backups.path().join("whole");
    succeeded(&create(instance.data_dir(), &whole));
    let bytes = size_of(&whole);
    for kill in 0..KILLS {
        let output = backups.path().join(format!("backup-{kill}"));
        let unfinished = backups.path().join(format!("backup-{kill}.incomplete"));
        let mut creating = Command::new(crate::instance::BINARY);
        creating.args(["backup", "create"]).arg(&output).stdout(Stdio::null());
        let mut creating = creating
            .env("AUDIT_STREAMS_DATA_DIR", instance.data_dir())
            .spawn()
            .unwrap();
        let reached = bytes * kill / (KILLS - 1);
        until("the copy has this size", || {
            let has_ended = creating.try_wait().unwrap().is_some();
            (has_ended || (unfinished.exists() && size_of(&unfinished) >= reached)).then_some(())
        })
        .await;
        creating.kill().unwrap();
        creating.wait().unwrap();
        assert!(!unfinished.exists() || !output.exists());
        match output.exists() {
            true => drop(succeeded(&verify(&output))),
            false => drop(complaint(&verify(&unfinished))),
        }
    }
    assert_eq!(instance.get("/readyz").await.status, 200);
    succeeded(&create(instance.data_dir(), &backups.path().join("last")));
    succeeded(&verify(&backups.path().join("last")));
}

//! A disk that fails to synchronise, and power cuts that lose what was not synchronised.

use std::{collections::HashSet, fs, io::ErrorKind, path::Path, process::Command, sync::Arc};

use bad_disk::BadDisk;
use receivers::{Events, Receiver};
use tokio::sync::watch;

use crate::instance::{Answer, BINARY, Instance, PATIENCE, add_destination, client, folder};

const POWER_CUTS: usize = 10;
const PRODUCERS: usize = 4;
const EVENT_TYPE: &str = r#""event_type":"test""#;

/// A server on a bad disk, with a receiver that rejects everything: what was acknowledged is on the disk alone.
struct World {
    instance: Instance,
    disk: BadDisk,
    receiver: Receiver,
    token: String,
    _work: tempfile::TempDir,
}

impl World {
    async fn start() -> Self {
        let (receiver, folder, work) = (Receiver::start().await, folder(), folder());
        receiver.answer_bodies_with(EVENT_TYPE, 503);
        add_destination(folder.path(), "Witness", receiver.url()).await;
        let disk = BadDisk::below(folder.path(), work.path()).unwrap().unwrap();
        let variables = disk.variables();
        let mut settings: Vec<(&'static str, &str)> =
            variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        settings.push(("LD_PRELOAD", disk.library()));
        let instance = Instance::start_on(folder, &settings);
        let token = instance.token("producer", &["ingest"]);
        Self {
            instance,
            disk,
            receiver,
            token,
            _work: work,
        }
    }

    async fn post(&self, id: &str) -> Answer {
        Answer::of(self.instance.ingest(&self.token).body(event(id))).await
    }

    /// What a start says that fails.
    fn start_in_vain(&self) -> String {
        let ended = Command::new("timeout")
            .args(["60", BINARY, "serve", "--listen", "127.0.0.1:0"])
            .env("AUDIT_STREAMS_DATA_DIR", self.instance.data_dir())
            .env("LD_PRELOAD", self.disk.library())
            .envs(self.disk.variables())
            .output()
            .unwrap();
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        String::from_utf8_lossy(&ended.stderr).into_owned()
    }

    async fn has_arrived(&self, ids: &HashSet<String>) {
        self.receiver.accept_bodies_with(EVENT_TYPE);
        let has_all = |events: &Events| ids.iter().all(|id| events.bodies.contains_key(id));
        self.receiver
            .wait_for_events("every acknowledged event has arrived", has_all)
            .await;
    }
}

fn event(id: &str) -> String {
    format!(r#"{{"event_type":"test","id":"{id}","entity_id":1}}"#)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_fsync_fails_nothing_is_acknowledged_and_nothing_is_lost() {
    let mut world = World::start().await;
    let mut acknowledged = HashSet::new();
    for round in 0..4 {
        let before = format!("before-{round}");
        assert_eq!(world.post(&before).await.status, 201);
        acknowledged.insert(before);
        world.disk.fail_syncs(true).unwrap();
        let failed: Vec<String> = (0..3).map(|number| format!("failed-{round}-{number}")).collect();
        for id in &failed {
            let refused = world.post(id).await;
            assert_eq!(
                (refused.status, refused.json()["code"].as_str()),
                (503, Some("log_failed"))
            );
        }
        // The server goes on, or ends with the power: both must leave a log that can be continued.
        let ends = round % 2 == 1;
        if ends {
            world.instance.kill();
            world.disk.cut_power(|_| 0).unwrap();
        }
        world.disk.fail_syncs(false).unwrap();
        if ends {
            world.instance.restart();
        }
        for id in failed {
            // Until the log has noticed that it can be written.
            let stored = async { while world.post(&id).await.status != 201 {} };
            tokio::time::timeout(PATIENCE, stored).await.unwrap();
            acknowledged.insert(id);
        }
    }
    world.has_arrived(&acknowledged).await;
    assert!(world.instance.shut_down().await.success());
}

/// A commit that reported an error is in the file after a kill, and a power cut could still take it away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_server_starts_on_what_it_cannot_synchronise() {
    let mut world = World::start().await;
    assert_eq!(world.post("before").await.status, 201);
    world.disk.fail_syncs(true).unwrap();
    assert_eq!(world.post("repeated").await.status, 503);
    world.instance.kill();
    let refused = world.start_in_vain();
    assert!(
        refused.contains("can't synchronise") && refused.contains(".db"),
        "{refused}"
    );
    world.disk.fail_syncs(false).unwrap();
    world.instance.restart();
    assert_eq!(world.post("repeated").await.status, 201);
    world.instance.kill();
    world.disk.cut_power(|_| 0).unwrap();
    world.instance.restart();
    let acknowledged = ["before", "repeated"].map(str::to_owned);
    world.has_arrived(&HashSet::from(acknowledged)).await;
}

/// Linux counts pages that it could not write as written. After a kill, only the page cache has them, and a full disk keeps SQLite from
/// copying them from the write-ahead log into the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_writes_again_what_an_fsync_could_not_write() {
    let mut world = World::start().await;
    let text = "x".repeat(200_000);
    for number in 0..50 {
        let body = format!(r#"{{"event_type":"before","id":"{number}","entity_id":1,"details":{{"text":"{text}"}}}}"#);
        world.instance.post(&world.token, body).await;
    }
    assert!(world.instance.shut_down().await.success());
    let left = async |world: &mut World, id: &str| {
        world.instance.restart();
        assert_eq!(world.post(&format!("before {id}")).await.status, 201);
        world.disk.fail_syncs(true).unwrap();
        let body = event(id).replace('}', &format!(r#","details":{{"text":"{text}"}}}}"#));
        let refused = Answer::of(world.instance.ingest(&world.token).body(body)).await;
        assert_eq!(refused.status, 503);
        world.instance.kill();
        world.disk.fail_syncs(false).unwrap();
        has_event(world.instance.data_dir(), id)
    };
    // The server may have written something else in its place before it was killed.
    let mut number = 0;
    while !left(&mut world, &format!("in doubt {number}")).await {
        // What is noted about the disk must not grow beyond the limit below.
        world.disk.cut_power(|_| 0).unwrap();
        number += 1;
        assert!(number < 100, "nothing of a failed commit is in the file");
    }
    let id = format!("in doubt {number}");
    let length = |file: &str| fs::metadata(world.instance.data_dir().join(file)).unwrap().len();
    let limit = length("events.db");
    assert!(length("events.db-wal") < limit);
    world.instance.restart_with_limit(limit);
    // It is in the log now, and delivered.
    world.has_arrived(&HashSet::from([id.clone()])).await;
    world.instance.kill();
    world.disk.cut_power(|_| 0).unwrap();
    world.instance.restart();
    assert!(world.instance.shut_down().await.success());
    assert!(has_event(world.instance.data_dir(), &id));
}

/// Whether the log of a stopped server has an event, found out with a copy of it.
fn has_event(data_dir: &Path, id: &str) -> bool {
    let copy = folder();
    for file in ["events.db", "events.db-wal"] {
        match fs::copy(data_dir.join(file), copy.path().join(file)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            copied => drop(copied.unwrap()),
        }
    }
    let log = rusqlite::Connection::open(copy.path().join("events.db")).unwrap();
    let sql = "SELECT count(*) FROM events WHERE id = ? AND event_type = 'test'";
    let events: i64 = log.query_row(sql, [id], |row| row.get(0)).unwrap();
    events > 0
}

/// Posts until the server is gone; returns what was acknowledged.
async fn produce(url: String, token: String, name: String, count: Arc<watch::Sender<usize>>) -> HashSet<String> {
    let client = client();
    let mut acknowledged = HashSet::new();
    loop {
        let id = format!("{name}-{}", acknowledged.len());
        match Answer::try_of(client.post(&url).bearer_auth(&token).body(event(&id))).await {
            Ok(answer) => {
                assert_eq!(answer.status, 201, "{}", answer.text);
                acknowledged.insert(id);
                count.send_modify(|count| *count += 1);
            }
            Err(_) => return acknowledged,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_power_cut_loses_what_was_acknowledged() {
    let mut world = World::start().await;
    let mut acknowledged = HashSet::new();
    let mut lost = 0;
    for cut in 0..POWER_CUTS {
        let count = Arc::new(watch::Sender::new(0));
        let producers: Vec<_> = (0..PRODUCERS)
            .map(|producer| {
                let url = world.instance.url("/api/v1/audit_events");
                let name = format!("{cut}-{producer}");
                tokio::spawn(produce(url, world.token.clone(), name, Arc::clone(&count)))
            })
            .collect();
        let mut counted = count.subscribe();
        let enough = counted.wait_for(|count| *count >= 20 + 7 * cut);
        tokio::time::timeout(PATIENCE, enough).await.unwrap().unwrap();
        world.instance.kill();
        for producer in producers {
            acknowledged.extend(producer.await.unwrap());
        }
        // All of it, or the last part.
        let survivors = |writes: usize| if cut % 2 == 0 { 0 } else { writes / 2 };
        lost += world.disk.cut_power(survivors).unwrap();
        world.instance.restart();
    }
    assert!(lost > 0, "no write was in progress in any of the power cuts");
    world.has_arrived(&acknowledged).await;
    assert!(world.instance.shut_down().await.success());
}

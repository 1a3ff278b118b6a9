//! What becomes of the data when the disk or the files under a running server fail.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::{
    browser::Browser,
    instance::{
        Answer, Instance, PASSWORD, PATIENCE, add_destination, add_destination_over_the_page, client, command, folder,
    },
};
use receivers::{Events, Receiver};

/// Waits until `/readyz` answers with this status; returns its answer.
async fn wait_for_readiness(instance: &Instance, status: u16) -> Answer {
    let asking = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        loop {
            ticks.tick().await;
            let answer = instance.get("/readyz").await;
            if answer.status == status {
                return answer;
            }
        }
    };
    let answer = tokio::time::timeout(PATIENCE, asking).await;
    answer.unwrap_or_else(|_| panic!("waited in vain for /readyz to answer {status}"))
}

/// Posts one event after another until it is to stop; returns the ids of those that were acknowledged.
async fn produce(url: String, token: String, count: Arc<AtomicU64>, stops: Arc<AtomicBool>) -> HashSet<String> {
    let client = client();
    let mut acknowledged = HashSet::new();
    while !stops.load(Ordering::Relaxed) {
        let id = format!("e{}", count.fetch_add(1, Ordering::Relaxed));
        let body = format!(r#"{{"event_type":"test","id":"{id}","entity_id":{}}}"#, id.len());
        let answer = Answer::of(client.post(&url).bearer_auth(&token).body(body)).await;
        match answer.status {
            201 => drop(acknowledged.insert(id)),
            _ => assert_eq!(answer.status, 503, "{}", answer.text),
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_disk_that_failed_under_load_everything_works_again_without_a_restart() {
    let receiver = Receiver::start().await;
    let folder = folder();
    add_destination(folder.path(), "Witness", receiver.url()).await;
    let mut instance = Instance::start_with_limits(folder);
    let token = instance.token("producer", &["ingest"]);
    let (count, stops) = (Arc::default(), Arc::new(AtomicBool::new(false)));
    let producers: Vec<_> = (0..2)
        .map(|_| {
            let url = instance.url("/api/v1/audit_events");
            tokio::spawn(produce(url, token.clone(), Arc::clone(&count), Arc::clone(&stops)))
        })
        .collect();
    // Each limit stops the files at another place, and so makes another write of another transaction fail.
    for limit in [0, 4_096, 20_000, 32_768, 66_000, 100_000] {
        instance.limit_files(Some(limit));
        let state = wait_for_readiness(&instance, 503).await.json();
        assert_eq!(state["ready"], false, "{state}");
        let refused = Browser::new(&instance).sign_in("root", PASSWORD).await;
        assert!(matches!(refused.status, 200 | 500 | 503), "{refused:?}");
        instance.limit_files(None);
        wait_for_readiness(&instance, 200).await;
        let admitted = Browser::new(&instance).sign_in("root", PASSWORD).await;
        assert_eq!(admitted.status, 200, "limit {limit}: {}", admitted.text);
        let stored = instance.post(&token, r#"{"event_type":"after","entity_id":1}"#).await;
        assert_eq!(stored.len(), 1);
    }
    stops.store(true, Ordering::Relaxed);
    let mut acknowledged = HashSet::new();
    for producer in producers {
        acknowledged.extend(producer.await.unwrap());
    }
    assert!(!acknowledged.is_empty());
    let has_all = |events: &Events| acknowledged.iter().all(|id| events.bodies.contains_key(id));
    receiver
        .wait_for_events("every acknowledged event has arrived", has_all)
        .await;
    assert!(instance.shut_down().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_a_server_starts_delivers_and_refuses_events_until_there_is_room() {
    const LIMIT: u64 = 32_768;
    let receiver = Receiver::start().await;
    let folder = folder();
    add_destination(folder.path(), "Witness", receiver.url()).await;
    let mut instance = Instance::start_on(folder, &[]);
    let token = instance.token("producer", &["ingest"]);
    receiver.answer_bodies_with(r#""event_type":"test""#, 503);
    let mut events = Vec::new();
    // Until neither write-ahead log can grow under the limit.
    let is_long = |name: &str| std::fs::metadata(instance.data_dir().join(name)).unwrap().len() > LIMIT;
    while !(is_long("events.db-wal") && is_long("audit-streams.db-wal")) {
        events.extend(instance.post(&token, r#"{"event_type":"test","entity_id":1}"#).await);
        Browser::signed_in(&instance).await;
    }
    for _ in 0..20 {
        events.extend(instance.post(&token, r#"{"event_type":"test","entity_id":1}"#).await);
    }
    instance.kill();

    receiver.accept_bodies_with(r#""event_type":"test""#);
    instance.restart_with_limit(LIMIT);
    let state = wait_for_readiness(&instance, 503).await.json();
    assert_eq!(state["store"], "cannot_store", "{state}");
    let refused = Answer::of(instance.ingest(&token).body(r#"{"event_type":"test","entity_id":1}"#)).await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    let has_all = |received: &Events| events.iter().all(|id| received.bodies.contains_key(id));
    receiver
        .wait_for_events("every acknowledged event has arrived", has_all)
        .await;

    instance.limit_files(None);
    wait_for_readiness(&instance, 200).await;
    events.extend(instance.post(&token, r#"{"event_type":"test","entity_id":1}"#).await);
    let has_all = |received: &Events| events.iter().all(|id| received.bodies.contains_key(id));
    receiver
        .wait_for_events("the new event has arrived, too", has_all)
        .await;
    // What the start could not store is stored by now: the files match.
    assert!(instance.shut_down().await.success());
    instance.restart();
    wait_for_readiness(&instance, 200).await;
}

#[tokio::test]
async fn a_start_without_room_for_any_file_says_that_the_disk_is_full() {
    let mut instance = Instance::start();
    assert!(instance.shut_down().await.success());
    let refused = std::process::Command::new("sh")
        .args([
            "-c",
            r#"trap "" XFSZ; ulimit -f 1; exec "$0" "$@""#,
            crate::instance::BINARY,
        ])
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("AUDIT_STREAMS_DATA_DIR", instance.data_dir())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let complaint = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        complaint.contains("the disk is full") && complaint.contains("Free at least 1 MiB"),
        "{complaint}"
    );
    instance.restart();
    assert_eq!(instance.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn deleted_files_make_it_unready_and_no_second_server_takes_the_folder() {
    let instance = Instance::start();
    std::fs::remove_file(instance.data_dir().join("server.lock")).unwrap();
    let second = command(instance.data_dir(), &["serve", "--listen", "127.0.0.1:0"]);
    let complaint = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(complaint.contains("whose server.lock was deleted"), "{complaint}");
    for (file, part) in [("audit-streams.db", "store"), ("events.db", "log")] {
        assert_eq!(
            wait_for_readiness(&instance, if part == "store" { 200 } else { 503 })
                .await
                .json()[part],
            "running"
        );
        std::fs::remove_file(instance.data_dir().join(file)).unwrap();
        let asking = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            while instance.get("/readyz").await.json()[part] != "files_missing" {
                ticks.tick().await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.unwrap();
    }
    assert_eq!(instance.get("/readyz").await.status, 503);
}

#[tokio::test]
async fn an_overwritten_log_makes_it_unready() {
    let other = Instance::start();
    let instance = Instance::start();
    let mut copy = std::process::Command::new("cp");
    copy.args([other.data_dir(), instance.data_dir()].map(|folder| folder.join("events.db")));
    assert!(copy.status().unwrap().success());
    assert_eq!(wait_for_readiness(&instance, 503).await.json()["log"], "files_missing");
}

/// And not again by everything that needs them.
#[tokio::test]
async fn missing_files_are_logged_once() {
    let receiver = Receiver::start().await;
    for file in ["audit-streams.db", "events.db"] {
        let log = tempfile::NamedTempFile::new().unwrap();
        let logged = || std::fs::read_to_string(log.path()).unwrap();
        let instance = Instance::start_logging_to(log.reopen().unwrap(), &[]);
        add_destination_over_the_page(&instance, &receiver.url()).await;
        let before = logged().lines().count();
        std::fs::remove_file(instance.data_dir().join(file)).unwrap();
        wait_for_readiness(&instance, 503).await;
        // Longer than every period after which something is tried again.
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        for _ in 0..75 {
            ticks.tick().await;
            assert_eq!(instance.get("/readyz").await.status, 503);
        }
        let logged = logged();
        let problems = logged.lines().skip(before);
        let problems: Vec<&str> = problems
            .filter(|line| line.contains("ERROR") || line.contains("WARN"))
            .collect();
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(
            problems[0].contains("was deleted, replaced or overwritten"),
            "{problems:?}"
        );
    }
}

#[tokio::test]
async fn a_lost_log_stops_the_start_until_that_is_accepted() {
    let mut instance = Instance::start();
    assert!(instance.shut_down().await.success());
    std::fs::remove_file(instance.data_dir().join("events.db")).unwrap();
    let refused = instance.command(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        complaint.contains("events.db is missing or empty") && complaint.contains("--accept-mismatched-files"),
        "{complaint}"
    );
    let mut command = crate::instance::binary();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--accept-mismatched-files"])
        .env("AUDIT_STREAMS_DATA_DIR", instance.data_dir());
    let (mut process, stdout) = crate::instance::spawn_binary(command);
    crate::instance::address_in(stdout);
    process.kill().unwrap();
    process.wait().unwrap();
    instance.restart();
    assert_eq!(instance.get("/readyz").await.status, 200);
}

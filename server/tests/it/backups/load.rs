//! A backup of a server that is posted to, changed and replaying meanwhile.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use receivers::{Events, Fault, Receiver, Request};
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    task::{JoinHandle, spawn_blocking},
};

use super::{add_destination, create, ids_in, restore, succeeded, verify};
use crate::{
    api_client::Client,
    instance::{Answer, Instance, PATIENCE, client, folder},
};

const OLD_EVENTS: usize = 300;
const PRODUCERS: usize = 2;

/// How many events may be on their way to the receiver before the producers wait for it.
const MOST_ON_THEIR_WAY: usize = 200;

/// Backups until one is made while events come in, before and after its moment.
const MOST_BACKUPS: usize = 50;

/// Posts events as far as they are allowed, until they are stopped, and notes those that were acknowledged.
#[derive(Clone)]
struct Producers {
    acknowledged: Arc<Mutex<HashSet<String>>>,
    count: watch::Sender<usize>,
    allowed: watch::Sender<usize>,
    is_over: Arc<AtomicBool>,
}

impl Producers {
    fn start(instance: &Instance, token: &str) -> (Self, Vec<JoinHandle<()>>) {
        let producers = Self {
            acknowledged: Arc::default(),
            count: watch::Sender::new(0),
            allowed: watch::Sender::new(0),
            is_over: Arc::default(),
        };
        let tasks = (0..PRODUCERS).map(|producer| {
            let (url, token) = (instance.url("/api/v1/audit_events"), token.to_owned());
            tokio::spawn(producers.clone().post(producer, url, token))
        });
        let tasks = tasks.collect();
        (producers, tasks)
    }

    async fn post(self, producer: usize, url: String, token: String) {
        let (client, mut allowed) = (client(), self.allowed.subscribe());
        for number in 0_usize.. {
            if allowed
                .wait_for(|allowed| *self.count.borrow() < *allowed)
                .await
                .is_err()
                || self.is_over.load(Ordering::SeqCst)
            {
                return;
            }
            let id = format!("new{producer}-{number}");
            let event =
                json!({"id": id, "event_type": "project_updated", "entity_type": "Project", "entity_id": producer});
            let request = client.post(&url).bearer_auth(&token).body(event.to_string());
            let answer = Answer::try_of(request).await;
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            let answer = answer.unwrap();
            assert_eq!(answer.status, 201, "{}", answer.text);
            self.acknowledged.lock().unwrap().insert(id);
            self.count.send_modify(|count| *count += 1);
        }
    }

    fn allow(&self, more: usize) {
        let count = *self.count.borrow();
        self.allowed.send_replace(count + more);
    }

    /// Waits for so many more, and returns all that were acknowledged.
    async fn after_more(&self, more: usize) -> HashSet<String> {
        let mut count = self.count.subscribe();
        let target = *count.borrow() + more;
        self.allow(more + PRODUCERS);
        let waited = tokio::time::timeout(PATIENCE, count.wait_for(|count| *count >= target)).await;
        assert!(waited.is_ok(), "the server takes nothing in");
        self.acknowledged.lock().unwrap().clone()
    }

    /// Before the server is killed: what answers from then on may be a server of another test, which has got the port.
    fn stop(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// Lets those go that wait, so that they end.
    fn release(&self) {
        self.allowed.send_replace(usize::MAX);
    }
}

/// Renames the destination after every tenth event, until the producers are stopped. A busy server may refuse a change.
fn change_settings(instance: &Instance, destination: &str, producers: &Producers) -> JoinHandle<()> {
    let token = instance.token("changes", &["admin"]);
    let (url, mut count) = (instance.url(destination), producers.count.subscribe());
    let is_over = Arc::clone(&producers.is_over);
    tokio::spawn(async move {
        let client = client();
        for number in 0_usize.. {
            let waited = count.wait_for(|count| *count >= number * 10).await.is_ok();
            if !waited || is_over.load(Ordering::SeqCst) {
                return;
            }
            let change = json!({"name": format!("SIEM {number}")});
            let request = client.patch(&url).bearer_auth(&token).body(change.to_string());
            let answer = Answer::try_of(request).await;
            if is_over.load(Ordering::SeqCst) {
                return;
            }
            let answer = answer.unwrap();
            assert!([200, 503].contains(&answer.status), "{}", answer.text);
        }
    })
}

async fn post_old(instance: &Instance, token: &str) -> HashSet<String> {
    let event = |number: usize| {
        json!({"id": format!("old{number}"), "event_type": "user_created", "entity_type": "Project",
            "entity_id": 100 + number % 40, "created_at": "2026-01-10T08:00:00Z"})
    };
    let lines: Vec<String> = (0..OLD_EVENTS).map(|number| event(number).to_string()).collect();
    instance.post(token, lines.join("\n")).await.into_iter().collect()
}

fn is_of_replay(request: &Request) -> bool {
    request.headers.contains_key("x-audit-streams-replay")
}

fn has_all(events: &Events, ids: &HashSet<String>) -> bool {
    ids.iter().all(|id| events.bodies.contains_key(id))
}

/// The events of each producer, which are about one entity, arrived in their order.
fn assert_in_order(events: &Events) {
    for producer in 0..PRODUCERS {
        let prefix = format!("new{producer}-");
        let numbers = events
            .order
            .iter()
            .filter_map(|id| id.strip_prefix(&prefix)?.parse::<usize>().ok());
        assert!(numbers.is_sorted(), "events of producer {producer} are out of order");
    }
}

/// Posts some events, and waits until not many are on their way to the receiver.
async fn post_more(receiver: &Receiver, producers: &Producers) {
    let known = producers.after_more(PRODUCERS).await;
    let is_near = |events: &Events| {
        let on_their_way = known.iter().filter(|id| !events.bodies.contains_key(*id));
        on_their_way.count() <= MOST_ON_THEIR_WAY
    };
    receiver.wait_for_events("not many are on their way", is_near).await;
}

/// Makes backups, while events are posted as fast as the receiver gets them, until one has an event that was not yet acknowledged when
/// it was begun, and not all that were acknowledged when it ended: the log was written before and after its moment. Returns it with
/// the events that it must have.
async fn backup_under_load(
    instance: &Instance,
    receiver: &Receiver,
    producers: &Producers,
    folder: &std::path::Path,
) -> (PathBuf, HashSet<String>) {
    for number in 0..MOST_BACKUPS {
        let acknowledged = producers.after_more(20).await;
        let output = folder.join(format!("backup-{number}"));
        let (data_dir, target) = (instance.data_dir().to_owned(), output.clone());
        let now_acknowledged = Arc::clone(&producers.acknowledged);
        let mut creating = spawn_blocking(move || {
            let created = create(&data_dir, &target);
            (created, now_acknowledged.lock().unwrap().clone())
        });
        let (created, acknowledged_since) = loop {
            tokio::select! {
                created = &mut creating => break created.unwrap(),
                () = post_more(receiver, producers) => {}
            }
        };
        succeeded(&created);
        let ids = ids_in(&output);
        let is_new = |id: &String| id.starts_with("new") && !acknowledged.contains(id);
        if ids.iter().any(is_new) && !acknowledged_since.is_subset(&ids) {
            return (output, acknowledged);
        }
    }
    panic!("no events came in before and after the moment of a backup");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_continues_on_another_machine() {
    let receiver = Receiver::start().await;
    let settings = [("AUDIT_STREAMS_API_RATE", "0")];
    let mut instance = Instance::start_with(&settings);
    let destination = add_destination(&instance, &receiver.url()).await;
    let replays = format!("{destination}/replays");
    let token = instance.token("app", &["ingest"]);
    let old = post_old(&instance, &token).await;
    receiver
        .wait_for_events("the stream has sent them", |events| has_all(events, &old))
        .await;
    // Its first request never ends, so neither does the replay.
    receiver.script(|request| is_of_replay(request).then_some(Fault::Hang));
    let admin = instance.token("admin", &["admin"]);
    let day = json!({"created_after": "2026-01-10", "created_before": "2026-01-10"});
    let replay = Client::with_token(&instance, &admin).post(&replays, &day).await;
    let replay = format!("{replays}/{}", replay.expect(201)["id"]);
    let (producers, tasks) = Producers::start(&instance, &token);
    let changes = change_settings(&instance, &destination, &producers);

    let backups = folder();
    let (backup, mut expected) = backup_under_load(&instance, &receiver, &producers, backups.path()).await;
    let running = Client::with_token(&instance, &admin).get(&replay).await.expect(200);
    assert_eq!(running["state"], "running", "{running}");
    producers.stop();
    instance.kill();
    producers.release();
    for task in tasks {
        task.await.unwrap();
    }
    drop(producers);
    changes.await.unwrap();
    succeeded(&verify(&backup));

    let second = folder();
    let key = instance.data_dir().join("secret.key");
    succeeded(&restore(&backup, second.path(), Some(&key)));
    receiver.accept_all();
    let instance = Instance::start_on(second, &settings);
    expected.extend(old.iter().cloned());
    let restored = ids_in(instance.data_dir());
    let missing: Vec<_> = expected.difference(&restored).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let after = instance
        .post(&token, r#"{"id":"after","event_type":"user_created","entity_id":1}"#)
        .await;
    // What the server itself has recorded may be older than the destination.
    expected.extend(restored.into_iter().filter(|id| id.starts_with("new")));
    expected.extend(after);
    receiver
        .wait_for_events("everything in the backup has arrived", |events| {
            has_all(events, &expected)
        })
        .await;
    let is_finished = |replay: &Value| replay["state"] == "finished";
    let admin = Client::with_token(&instance, &admin);
    let replay = admin.get_until(&replay, is_finished).await;
    // While the stream worked, an event that failed may have been found to be the cause, and was parked.
    let count = |name: &str| usize::try_from(replay[name].as_u64().unwrap()).unwrap();
    assert_eq!(
        (count("total"), count("sent") + count("refused")),
        (OLD_EVENTS, OLD_EVENTS),
        "{replay}"
    );
    receiver.events(|events| {
        assert_eq!(events.changed, 0, "a repeat had another body");
        assert_in_order(events);
        let replayed = old.iter().filter(|id| events.replayed.contains_key(*id)).count();
        assert!(replayed >= count("sent"), "{replayed}, {replay}");
    });
}

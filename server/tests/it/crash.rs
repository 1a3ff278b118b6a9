//! The promise: what was acknowledged arrives, however often the server is killed.
//!
//! Producers post events with unique ids and remember those that were answered with 201: only these are owed. The server
//! is killed with SIGKILL at random points of that traffic and started again. At the end the receiver must have every
//! event that is owed, each body as it was sent, and each entity's events in order. Repeats are allowed and counted.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use receivers::{Events, Receiver};
use tokio::{sync::watch, task::JoinHandle};

use crate::instance::{Answer, Instance, PATIENCE, add_destination, client, folder};

const KILLS: usize = 25;
const PRODUCERS: usize = 6;
const ENTITIES_OF_ONE: u64 = 5;

/// Where the server is, for as long as it is there.
type Place = watch::Sender<Option<String>>;

/// What the test knows for certain.
#[derive(Default)]
struct Oracle {
    owed: Mutex<HashSet<String>>,
    /// Requests that were never answered: their events may or may not have been stored.
    unanswered: AtomicUsize,
    acknowledged: watch::Sender<usize>,
    enough: AtomicBool,
}

/// Small and good enough (xorshift64*); printed with the result, so that a failure can be looked at again.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % sides
    }
}

/// A complete event: it is delivered byte for byte. Its number says everything about it.
fn event(producer: usize, number: u64) -> String {
    let entity = format!("{}{}", producer + 1, number % ENTITIES_OF_ONE);
    let padding = "x".repeat(usize::try_from(number % 900).unwrap());
    format!(
        r#"{{"id":"{producer}-{number}","author_id":{producer},"entity_id":{entity},"entity_type":"Project","details":{{"custom_message":"change {number}","padding":"{padding}"}},"ip_address":"192.0.2.1","author_name":"Ada","entity_path":"group/{entity}","target_details":"x","created_at":"2026-01-01T00:00:00.000Z","target_type":"Project","target_id":{entity},"event_type":"project_updated"}}"#
    )
}

fn parse_id(id: &str) -> Option<(usize, u64)> {
    let (producer, number) = id.split_once('-')?;
    Some((producer.parse().ok()?, number.parse().ok()?))
}

/// Posts one request after another until the test has had enough. A request that was not answered is posted again with
/// the same ids, or given up.
async fn produce(producer: usize, token: String, place: Place, oracle: Arc<Oracle>, mut dice: Dice) {
    let client = client();
    let mut place = place.subscribe();
    let mut next = 0;
    while !oracle.enough.load(Ordering::Relaxed) {
        let numbers = next..next + 1 + dice.roll(20);
        next = numbers.end;
        let lines: Vec<String> = numbers.clone().map(|number| event(producer, number)).collect();
        let body = lines.join("\n");
        loop {
            let Ok(Ok(server)) = tokio::time::timeout(PATIENCE, place.wait_for(Option::is_some))
                .await
                .map(|found| found.map(|url| url.clone()))
            else {
                return;
            };
            let url = format!("http://{}/api/v1/audit_events", server.unwrap_or_default());
            match Answer::try_of(client.post(url).bearer_auth(&token).body(body.clone())).await {
                Ok(answer) if answer.status == 201 => {
                    let mut owed = oracle.owed.lock().unwrap();
                    owed.extend(numbers.clone().map(|number| format!("{producer}-{number}")));
                    oracle.acknowledged.send_replace(owed.len());
                    break;
                }
                Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text),
                Err(_) => {
                    oracle.unanswered.fetch_add(1, Ordering::Relaxed);
                    if dice.roll(2) == 0 {
                        break;
                    }
                }
            }
            if oracle.enough.load(Ordering::Relaxed) {
                return;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_ever_lost() {
    let seed = u64::from(std::process::id()) ^ 0x9E37_79B9_7F4A_7C15;
    let mut dice = Dice::new(seed);
    let receiver = Receiver::start().await;
    let folder = folder();
    add_destination(folder.path(), "Witness", receiver.url()).await;
    let mut instance = Instance::start_on(folder, &[]);
    let token = instance.token("producer", &["ingest"]);
    let oracle = Arc::new(Oracle::default());
    let place = Place::new(Some(instance.address().to_owned()));
    let producers: Vec<JoinHandle<()>> = (0..PRODUCERS)
        .map(|producer| {
            let dice = Dice::new(seed.wrapping_add(u64::try_from(producer).unwrap() * 7_919));
            tokio::spawn(produce(
                producer,
                token.clone(),
                place.clone(),
                Arc::clone(&oracle),
                dice,
            ))
        })
        .collect();
    for _ in 0..KILLS {
        // Some way into the traffic, and then at any point of whatever goes on.
        let more = 1 + usize::try_from(dice.roll(400)).unwrap();
        let target = *oracle.acknowledged.borrow() + more;
        let mut acknowledged = oracle.acknowledged.subscribe();
        let waited = tokio::time::timeout(PATIENCE, acknowledged.wait_for(|count| *count >= target)).await;
        assert!(waited.is_ok(), "the server takes nothing in any more");
        for _ in 0..dice.roll(2_000) {
            tokio::task::yield_now().await;
        }
        place.send_replace(None);
        instance.kill();
        instance.restart();
        place.send_replace(Some(instance.address().to_owned()));
    }
    oracle.enough.store(true, Ordering::Relaxed);
    for producer in producers {
        producer.await.unwrap();
    }
    let owed = oracle.owed.lock().unwrap().clone();
    let has_all = |events: &Events| owed.iter().all(|id| events.bodies.contains_key(id));
    receiver
        .wait_for_events("every acknowledged event has arrived", has_all)
        .await;
    assert!(instance.shut_down().await.success());
    receiver.events(|events| {
        check(events);
        println!(
            "{KILLS} kills, {} events acknowledged, {} requests unanswered, {} events delivered, {} of them more than once \
             (seed {seed})",
            owed.len(),
            oracle.unanswered.load(Ordering::Relaxed),
            events.bodies.len(),
            events.repeats,
        );
    });
}

/// Every body is the one that was sent, and first deliveries keep each entity's order.
fn check(events: &Events) {
    assert_eq!(events.changed, 0, "a repeat had another body");
    let mut newest: HashMap<(usize, u64), u64> = HashMap::new();
    for id in &events.order {
        let Some((producer, number)) = parse_id(id) else {
            continue;
        };
        assert_eq!(events.bodies[id], event(producer, number));
        let entity = (producer, number % ENTITIES_OF_ONE);
        let before = newest.insert(entity, number);
        assert!(
            before.is_none_or(|before| before < number),
            "{entity:?}: {number} came after {before:?}"
        );
    }
}

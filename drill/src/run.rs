//! A drill against a running installation: post marked events while its operators pull plugs, then reconcile.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    api::{Answer, Api, ApiError},
    dice::Dice,
    digits::seconds,
    history::{Filter, History, Rule},
    oracle::Oracle,
    plan::{EventKey, Plan},
    producer::{PostError, Producer},
    receiver::{Receiver, ReceiverError},
    report::Report,
    witness::Witness,
};

const EVENT_TYPE: &str = "audit_streams_drill";
const PATH: &str = "audit-streams-drill";
const PRODUCERS: u32 = 4;
/// How often a stream that backs off is asked to try again.
const NUDGE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(200);

/// A drill, with everything it needs to know.
pub struct Drill {
    /// The server.
    pub url: String,
    /// A token that may post events and, unless the destination exists, may add destinations.
    pub token: String,
    /// CA certificates in PEM form that are trusted in addition.
    pub certificates: Option<Vec<u8>>,
    /// How long events are posted.
    pub duration: Duration,
    /// Events per second.
    pub rate: f64,
    /// Where the receiver listens.
    pub listen: SocketAddr,
    /// The URL at which the server reaches the receiver. `None`: that of `listen`.
    pub receiver_url: Option<String>,
    /// The operator has added the destination.
    pub destination_exists: bool,
    /// How long to wait for the next missing event.
    pub wait: Duration,
    /// Marks the events of this drill.
    pub run: String,
    /// The time, in milliseconds since 1970.
    pub start_ms: i64,
}

/// A drill could not be run.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// No client.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// No receiver.
    #[error(transparent)]
    Receiver(#[from] ReceiverError),
    /// The server can't be reached at the start.
    #[error("the server can't be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The destination was not added.
    #[error("the server did not add a destination for {url}: {problem}")]
    NoDestination {
        /// URL of the receiver.
        url: String,
        /// What the server answered.
        problem: String,
    },
    /// The events were rejected.
    #[error(transparent)]
    Post(#[from] PostError),
}

/// A destination that the drill has added.
struct Added {
    id: i64,
}

/// Runs a drill. The first interrupt ends posting, the second one also ends waiting for missing events. Progress is passed to `say`.
///
/// # Errors
/// [`DrillError`].
pub async fn run(
    drill: Drill,
    interrupts: watch::Receiver<u32>,
    say: impl Fn(&str) + Send + Sync,
) -> Result<Report, DrillError> {
    let api = Api::new(&drill.url, &drill.token, drill.certificates.as_deref())?;
    let plan = Arc::new(Plan::new(&drill.run, drill.start_ms, 1, PATH, &[EVENT_TYPE]));
    let witness = Arc::new(Witness::new("drill", Arc::clone(&plan)));
    let receiver = Receiver::start(drill.listen, Arc::clone(&witness)).await?;
    let own_url = format!("http://{}/", receiver.address());
    let receiver_url = drill.receiver_url.clone().unwrap_or(own_url);
    let added = if drill.destination_exists {
        say(&format!(
            "The receiver listens at {receiver_url}. The destination must send there."
        ));
        None
    } else {
        Some(add_destination(&api, &drill.run, &receiver_url, &receiver).await?)
    };
    let running = Running {
        oracle: Arc::new(Oracle::new(plan)),
        drill: &drill,
        api,
        witness,
        interrupts,
        added,
        say,
    };
    let report = running.run().await;
    running.remove_destination().await;
    report
}

async fn add_destination(api: &Api, run: &str, receiver_url: &str, receiver: &Receiver) -> Result<Added, DrillError> {
    let input = json!({
        "name": format!("Drill {run}"),
        "http": {"url": receiver_url},
        "event_types": [EVENT_TYPE],
    });
    let answer = api.send(Method::POST, "/api/v1/destinations", Some(&input)).await;
    let answer = answer.map_err(DrillError::Unreachable)?;
    let id = answer.body.get("id").and_then(Value::as_i64);
    let Some(id) = id.filter(|_| answer.is_success()) else {
        return Err(DrillError::NoDestination {
            url: receiver_url.to_owned(),
            problem: answer.problem(),
        });
    };
    let token = answer.body.pointer("/http/verification_token").and_then(Value::as_str);
    if let Some(token) = token {
        receiver.expect_token(token);
    }
    Ok(Added { id })
}

struct Running<'drill, Say> {
    oracle: Arc<Oracle>,
    drill: &'drill Drill,
    api: Api,
    witness: Arc<Witness>,
    interrupts: watch::Receiver<u32>,
    added: Option<Added>,
    say: Say,
}

impl<Say: Fn(&str) + Send + Sync> Running<'_, Say> {
    async fn run(&self) -> Result<Report, DrillError> {
        let duration = self.drill.duration;
        (self.say)(&format!(
            "Posting marked events to {} for {}. Stop, kill or disconnect whatever you want to test. Ctrl-C ends posting early.",
            self.drill.url,
            seconds(duration)
        ));
        let began = Instant::now();
        let in_doubt = self.post().await?;
        let posted_for = began.elapsed();
        (self.say)("Waiting until every acknowledged event has arrived.");
        let history = self.oracle.history(Rule {
            filter: Filter::All,
            is_active: true,
        });
        self.wait_for_arrivals(&history).await;
        let verdict = self.oracle.judge(&self.witness, &history);
        let stream = match verdict.missing.is_empty() {
            true => None,
            false => self.stream_state().await,
        };
        let id_of = |key: &EventKey| self.oracle.plan().id_of(*key);
        Ok(Report {
            posted_for,
            acknowledged: self.oracle.acknowledged(),
            in_doubt: u64::try_from(in_doubt).unwrap_or(u64::MAX),
            conflicts: self.oracle.conflicts(),
            missing_ids: verdict.missing.iter().map(id_of).collect(),
            verdict,
            longest_silence: self.oracle.longest_silence(),
            stream,
        })
    }

    /// Returns how many events are in doubt.
    async fn post(&self) -> Result<usize, DrillError> {
        let (stop, is_stopped) = watch::channel(false);
        self.oracle.begin_posting();
        let mut producers = JoinSet::new();
        let mut dice = Dice::new(self.drill.start_ms.unsigned_abs());
        for number in 0..PRODUCERS {
            let producer = Producer {
                number,
                oracle: Arc::clone(&self.oracle),
                api: self.api.clone(),
                rate: self.drill.rate / f64::from(PRODUCERS),
                dice: Dice::new(dice.number()),
                patience: self.drill.wait,
            };
            producers.spawn(producer.run(is_stopped.clone()));
        }
        let mut interrupts = self.interrupts.clone();
        let mut in_doubt = 0;
        tokio::select! {
            () = sleep(self.drill.duration) => {}
            () = interrupted(&mut interrupts, 1) => {}
            // A producer ends before the stop only with an error.
            ended = producers.join_next() => in_doubt += count_of(ended)?,
        }
        stop.send_replace(true);
        loop {
            tokio::select! {
                ended = producers.join_next() => match ended {
                    None => break,
                    ended => in_doubt += count_of(ended)?,
                },
                () = interrupted(&mut interrupts, 2) => break,
            }
        }
        self.oracle.end_posting();
        Ok(in_doubt)
    }

    /// Ends when nothing is missing, or nothing has arrived for a while.
    async fn wait_for_arrivals(&self, history: &History) {
        let mut interrupts = self.interrupts.clone();
        let mut missing = self.oracle.missing(&self.witness, history);
        let mut last_arrival = Instant::now();
        let mut nudged_at: Option<Instant> = None;
        let mut seen = self.witness.arrived();
        while !missing.is_empty() && last_arrival.elapsed() < self.drill.wait {
            if nudged_at.is_none_or(|at| at.elapsed() >= NUDGE) {
                self.retry_stream().await;
                nudged_at = Some(Instant::now());
            }
            tokio::select! {
                has_more = self.witness.wait_for_more(seen, PAUSE) => {
                    if has_more {
                        last_arrival = Instant::now();
                    }
                }
                () = interrupted(&mut interrupts, 2) => break,
            }
            seen = self.witness.arrived();
            self.witness.missing(&mut missing);
        }
    }

    /// A stream that backs off tries again. It would do so by itself, later.
    async fn retry_stream(&self) {
        if let Some(Added { id }) = &self.added {
            // A server that can't be reached is asked again later.
            drop(
                self.api
                    .send(Method::POST, &format!("/api/v1/destinations/{id}/retry"), None)
                    .await,
            );
        }
    }

    async fn stream_state(&self) -> Option<String> {
        let id = self.added.as_ref()?.id;
        let path = format!("/api/v1/destinations/{id}/health");
        let answer = match self.api.send(Method::GET, &path, None).await {
            Ok(answer) => answer,
            Err(_) => return Some("the server can't be reached".to_owned()),
        };
        let health = answer.body.get("health")?;
        let text = |name: &str| health.get(name).and_then(Value::as_str);
        let trouble = text("trouble").map_or_else(String::new, |trouble| format!(": {trouble}"));
        Some(format!("{}{trouble}", text("state")?))
    }

    async fn remove_destination(&self) {
        let Some(Added { id }) = &self.added else {
            return;
        };
        let path = format!("/api/v1/destinations/{id}");
        let removing = async {
            let is_done = |answer: &Answer| answer.is_success() || answer.status == 404;
            while !self
                .api
                .send(Method::DELETE, &path, None)
                .await
                .is_ok_and(|answer| is_done(&answer))
            {
                sleep(PAUSE).await;
            }
        };
        if timeout(self.drill.wait, removing).await.is_err() {
            (self.say)(&format!(
                "The destination \"Drill {}\" could not be deleted.",
                self.drill.run
            ));
        }
    }
}

/// Waits for the nth interrupt; for ever if nobody can interrupt any more.
async fn interrupted(interrupts: &mut watch::Receiver<u32>, nth: u32) {
    if interrupts.wait_for(|count| *count >= nth).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Of a producer that has ended. One that panicked has nothing to say about its events.
fn count_of(ended: Option<Result<Result<usize, PostError>, tokio::task::JoinError>>) -> Result<usize, PostError> {
    match ended {
        Some(Ok(result)) => result,
        _ => Ok(0),
    }
}

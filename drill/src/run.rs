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
/// How long deleting the destination is tried.
const DELETE: Duration = Duration::from_secs(60);
/// For a destination of the operator, whose stream the drill can neither see nor ask to try again.
const MAY_BE_WAITING: &str = "not known. After failures it waits up to 12 minutes before it tries again. Look at the destination; a longer --wait may help.";

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
    /// A defect of the drill.
    #[error("posting ended unexpectedly")]
    Producer(#[source] tokio::task::JoinError),
}

/// A destination that the drill has added.
struct Added {
    id: i64,
}

/// Runs a drill. The first interrupt ends posting, the second one also ends waiting for missing events, the third one also
/// ends deleting the destination. Progress is passed to `say`.
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
    let oracle = Arc::new(Oracle::new(plan));
    let witness = Arc::new(oracle.witness("drill"));
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
        oracle,
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
    let answer = api.add_destination(&input).await;
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
            without_password(&self.drill.url),
            seconds(duration)
        ));
        let began = Instant::now();
        self.post().await?;
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
        let (rejections, rejection) = self.oracle.rejections();
        let id_of = |key: &EventKey| self.oracle.plan().id_of(*key);
        Ok(Report {
            posted_for,
            acknowledged: self.oracle.acknowledged(),
            in_doubt: u64::try_from(self.oracle.in_doubt()).unwrap_or(u64::MAX),
            rejections,
            rejection,
            unanswered: self.oracle.unanswered(),
            conflicts: self.oracle.conflicts(),
            missing_ids: verdict.missing.iter().map(id_of).collect(),
            verdict,
            longest_silence: self.oracle.longest_silence(),
            stream,
        })
    }

    /// # Errors
    /// Events were rejected before any was acknowledged, or a producer panicked.
    async fn post(&self) -> Result<(), DrillError> {
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
        let mut failure = None;
        tokio::select! {
            () = sleep(self.drill.duration) => {}
            () = interrupted(&mut interrupts, 1) => {}
            // A producer ends before the stop only with an error.
            ended = producers.join_next() => failure = failure_of(ended),
        }
        stop.send_replace(true);
        loop {
            tokio::select! {
                ended = producers.join_next() => match ended {
                    None => break,
                    ended => failure = failure.or(failure_of(ended)),
                },
                () = interrupted(&mut interrupts, 2) => break,
            }
        }
        self.oracle.end_posting();
        match failure {
            // What was acknowledged meanwhile must arrive all the same.
            Some(DrillError::Post(error)) if self.oracle.acknowledged() > 0 => {
                self.oracle.note_rejection(error.to_string());
                Ok(())
            }
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Ends when nothing is missing, or nothing that is missing has arrived for a while.
    async fn wait_for_arrivals(&self, history: &History) {
        let mut interrupts = self.interrupts.clone();
        let mut missing = self.oracle.missing(&self.witness, history);
        let mut last_arrival = Instant::now();
        let mut nudged_at: Option<Instant> = None;
        let mut seen = self.witness.arrived();
        self.witness.missing(&mut missing);
        while !missing.is_empty() && last_arrival.elapsed() < self.drill.wait {
            if nudged_at.is_none_or(|at| at.elapsed() >= NUDGE) {
                self.retry_stream().await;
                nudged_at = Some(Instant::now());
            }
            tokio::select! {
                _ = self.witness.wait_for_more(seen, PAUSE) => {}
                () = interrupted(&mut interrupts, 2) => break,
            }
            seen = self.witness.arrived();
            let before = missing.len();
            self.witness.missing(&mut missing);
            // Repeats do not count.
            if missing.len() < before {
                last_arrival = Instant::now();
            }
        }
    }

    /// A stream that backs off tries again. It would do so by itself, later.
    async fn retry_stream(&self) {
        if let Some(Added { id }) = &self.added {
            let path = format!("/api/v1/destinations/{id}/retry");
            // A server that can't be reached is asked again later.
            drop(timeout(NUDGE, self.api.send(Method::POST, &path, None)).await);
        }
    }

    async fn stream_state(&self) -> Option<String> {
        let Some(Added { id }) = &self.added else {
            return Some(MAY_BE_WAITING.to_owned());
        };
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
        let mut interrupts = self.interrupts.clone();
        let is_deleted = tokio::select! {
            removed = timeout(DELETE, removing) => removed.is_ok(),
            () = interrupted(&mut interrupts, 3) => false,
        };
        if !is_deleted {
            (self.say)(&format!(
                "The destination \"Drill {}\" could not be deleted. Delete it yourself.",
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

fn failure_of(ended: Option<Result<Result<usize, PostError>, tokio::task::JoinError>>) -> Option<DrillError> {
    match ended? {
        // The oracle counts what is in doubt.
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(error.into()),
        Err(error) => Some(DrillError::Producer(error)),
    }
}

fn without_password(url: &str) -> String {
    let Ok(mut parsed) = reqwest::Url::parse(url) else {
        return url.to_owned();
    };
    // A URL that can't have a password has none.
    match parsed.password().is_some() && parsed.set_password(None).is_ok() {
        true => parsed.to_string(),
        false => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(without_password("https://a:b@example.com/"), "https://a@example.com/");
        assert_eq!(without_password("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
    }
}

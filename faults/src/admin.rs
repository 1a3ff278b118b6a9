//! An administrator: makes each change through the API, again and again until the server has answered.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use drill::{Answer, Api, Filter, Oracle, Rule};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{sync::watch, time::sleep};

use crate::{
    changes::Change,
    places::{BUCKET_OF_EVENTS, Place, filter_input},
    story::Story,
};

const PAUSE: Duration = Duration::from_millis(50);
/// A server that does not answer for so long never will.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// A replay sends events that were created in the last so many steps of the producers.
const REPLAYED: u64 = 300;
const DESTINATIONS: &str = "/api/v1/destinations";
const VISITOR: &str = "Visitor";

/// Shared by the tasks that change something.
pub(crate) struct Admin {
    pub(crate) api: Api,
    pub(crate) places: Arc<Vec<Place>>,
    pub(crate) oracle: Arc<Oracle>,
    pub(crate) story: Arc<Story>,
    pub(crate) visitors_url: String,
    /// Counts requested changes.
    pub(crate) requested: watch::Sender<u64>,
    /// Unexpected answers, and other errors that break the run.
    pub(crate) problems: Arc<Mutex<Vec<String>>>,
    /// The last kill: a request has its time from then on.
    pub(crate) killed: Mutex<Instant>,
}

impl Admin {
    /// Returns when the server has answered.
    pub(crate) async fn make(&self, change: Change) {
        if self.is_indistinct_replay(&change) {
            return;
        }
        self.story.count(&format!("change of {}", change.kind()));
        self.story.tell(&format!("change: {change}"));
        match &change {
            Change::Filter { place, choice } => self.set_filter(*place, *choice).await,
            Change::Active { place, is_active } => self.set_active(*place, *is_active).await,
            Change::Paused { place, is_paused } => self.patch(*place, &json!({"paused": is_paused})).await,
            Change::Rename { place, number } => {
                let name = self.places.get(*place).map_or("", |place| place.witness.name());
                self.patch(*place, &json!({"name": format!("{name} {number}")})).await;
            }
            Change::Limits {
                place,
                concurrent,
                per_second,
            } => self.set_limits(*place, *concurrent, *per_second).await,
            Change::Replay { place } => self.replay(*place).await,
            Change::Visitor => self.add_or_delete_visitors().await,
            Change::Retention { days } => {
                self.send(
                    Method::PATCH,
                    "/api/v1/settings/retention",
                    Some(&json!({"days": days})),
                )
                .await;
            }
            Change::Alerts { minutes } => {
                let input = json!({"failing_minutes": minutes});
                self.send(Method::PATCH, "/api/v1/settings/alerts", Some(&input)).await;
            }
            Change::RetryRejected { place } => self.retry_rejected(*place).await,
        }
        self.story.tell(&format!("changed: {}", change.kind()));
    }

    /// Every stream works, and tries everything again.
    pub(crate) async fn calm(&self) {
        for place in 0..self.places.len() {
            self.set_active(place, true).await;
            self.patch(place, &json!({"paused": false})).await;
            self.set_limits(place, 256, None).await;
        }
        self.retry_everything().await;
    }

    /// Streams that back off, and events that were rejected, are tried again.
    pub(crate) async fn retry_everything(&self) {
        for place in 0..self.places.len() {
            self.retry_rejected(place).await;
            self.retry(place).await;
        }
    }

    /// A stream that backs off tries again.
    pub(crate) async fn retry(&self, place: usize) {
        self.post(place, "/retry", None).await;
    }

    /// Parked events are sent again.
    pub(crate) async fn retry_parked(&self) {
        for place in 0..self.places.len() {
            self.post(place, "/parked/retry", None).await;
        }
    }

    async fn retry_rejected(&self, place: usize) {
        self.post(place, "/parked/retry", None).await;
        self.post(place, "/retrying/retry", Some(&json!({"all": true}))).await;
    }

    async fn set_limits(&self, place: usize, concurrent: u64, per_second: Option<u64>) {
        let Some(found) = self.places.get(place) else {
            return;
        };
        let answer = self.send(Method::GET, &path_of(found), None).await;
        // The fields are below the kind of the destination.
        let Some(kind) = answer.body.get("kind").and_then(Value::as_str) else {
            return;
        };
        let mut limits = json!({"max_concurrent_requests": concurrent});
        if kind == "http" {
            limits["max_requests_per_second"] = json!(per_second);
        }
        self.patch(place, &json!({kind: limits})).await;
    }

    async fn set_filter(&self, place: usize, choice: usize) {
        let Some(found) = self.places.get(place) else {
            return;
        };
        let filter = choice
            .checked_rem(found.filters.len())
            .and_then(|choice| found.filters.get(choice));
        let filter = filter.cloned().unwrap_or(Filter::All);
        let is_active = found.history.current().is_none_or(|rule| rule.is_active);
        let input = filter_input(&filter);
        found.history.begin(Rule { filter, is_active });
        self.patch(place, &input).await;
        found.history.answered();
    }

    async fn set_active(&self, place: usize, is_active: bool) {
        let Some(found) = self.places.get(place) else {
            return;
        };
        let filter = found.history.current().map_or(Filter::All, |rule| rule.filter);
        found.history.begin(Rule { filter, is_active });
        self.patch(place, &json!({"active": is_active})).await;
        found.history.answered();
    }

    /// A replay that writes the same objects as the stream would hide what the stream has lost.
    fn is_indistinct_replay(&self, change: &Change) -> bool {
        let Change::Replay { place } = change else {
            return false;
        };
        let place = self.places.get(*place);
        place.is_some_and(|place| place.witness.name() == BUCKET_OF_EVENTS)
    }

    /// Starts one, or leaves that in progress alone.
    async fn replay(&self, place: usize) {
        let newest = self.oracle.newest_number();
        let plan = self.oracle.plan();
        let after = plan.created_at(newest.saturating_sub(REPLAYED));
        self.post(place, "/replays", Some(&json!({"created_after": after})))
            .await;
    }

    async fn add_or_delete_visitors(&self) {
        let answer = self.send(Method::GET, DESTINATIONS, None).await;
        let items = answer
            .body
            .get("items")
            .or(Some(&answer.body))
            .and_then(Value::as_array);
        let is_visitor = |item: &&Value| {
            item.get("name")
                .and_then(Value::as_str)
                .is_some_and(|name| name.starts_with(VISITOR))
        };
        let visitors = items.into_iter().flatten().filter(is_visitor);
        let ids: Vec<i64> = visitors
            .filter_map(|item| item.get("id").and_then(Value::as_i64))
            .collect();
        for id in &ids {
            self.send(Method::DELETE, &format!("{DESTINATIONS}/{id}"), None).await;
        }
        if ids.is_empty() {
            let input = json!({"name": VISITOR, "http": {"url": self.visitors_url}, "start_from": "beginning"});
            self.send(Method::POST, DESTINATIONS, Some(&input)).await;
        }
    }

    async fn patch(&self, place: usize, input: &Value) {
        if let Some(place) = self.places.get(place) {
            self.send(Method::PATCH, &path_of(place), Some(input)).await;
        }
    }

    async fn post(&self, place: usize, what: &str, input: Option<&Value>) {
        if let Some(place) = self.places.get(place) {
            self.send(Method::POST, &format!("{}{what}", path_of(place)), input)
                .await;
        }
    }

    /// Until the server answers. A request that is repeated may get an error because the first one succeeded.
    async fn send(&self, method: Method, path: &str, input: Option<&Value>) -> Answer {
        let began = Instant::now();
        while began.max(self.last_kill()).elapsed() < PATIENCE {
            self.requested.send_modify(|count| *count += 1);
            match self.api.send(method.clone(), path, input).await {
                Ok(answer) if is_temporary(answer.status) => {}
                Ok(answer) => {
                    if !answer.is_success() && !is_explained(&method, path, &answer) {
                        self.problem(format!("{method} {path}: {}", answer.problem()));
                    }
                    return answer;
                }
                Err(_) => {}
            }
            sleep(PAUSE).await;
        }
        self.problem(format!("{method} {path}: no answer for {PATIENCE:?}"));
        Answer {
            status: 0,
            retry_after: None,
            body: Value::Null,
        }
    }

    /// The server was killed.
    pub(crate) fn note_kill(&self) {
        *self.killed.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn last_kill(&self) -> Instant {
        *self.killed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An error that breaks the run.
    pub(crate) fn problem(&self, problem: String) {
        self.story.tell(&problem);
        self.problems
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(problem);
    }
}

fn path_of(place: &Place) -> String {
    format!("{DESTINATIONS}/{}", place.id)
}

const fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

fn is_explained(method: &Method, path: &str, answer: &Answer) -> bool {
    match answer.status {
        // Deleted by the request before this one.
        404 => *method == Method::DELETE,
        // The name is taken by the request before this one.
        422 => *method == Method::POST && path == DESTINATIONS,
        // A replay is in progress, or there is none to start.
        409 => path.ends_with("/replays") || path.ends_with("/retry"),
        _ => false,
    }
}

//! A real HTTP receiver that remembers what it got, in order.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
};
use serde_json::Value;
use tokio::sync::watch;

use crate::instance::PATIENCE;

/// Everything that has arrived.
#[derive(Default)]
pub(crate) struct Received {
    /// The body of the first delivery of each event.
    pub(crate) bodies: HashMap<String, String>,
    /// Ids in the order of their first delivery.
    pub(crate) order: Vec<String>,
    /// Deliveries of what had come before.
    pub(crate) repeats: usize,
    /// Repeats whose body was not the first one's.
    pub(crate) changed: usize,
    /// How often each event has come marked as one of a replay.
    pub(crate) replayed: HashMap<String, usize>,
    /// The headers of the newest delivery.
    pub(crate) headers: HeaderMap,
    /// Events of this type are answered 503, and not remembered.
    pub(crate) fails_over: Option<&'static str>,
}

#[derive(Clone)]
pub(crate) struct Receiver {
    address: std::net::SocketAddr,
    received: Arc<Mutex<Received>>,
    deliveries: watch::Sender<usize>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let receiver = Self {
            address,
            received: Arc::default(),
            deliveries: watch::Sender::default(),
        };
        let router = Router::new().fallback(take).layer(DefaultBodyLimit::disable());
        let router = router.with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        receiver
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }

    /// From now on, events of this type are answered 503.
    pub(crate) fn fail_over(&self, event_type: &'static str) {
        self.received.lock().unwrap().fails_over = Some(event_type);
    }

    /// From now on, every event is accepted.
    pub(crate) fn recover(&self) {
        self.received.lock().unwrap().fails_over = None;
    }

    pub(crate) fn look<T>(&self, at: impl FnOnce(&Received) -> T) -> T {
        at(&self.received.lock().unwrap())
    }

    /// Waits until what has arrived is enough; gives up after a while, or when nothing comes any more.
    pub(crate) async fn wait_until(&self, what: &str, mut is_enough: impl FnMut(&Received) -> bool) {
        let mut deliveries = self.deliveries.subscribe();
        while !self.look(&mut is_enough) {
            let next = tokio::time::timeout(PATIENCE, deliveries.changed()).await;
            let count = self.look(|received| received.bodies.len());
            assert!(
                matches!(next, Ok(Ok(()))),
                "waited in vain until {what}; {count} events have arrived"
            );
        }
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let event: Value = serde_json::from_str(&body).unwrap();
    let id = match &event["id"] {
        Value::String(id) => id.clone(),
        other => other.to_string(),
    };
    let mut received = receiver.received.lock().unwrap();
    if received
        .fails_over
        .is_some_and(|failing| event["event_type"] == failing)
    {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    if headers.contains_key("x-audit-streams-replay") {
        *received.replayed.entry(id.clone()).or_default() += 1;
    }
    received.headers = headers;
    match received.bodies.get(&id).map(|first| *first == body) {
        None => {
            received.order.push(id.clone());
            received.bodies.insert(id, body);
        }
        Some(is_same) => {
            received.repeats += 1;
            received.changed += usize::from(!is_same);
        }
    }
    drop(received);
    receiver.deliveries.send_modify(|deliveries| *deliveries += 1);
    StatusCode::OK
}

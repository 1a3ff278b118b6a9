//! The events among the requests to a [`crate::Receiver`].

use std::collections::HashMap;

use http::HeaderMap;
use serde_json::Value;

/// Present if a delivery belongs to a replay.
const REPLAY_HEADER: &str = "x-audit-streams-replay";

/// Accepted deliveries of single events. Other bodies are left out.
#[derive(Default)]
pub struct Events {
    /// The body of the first delivery of each event, by id.
    pub bodies: HashMap<String, String>,
    /// Ids in the order of their first delivery.
    pub order: Vec<String>,
    /// How many deliveries were repetitions.
    pub repeats: usize,
    /// How many repetitions had a different body.
    pub changed: usize,
    /// How often each event was delivered by a replay.
    pub replayed: HashMap<String, usize>,
}

impl Events {
    pub(crate) fn add(&mut self, headers: &HeaderMap, body: &[u8]) {
        let Some((id, body)) = parse(body) else {
            return;
        };
        if headers.contains_key(REPLAY_HEADER) {
            *self.replayed.entry(id.clone()).or_default() += 1;
        }
        match self.bodies.get(&id) {
            None => {
                self.order.push(id.clone());
                self.bodies.insert(id, body.to_owned());
            }
            Some(first) => {
                self.repeats += 1;
                self.changed += usize::from(first != body);
            }
        }
    }
}

fn parse(body: &[u8]) -> Option<(String, &str)> {
    let body = std::str::from_utf8(body).ok()?;
    let event: Value = serde_json::from_str(body).ok()?;
    match event.get("id")? {
        Value::String(id) => Some((id.clone(), body)),
        other => Some((other.to_string(), body)),
    }
}

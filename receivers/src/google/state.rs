//! What the double remembers: tokens, whom it refuses, and what has come in.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::stored::Stored;
use crate::{clock, fault::Fault};

/// Access tokens, the key behind them, and the clock by which both are judged.
pub(super) struct Tokens {
    lifetime: Duration,
    state: Mutex<TokenState>,
}

#[derive(Default)]
struct TokenState {
    issued: u64,
    good_until: HashMap<String, Instant>,
    key_is_revoked: bool,
    clock_ahead_seconds: i64,
}

impl Tokens {
    pub(super) fn lasting(lifetime: Duration) -> Self {
        Self {
            lifetime,
            state: Mutex::default(),
        }
    }

    /// The body of the answer.
    pub(super) fn issue(&self) -> Value {
        let mut state = self.state();
        state.issued += 1;
        // As long as Google's and each another one; nobody has to guess them here.
        let digest = Sha256::digest(format!("access token {}", state.issued));
        let token = format!("ya29.c.{}", BASE64_URL_SAFE_NO_PAD.encode(digest));
        state.good_until.insert(token.clone(), Instant::now() + self.lifetime);
        json!({"access_token": token, "expires_in": self.lifetime.as_secs(), "token_type": "Bearer"})
    }

    pub(super) fn is_good(&self, token: &str) -> bool {
        self.state()
            .good_until
            .get(token)
            .is_some_and(|until| Instant::now() < *until)
    }

    pub(super) fn expire(&self) {
        self.state().good_until.clear();
    }

    pub(super) fn revoke_key(&self) {
        self.state().key_is_revoked = true;
    }

    pub(super) fn key_is_revoked(&self) -> bool {
        self.state().key_is_revoked
    }

    pub(super) fn shift_clock(&self, seconds: i64) {
        self.state().clock_ahead_seconds = seconds;
    }

    /// Seconds since 1970 by Google's clock.
    pub(super) fn now(&self) -> i64 {
        clock::now() + self.state().clock_ahead_seconds
    }

    fn state(&self) -> MutexGuard<'_, TokenState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that has come in.
#[derive(Default)]
pub struct Received {
    /// Requests for a token, in vain or not.
    pub token_requests: usize,
    /// How many access tokens were issued.
    pub tokens_issued: usize,
    /// Every call of `entries:write`, in vain or not.
    pub writes: Vec<Write>,
    pub(super) stored: Stored,
}

/// One call of `entries:write`.
#[derive(Clone, Debug)]
pub struct Write {
    /// Headers of the request.
    pub headers: HeaderMap,
    /// As it was sent.
    pub body: Bytes,
    /// The fault that the call was given.
    pub fault: Option<Fault>,
    /// What the service itself made of it: `None` until then, and for ever if the fault kept it from the service.
    pub served: Option<StatusCode>,
}

impl Write {
    /// The body is under `body`; one that is not JSON is under `text`.
    pub(super) fn to_json(&self) -> Value {
        let (name, body) = match serde_json::from_slice(&self.body) {
            Ok(body) => ("body", body),
            Err(_) => ("text", Value::from(String::from_utf8_lossy(&self.body))),
        };
        json!({
            name: body,
            "fault": self.fault.as_ref().map(|fault| format!("{fault:?}")),
            "served": self.served.map(|status| status.as_u16()),
        })
    }
}

impl Received {
    /// What is stored for the project, in the order in which it came.
    pub fn entries(&self, project: &str) -> impl Iterator<Item = &Value> {
        self.stored.entries(project)
    }

    /// Entries that were taken and repeated a stored one.
    pub fn repeats(&self) -> usize {
        self.stored.repeats
    }

    /// Repeats that were not the same as the stored one.
    pub fn changed_repeats(&self) -> usize {
        self.stored.changed_repeats
    }

    /// Entries that were taken, and were too old to be found.
    pub fn too_old(&self) -> &[Value] {
        &self.stored.too_old
    }

    /// The number under which the call will end.
    pub(super) fn begin(&mut self, request: &Request<Bytes>, fault: Option<Fault>) -> usize {
        self.writes.push(Write {
            headers: request.headers().clone(),
            body: request.body().clone(),
            fault,
            served: None,
        });
        self.writes.len() - 1
    }

    pub(super) fn end(&mut self, number: usize, status: StatusCode) {
        if let Some(write) = self.writes.get_mut(number) {
            write.served = Some(status);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_not_json_is_shown_as_the_text_that_it_is() {
        let write = |body: &'static str| Write {
            headers: HeaderMap::new(),
            body: Bytes::from(body),
            fault: None,
            served: None,
        };
        let cut_off = write(r#"{"entries":["#).to_json();
        assert_eq!(
            (&cut_off["text"], &cut_off["body"]),
            (&json!(r#"{"entries":["#), &Value::Null)
        );
        let whole = write(r#"{"entries":[]}"#).to_json();
        assert_eq!(
            (&whole["text"], &whole["body"]),
            (&Value::Null, &json!({"entries": []}))
        );
    }
}

//! What happened to traced requests: each stage with its time, and the request with its secrets masked.
//!
//! An allowlist says which header values are shown. Everything else that was sent is masked here, and kept only to mask it in
//! responses that repeat it. The `Debug` output of a trace shows nothing.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use domain::connection_test::{MASK, SentHeader, Stage, StageName, StageState};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::Url;

/// Headers whose values contain no secrets. A value that was marked as sensitive is masked whatever its name: those
/// that an administrator chose are.
const HARMLESS: [&str; 14] = [
    "accept",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "user-agent",
    "webhook-id",
    "webhook-timestamp",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-sdk-checksum-algorithm",
    "x-gitlab-audit-event-type",
];

const HARMLESS_PREFIXES: [&str; 2] = ["x-amz-checksum-", "x-audit-streams-"];

/// Kept of an answer at most, before its secrets are masked.
const ANSWER_BYTES: usize = 64 * 1024;

/// Requests in their order; clones share them.
#[derive(Clone)]
pub(crate) struct Trace(Arc<Shared>);

struct Shared {
    began: Instant,
    requests: Mutex<Vec<Traced>>,
}

/// One request.
#[derive(Clone)]
pub(crate) struct Traced {
    /// When it was ready to be sent, in µs after the beginning.
    pub(crate) ready_us: u64,
    pub(crate) stages: Vec<Stage>,
    pub(crate) method: String,
    /// Without what may be secret in its query.
    pub(crate) url: String,
    pub(crate) headers: Vec<SentHeader>,
    /// As it was sent.
    pub(crate) body: Bytes,
    /// Status, and the start of the body as it came.
    pub(crate) answer: Option<(StatusCode, Vec<u8>)>,
    /// Whatever was masked.
    pub(crate) secrets: Vec<String>,
    /// The stage that is under way.
    open: Option<(StageName, u64)>,
}

/// Records one request of a traced client, at its index in the trace; records nothing for a pooled one.
#[derive(Clone)]
pub(super) struct Recording(Option<(Trace, usize)>);

impl Trace {
    pub(super) fn begin() -> Self {
        Self(Arc::new(Shared {
            began: Instant::now(),
            requests: Mutex::default(),
        }))
    }

    /// In µs after the beginning.
    pub(crate) fn now_us(&self) -> u64 {
        u64::try_from(self.0.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// The recorded requests. A stage that has not ended has failed: it timed out.
    pub(crate) fn requests(&self) -> Vec<Traced> {
        let now = self.now_us();
        let mut requests = self.lock().clone();
        for request in &mut requests {
            request.end(StageState::Failed, "Timed out.".to_owned(), now);
        }
        requests
    }

    pub(super) fn record(&self, method: &Method, url: &Url, headers: &HeaderMap, body: Bytes) -> Recording {
        let (url, mut secrets) = masked_url(url);
        let headers = headers.iter().map(|(name, value)| {
            let value = if is_harmless(name, value) {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            } else {
                secrets.extend(secrets_in(value));
                MASK.to_owned()
            };
            SentHeader {
                name: name.as_str().to_owned(),
                value,
            }
        });
        let traced = Traced {
            ready_us: self.now_us(),
            stages: StageName::OF_NETWORK.map(Stage::skipped).into(),
            method: method.to_string(),
            headers: headers.collect(),
            url,
            body,
            answer: None,
            secrets,
            open: None,
        };
        let mut requests = self.lock();
        requests.push(traced);
        Recording(Some((self.clone(), requests.len() - 1)))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Traced>> {
        self.0.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Trace(..)")
    }
}

impl Recording {
    pub(super) const OFF: Self = Self(None);

    pub(super) const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn begin(&self, name: StageName) {
        self.change(|request, now| {
            if request.stage(name).is_none() {
                // That of a proxy, which few requests have.
                let tls = request.stages.iter().position(|stage| stage.name == StageName::Tls);
                let place = tls.unwrap_or(request.stages.len());
                request.stages.insert(place, Stage::skipped(name));
            }
            request.open = Some((name, now));
        });
    }

    pub(super) fn done(&self, detail: impl Into<String>) {
        self.change(|request, now| request.end(StageState::Done, detail.into(), now));
    }

    /// Ends the current stage as failed, if there is one.
    pub(super) fn failed(&self, detail: impl Into<String>) {
        self.change(|request, now| request.end(StageState::Failed, detail.into(), now));
    }

    /// Notes why a stage is skipped.
    pub(super) fn skip(&self, name: StageName, why: &str) {
        self.change(|request, _| {
            if let Some(stage) = request.stage(name) {
                why.clone_into(&mut stage.detail);
            }
        });
    }

    /// Ends the request stage, unless it has ended already, and begins the response stage.
    pub(super) fn sent(&self) {
        self.change(|request, now| {
            if let Some((StageName::Request, _)) = request.open {
                let detail = format!("{} bytes in the body.", request.body.len());
                request.end(StageState::Done, detail, now);
                request.open = Some((StageName::Answer, now));
            }
        });
    }

    pub(super) fn head(&self, status: StatusCode) {
        self.change(|request, _| request.answer = Some((status, Vec::new())));
    }

    pub(super) fn chunk(&self, bytes: &[u8]) {
        self.change(|request, _| {
            if let Some((_, kept)) = &mut request.answer {
                let room = ANSWER_BYTES.saturating_sub(kept.len());
                kept.extend(bytes.iter().take(room));
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Traced, u64)) {
        if let Some((trace, index)) = &self.0 {
            let now = trace.now_us();
            if let Some(request) = trace.lock().get_mut(*index) {
                change(request, now);
            }
        }
    }
}

impl Traced {
    fn end(&mut self, state: StageState, detail: String, now: u64) {
        if let Some((name, started_us)) = self.open.take()
            && let Some(stage) = self.stage(name)
        {
            *stage = Stage {
                name,
                state,
                started_us,
                took_us: now.saturating_sub(started_us),
                detail,
            };
        }
    }

    fn stage(&mut self, name: StageName) -> Option<&mut Stage> {
        self.stages.iter_mut().find(|stage| stage.name == name)
    }
}

fn is_harmless(name: &HeaderName, value: &HeaderValue) -> bool {
    let name = name.as_str();
    let is_known = HARMLESS.contains(&name) || HARMLESS_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    is_known && !value.is_sensitive()
}

/// A value, what follows a scheme like `Bearer`, and what stands out of it, for example a signature.
fn secrets_in(value: &HeaderValue) -> Vec<String> {
    let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
    // The whole first: a part that is gone would leave the rest.
    let mut secrets = vec![text.clone()];
    secrets.extend(text.split_once(' ').map(|(_, rest)| rest.to_owned()));
    let parts = text.split([' ', ',', '=']);
    // The list of the headers that are signed is no secret.
    let long = parts.filter(|part| part.len() >= LONG && !part.contains(';'));
    secrets.extend(long.map(str::to_owned));
    secrets
}

/// Words are shorter than what stands out of a value.
const LONG: usize = 20;

/// A URL without the values of its query and without who signs in, and what was left out.
fn masked_url(url: &Url) -> (String, Vec<String>) {
    let mut secrets = Vec::new();
    let mut shown = url.clone();
    shown.set_fragment(None);
    if !url.username().is_empty() || url.password().is_some() {
        secrets.extend([url.username().to_owned(), url.password().unwrap_or_default().to_owned()]);
        // A URL that can't have them has none.
        if shown.set_username("").and_then(|()| shown.set_password(None)).is_err() {
            return (MASK.to_owned(), secrets);
        }
    }
    let Some(query) = url.query() else {
        return (shown.into(), secrets);
    };
    secrets.push(query.to_owned());
    secrets.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
    let parts = query.split('&').map(|part| match part.split_once('=') {
        Some((name, value)) => {
            secrets.push(value.to_owned());
            format!("{name}={MASK}")
        }
        // A query of one word may be a key.
        None => MASK.to_owned(),
    });
    let masked: Vec<String> = parts.collect();
    shown.set_query(None);
    (format!("{shown}?{}", masked.join("&")), secrets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_harmless_is_shown() {
        let trace = Trace::begin();
        let mut chosen = HeaderValue::from_static("s3cret-of-mine");
        chosen.set_sensitive(true);
        let headers = HeaderMap::from_iter([
            (
                HeaderName::from_static("content-type"),
                HeaderValue::from_static("application/json"),
            ),
            (
                HeaderName::from_static("x-amz-checksum-crc32"),
                HeaderValue::from_static("AAAA"),
            ),
            (HeaderName::from_static("user-agent"), chosen),
            (
                HeaderName::from_static("authorization"),
                HeaderValue::from_static("Bearer ya29.abcdefghijkl"),
            ),
            (HeaderName::from_static("x-new"), HeaderValue::from_static("whatever")),
        ]);
        let url = Url::parse("https://siem.example/in?key=s3cr%2Bt&lone#part").unwrap();
        trace.record(&Method::POST, &url, &headers, Bytes::new());
        let request = trace.requests().remove(0);
        assert_eq!(request.url, "https://siem.example/in?key=••••&••••");
        let values: Vec<(&str, &str)> = request
            .headers
            .iter()
            .map(|header| (header.name.as_str(), header.value.as_str()))
            .collect();
        for expected in [
            ("content-type", "application/json"),
            ("x-amz-checksum-crc32", "AAAA"),
            ("user-agent", MASK),
            ("authorization", MASK),
            ("x-new", MASK),
        ] {
            assert!(values.contains(&expected), "{values:?}");
        }
        for secret in ["s3cr+t", "s3cr%2Bt", "ya29.abcdefghijkl", "s3cret-of-mine", "whatever"] {
            assert!(request.secrets.iter().any(|kept| kept == secret), "{secret}");
        }
        let user = Url::parse("https://ada:hunter2@siem.example/").unwrap();
        assert_eq!(masked_url(&user).0, "https://siem.example/");
    }

    #[test]
    fn a_stage_that_never_ends_has_failed() {
        let trace = Trace::begin();
        let url = Url::parse("https://siem.example/").unwrap();
        let recording = trace.record(&Method::POST, &url, &HeaderMap::new(), Bytes::from_static(b"{}"));
        recording.begin(StageName::Address);
        recording.done("It is 192.0.2.1.");
        recording.begin(StageName::Request);
        recording.sent();
        recording.sent();
        let states: Vec<_> = trace
            .requests()
            .remove(0)
            .stages
            .iter()
            .map(|stage| stage.state)
            .collect();
        use StageState::{Done, Failed, Skipped};
        assert_eq!(states, [Done, Skipped, Skipped, Skipped, Done, Failed]);
    }
}

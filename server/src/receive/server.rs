//! Takes requests at any path.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode},
};
use domain::event::body::{Members, plain};
use engine::clock::Clock;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use super::{
    line::{Check, Line},
    repeats::Repeats,
    signature::{SignatureError, SigningKey},
};
use crate::cli::{CommandError, print_line};

/// The size of the largest batch that a destination receives.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Settings that have been checked.
pub(crate) struct ReceiveConfig {
    pub(crate) listen: SocketAddr,
    /// The expected verification token; `None` accepts any.
    pub(crate) token: Option<String>,
    /// `None`: signatures are not checked.
    pub(crate) signing_key: Option<SigningKey>,
    pub(crate) show_body: bool,
    /// The response to a valid request.
    pub(crate) status: u16,
}

struct Receiver {
    config: ReceiveConfig,
    clock: Clock,
    repeats: Mutex<Repeats>,
}

/// Serves until the process ends.
///
/// # Errors
/// [`CommandError::Listen`].
pub(crate) async fn receive(config: ReceiveConfig) -> Result<(), CommandError> {
    let address = config.listen;
    let cannot_listen = |source| CommandError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(cannot_listen)?;
    print_line(&format!(
        "Listening on http://{}",
        listener.local_addr().unwrap_or(address)
    ));
    let receiver = Receiver {
        config,
        clock: Clock::machine(),
        repeats: Mutex::default(),
    };
    let router = Router::new()
        .fallback(take)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::new(receiver));
    axum::serve(listener, router).await.map_err(cannot_listen)
}

async fn take(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let (line, status) = receiver.judge(&headers, &body);
    print_line(&line);
    if receiver.config.show_body {
        print_line(&String::from_utf8_lossy(&body));
    }
    status
}

impl Receiver {
    fn judge(&self, headers: &HeaderMap, body: &[u8]) -> (String, StatusCode) {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let at = self.clock.now();
        let token = match &self.config.token {
            None => Check::Skipped,
            Some(expected) => check_token(expected, headers.get("x-gitlab-event-streaming-token")),
        };
        let signature = match &self.config.signing_key {
            None => Check::Skipped,
            Some(key) => key
                .verify(headers, body, at)
                .map_or_else(Check::Wrong, |()| Check::Right),
        };
        let is_refused = token.is_wrong() || signature.is_wrong();
        let good = StatusCode::from_u16(self.config.status).unwrap_or(StatusCode::OK);
        let status = if is_refused { StatusCode::UNAUTHORIZED } else { good };
        let id = header("webhook-id")
            .map(str::to_owned)
            .or_else(|| id_in(body))
            .unwrap_or_else(|| "-".to_owned());
        // Requests that fail the checks are not counted.
        let times = if is_refused {
            0
        } else {
            self.repeats.lock().unwrap_or_else(PoisonError::into_inner).count(&id)
        };
        let event_type = header("x-gitlab-audit-event-type").unwrap_or("-");
        let line = Line {
            at,
            event_type,
            id: &id,
            bytes: body.len(),
            token,
            signature,
            times,
            status: status.as_u16(),
        };
        (line.to_string(), status)
    }
}

/// Compares hashes, so that the duration does not reveal how much of the token is right.
fn check_token(expected: &str, sent: Option<&HeaderValue>) -> Check {
    match sent {
        None => Check::Wrong(SignatureError::Missing),
        Some(sent) if Sha256::digest(sent.as_bytes()) == Sha256::digest(expected.as_bytes()) => Check::Right,
        Some(_) => Check::Wrong(SignatureError::Wrong),
    }
}

/// The id of a single event.
fn id_in(body: &[u8]) -> Option<String> {
    let event = Members::read(std::str::from_utf8(body).ok()?).ok()?;
    let id = event.json("id")?;
    let is_identifier = id.starts_with(['"', '-']) || id.starts_with(|first: char| first.is_ascii_digit());
    is_identifier.then(|| plain(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receiver(token: Option<&str>, status: u16) -> Receiver {
        let config = ReceiveConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            token: token.map(str::to_owned),
            signing_key: None,
            show_body: false,
            status,
        };
        Receiver {
            config,
            clock: Clock::machine(),
            repeats: Mutex::default(),
        }
    }

    fn sent(token: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-gitlab-event-streaming-token", HeaderValue::from_static(token));
        headers
    }

    #[test]
    fn only_the_right_token_is_taken() {
        let receiver = receiver(Some("0123456789abcdef"), 200);
        assert_eq!(receiver.judge(&sent("0123456789abcdef"), b"{}").1, StatusCode::OK);
        assert_eq!(
            receiver.judge(&sent("0123456789abcdeF"), b"{}").1,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(receiver.judge(&HeaderMap::new(), b"{}").1, StatusCode::UNAUTHORIZED);
    }

    #[test]
    fn without_a_token_to_compare_any_is_taken() {
        let (line, status) = receiver(None, 503).judge(&sent("x"), br#"{"id":7}"#);
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(line.contains("id 7") && line.contains("token not checked"), "{line}");
    }

    #[test]
    fn what_comes_again_is_counted() {
        let receiver = receiver(None, 200);
        let lines = [0, 1].map(|_| receiver.judge(&HeaderMap::new(), br#"{"id":"a"}"#).0);
        assert!(
            !lines[0].contains("(time") && lines[1].ends_with("(time 2)"),
            "{lines:?}"
        );
    }
}

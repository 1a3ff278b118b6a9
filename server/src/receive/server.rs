//! Takes requests at any path.

use std::{
    io::{self, Read},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_ENCODING, CONTENT_TYPE},
    },
};
use domain::event::body::{Members, plain};
use engine::clock::Clock;
use flate2::read::GzDecoder;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use super::{
    line::{Check, Line},
    repeats::Repeats,
    signature::{SignatureError, SigningKey, verify},
};
use crate::cli::{CommandError, print_line};

/// The size of the largest batch that a destination receives.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Settings that have been checked.
pub(crate) struct ReceiveConfig {
    pub(crate) listen: SocketAddr,
    /// The accepted verification tokens; if there are none, any is accepted.
    pub(crate) tokens: Vec<String>,
    /// A signature by one of them is enough; if there are none, signatures are not checked.
    pub(crate) signing_keys: Vec<SigningKey>,
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
        match decompressed(&headers, &body) {
            Ok(body) => print_line(&String::from_utf8_lossy(&body)),
            Err(error) => print_line(&format!("The body can't be decompressed: {error}")),
        }
    }
    status
}

impl Receiver {
    fn judge(&self, headers: &HeaderMap, body: &Bytes) -> (String, StatusCode) {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let at = self.clock.now();
        let token = match self.config.tokens.as_slice() {
            [] => Check::Skipped,
            accepted => check_token(accepted, headers.get("x-gitlab-event-streaming-token")),
        };
        let signature = match self.config.signing_keys.as_slice() {
            [] => Check::Skipped,
            keys => verify(keys, headers, body, at).map_or_else(Check::Wrong, |()| Check::Right),
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
        let what = match header("x-gitlab-audit-event-type") {
            Some(event_type) => event_type.to_owned(),
            None => batch_of(headers, body),
        };
        let line = Line {
            at,
            what: &what,
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

/// Compares hashes, so that the duration does not reveal how much of a token is right.
fn check_token(accepted: &[String], sent: Option<&HeaderValue>) -> Check {
    let Some(sent) = sent else {
        return Check::Wrong(SignatureError::Missing);
    };
    let sent = Sha256::digest(sent.as_bytes());
    match accepted.iter().any(|token| Sha256::digest(token.as_bytes()) == sent) {
        true => Check::Right,
        false => Check::Wrong(SignatureError::Wrong),
    }
}

/// The body as it was before `Content-Encoding`.
///
/// # Errors
/// It is broken, too large, or compressed in a way that batches never are.
fn decompressed(headers: &HeaderMap, body: &Bytes) -> io::Result<Bytes> {
    let encoding = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
    let mut decoder: Box<dyn Read> = match encoding {
        None => return Ok(body.clone()),
        Some(b"gzip") => Box::new(GzDecoder::new(&**body)),
        Some(b"zstd") => Box::new(zstd::stream::read::Decoder::new(&**body)?),
        Some(_) => return Err(io::Error::other("its Content-Encoding is neither gzip nor zstd")),
    };
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_BODY_BYTES).unwrap_or(u64::MAX);
    decoder.by_ref().take(limit).read_to_end(&mut bytes)?;
    match decoder.read(&mut [0])? {
        0 => Ok(bytes.into()),
        _ => Err(io::Error::other("it is too large")),
    }
}

/// `batch of 3`, or `-` for what is not recognized as a batch.
fn batch_of(headers: &HeaderMap, body: &Bytes) -> String {
    let Ok(body) = decompressed(headers, body) else {
        return "-".to_owned();
    };
    let events = match headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes) {
        Some(b"application/x-ndjson") => Some(
            body.split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
                .count(),
        ),
        _ => serde_json::from_slice::<Vec<IgnoredAny>>(&body)
            .ok()
            .map(|events| events.len()),
    };
    events.map_or_else(|| "-".to_owned(), |events| format!("batch of {events}"))
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
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    const EMPTY: Bytes = Bytes::from_static(b"{}");

    fn receiver(tokens: &[&str], status: u16) -> Receiver {
        let config = ReceiveConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tokens: tokens.iter().map(|token| (*token).to_owned()).collect(),
            signing_keys: Vec::new(),
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
        let receiver = receiver(&["0123456789abcdef"], 200);
        assert_eq!(receiver.judge(&sent("0123456789abcdef"), &EMPTY).1, StatusCode::OK);
        assert_eq!(
            receiver.judge(&sent("0123456789abcdeF"), &EMPTY).1,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(receiver.judge(&HeaderMap::new(), &EMPTY).1, StatusCode::UNAUTHORIZED);
    }

    #[test]
    fn each_of_several_tokens_is_taken() {
        let receiver = receiver(&["0123456789abcdef", "fedcba9876543210"], 200);
        for (token, status) in [
            ("0123456789abcdef", StatusCode::OK),
            ("fedcba9876543210", StatusCode::OK),
            ("0123456789abcdef fedcba9876543210", StatusCode::UNAUTHORIZED),
        ] {
            assert_eq!(receiver.judge(&sent(token), &EMPTY).1, status, "{token}");
        }
    }

    #[test]
    fn without_a_token_to_compare_any_is_taken() {
        let (line, status) = receiver(&[], 503).judge(&sent("x"), &Bytes::from_static(br#"{"id":7}"#));
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(line.contains("id 7") && line.contains("token not checked"), "{line}");
    }

    #[test]
    fn what_comes_again_is_counted() {
        let receiver = receiver(&[], 200);
        let lines = [0, 1].map(|_| {
            receiver
                .judge(&HeaderMap::new(), &Bytes::from_static(br#"{"id":"a"}"#))
                .0
        });
        assert!(
            !lines[0].contains("(time") && lines[1].ends_with("(time 2)"),
            "{lines:?}"
        );
    }

    #[test]
    fn the_events_of_a_batch_are_counted_however_it_is_sent() {
        let array = b"[{\"id\":1},{\"id\":2},{\"id\":3}]";
        let lines = b"{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n";
        let gzip = {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(array).unwrap();
            encoder.finish().unwrap()
        };
        let zstd = zstd::encode_all(&lines[..], 1).unwrap();
        for (content_type, encoding, body, line) in [
            ("application/json", None, array.to_vec(), "batch of 3"),
            ("application/x-ndjson", None, lines.to_vec(), "batch of 3"),
            ("application/json", Some("gzip"), gzip, "batch of 3"),
            ("application/x-ndjson", Some("zstd"), zstd, "batch of 3"),
            ("application/json", Some("gzip"), array.to_vec(), "200  -  id"),
        ] {
            let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
            headers.extend(encoding.map(|encoding| (CONTENT_ENCODING, HeaderValue::from_static(encoding))));
            let (told, _) = receiver(&[], 200).judge(&headers, &Bytes::from(body));
            assert!(told.contains(line), "{content_type} {encoding:?}: {told}");
        }
    }
}

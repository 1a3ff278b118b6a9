//! A small HTTP receiver: it accepts everything, and tells a witness.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header::CONTENT_ENCODING},
};
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    bodies::{decompress, split},
    witness::{Origin, Witness},
};

/// The size of the largest batch that a destination receives.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
const TOKEN_HEADER: &str = "x-gitlab-event-streaming-token";
const REPLAY_HEADER: &str = "x-audit-streams-replay";

/// The receiver can't listen.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address}")]
pub struct ReceiverError {
    address: SocketAddr,
    source: io::Error,
}

/// A running receiver. It stops when it is dropped.
pub(crate) struct Receiver {
    address: SocketAddr,
    serving: JoinHandle<()>,
    state: Arc<Reception>,
}

struct Reception {
    witness: Arc<Witness>,
    /// The hash of the expected verification token. Until it is known, any is accepted.
    token: OnceLock<Vec<u8>>,
}

impl Receiver {
    pub(crate) async fn start(address: SocketAddr, witness: Arc<Witness>) -> Result<Self, ReceiverError> {
        let cannot_listen = |source| ReceiverError { address, source };
        let listener = TcpListener::bind(address).await.map_err(cannot_listen)?;
        let bound = listener.local_addr().map_err(cannot_listen)?;
        let state = Arc::new(Reception {
            witness,
            token: OnceLock::new(),
        });
        let router = Router::new()
            .fallback(take)
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(Arc::clone(&state));
        // It ends only with its listener, which nothing closes before.
        let serving = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self {
            address: bound,
            serving,
            state,
        })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, only requests with this token are accepted.
    pub(crate) fn expect_token(&self, token: &str) {
        self.state.token.get_or_init(|| hash_of(token.as_bytes()));
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn hash_of(token: &[u8]) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

async fn take(State(state): State<Arc<Reception>>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    if let Some(expected) = state.token.get() {
        let sent = headers.get(TOKEN_HEADER).map(|token| hash_of(token.as_bytes()));
        if sent.as_ref() != Some(expected) {
            return (StatusCode::UNAUTHORIZED, "the verification token is wrong".to_owned());
        }
    }
    let encoding = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    let origin = match headers.contains_key(REPLAY_HEADER) {
        true => Origin::Replay,
        false => Origin::Stream,
    };
    let taken = decompress(encoding, &body).and_then(|body| {
        for event in split(&body)? {
            state.witness.accept(event, origin);
        }
        Ok(())
    });
    match taken {
        Ok(()) => (StatusCode::OK, String::new()),
        Err(error) => {
            state.witness.note_unreadable(&error.to_string());
            (StatusCode::BAD_REQUEST, error.to_string())
        }
    }
}

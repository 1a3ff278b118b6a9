//! Large bodies take turns: what all requests together hold in memory stays bounded, and small ones never wait.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ApiError;

/// Large bodies in memory at the same time, parsed events included.
const AT_ONCE: usize = 8;

/// How long one may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who may hold a large body.
pub(crate) struct LargeBodies(Arc<Semaphore>);

/// Ends when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Default for LargeBodies {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl LargeBodies {
    /// Bodies of more bytes than this take turns.
    pub(super) const LARGE_FROM: usize = 1024 * 1024;

    /// # Errors
    /// 503 if it was nobody's turn to end for a while.
    pub(super) async fn turn(&self) -> Result<Turn, ApiError> {
        let permit = tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await;
        match permit {
            Ok(Ok(permit)) => Ok(Turn { _permit: permit }),
            _ => Err(busy()),
        }
    }
}

fn busy() -> ApiError {
    let message = "Too many large requests are being taken in. Nothing was stored; send the request again.";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).with_retry_after(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_too_many_waits_until_another_ends() {
        let large_bodies = LargeBodies::default();
        let mut turns = Vec::new();
        for _ in 0..AT_ONCE {
            turns.push(large_bodies.turn().await.unwrap());
        }
        assert_eq!(large_bodies.turn().await.unwrap_err().code(), "busy");
        turns.pop();
        assert!(large_bodies.turn().await.is_ok());
    }
}

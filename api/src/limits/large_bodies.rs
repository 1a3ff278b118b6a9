//! Permits for large bodies. They bound the memory of all requests together; small bodies never wait.
//!
//! One token can have at most half of the permits, so that it cannot block the others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use axum::http::StatusCode;
use domain::ids::TokenId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::ApiError;

/// Maximum number of large bodies in memory, including their parsed events.
const AT_ONCE: usize = 8;

/// Maximum number for one token.
const OF_ONE_TOKEN: usize = AT_ONCE / 2;

/// Maximum time to wait for a permit.
const PATIENCE: Duration = Duration::from_secs(10);

/// The permits for large bodies.
pub(crate) struct LargeBodies {
    all: Arc<Semaphore>,
    /// The permits of each token that uses or waits for one.
    of_tokens: Mutex<HashMap<TokenId, Weak<Semaphore>>>,
}

/// The permits that are available to one token.
#[derive(Clone, Copy)]
pub(crate) struct OfToken<'bodies> {
    bodies: &'bodies LargeBodies,
    token: TokenId,
}

/// Returned when dropped.
#[derive(Debug)]
pub(crate) struct BodyPermit {
    _permit: OwnedSemaphorePermit,
    _permit_of_token: OwnedSemaphorePermit,
}

impl Default for LargeBodies {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(AT_ONCE)),
            of_tokens: Mutex::default(),
        }
    }
}

impl LargeBodies {
    /// Bodies with more bytes than this need a permit.
    pub(crate) const LARGE_FROM: usize = 1024 * 1024;

    /// The permits that are available to this token.
    pub(crate) const fn of(&self, token: TokenId) -> OfToken<'_> {
        OfToken { bodies: self, token }
    }

    fn turns_of(&self, token: TokenId) -> Arc<Semaphore> {
        let mut of_tokens = self.of_tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(permits) = of_tokens.get(&token).and_then(Weak::upgrade) {
            return permits;
        }
        of_tokens.retain(|_, permits| permits.strong_count() > 0);
        let permits = Arc::new(Semaphore::new(OF_ONE_TOKEN));
        of_tokens.insert(token, Arc::downgrade(&permits));
        permits
    }
}

impl OfToken<'_> {
    /// # Errors
    /// 503 if no permit became free in time.
    pub(crate) async fn permit(self) -> Result<BodyPermit, ApiError> {
        let permits = self.bodies.turns_of(self.token);
        let waiting = async {
            // In this order, a request that waits for other bodies of its token takes no permit from other tokens.
            let of_token = permits.acquire_owned().await?;
            Arc::clone(&self.bodies.all)
                .acquire_owned()
                .await
                .map(|permit| BodyPermit {
                    _permit: permit,
                    _permit_of_token: of_token,
                })
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(busy()),
        }
    }
}

fn busy() -> ApiError {
    let message = "Too many large requests are in progress. Nothing was stored. Retry the request.";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).with_retry_after(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: TokenId = TokenId::new(1);
    const OTHER: TokenId = TokenId::new(2);

    #[tokio::test(start_paused = true)]
    async fn one_token_leaves_turns_for_the_others() {
        let large_bodies = LargeBodies::default();
        let mut permits = Vec::new();
        for _ in 0..OF_ONE_TOKEN {
            permits.push(large_bodies.of(ONE).permit().await.unwrap());
        }
        assert_eq!(large_bodies.of(ONE).permit().await.unwrap_err().code(), "busy");
        for _ in 0..AT_ONCE - OF_ONE_TOKEN {
            permits.push(large_bodies.of(OTHER).permit().await.unwrap());
        }
        permits.remove(0);
        assert!(large_bodies.of(ONE).permit().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn one_too_many_waits_until_another_ends() {
        let large_bodies = LargeBodies::default();
        let mut permits = Vec::new();
        for token in 0..AT_ONCE {
            let token = TokenId::new(i64::try_from(token).unwrap());
            permits.push(large_bodies.of(token).permit().await.unwrap());
        }
        let late = TokenId::new(99);
        assert_eq!(large_bodies.of(late).permit().await.unwrap_err().code(), "busy");
        permits.pop();
        assert!(large_bodies.of(late).permit().await.is_ok());
    }

    #[tokio::test]
    async fn tokens_that_hold_nothing_are_forgotten() {
        let large_bodies = LargeBodies::default();
        for token in 0..1_000 {
            drop(large_bodies.of(TokenId::new(token)).permit().await.unwrap());
        }
        assert!(large_bodies.of_tokens.lock().unwrap().len() <= 1);
    }
}

//! Permits for pages of the log. They bound the memory of all requests together, and leave a reader of the log free for the page.

use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::ApiError;

/// Maximum number of concurrent pages: half of the log's readers.
const AT_ONCE: usize = 4;

/// Maximum time to wait for a permit.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of bodies on a page, which the last event may exceed. A page ends early at this size.
pub(crate) const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// The permits for pages.
pub(crate) struct LogReads(Semaphore);

impl Default for LogReads {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl LogReads {
    /// Returned when dropped.
    ///
    /// # Errors
    /// 503 if no permit became free in time.
    pub(crate) async fn permit(&self) -> Result<SemaphorePermit<'_>, ApiError> {
        let permit = tokio::time::timeout(PATIENCE, self.0.acquire()).await;
        match permit {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(busy()),
        }
    }
}

fn busy() -> ApiError {
    let message = "Too many requests are reading the log. Retry the request.";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).with_retry_after(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_too_many_waits_until_another_ends() {
        let log_reads = LogReads::default();
        let mut permits = Vec::new();
        for _ in 0..AT_ONCE {
            permits.push(log_reads.permit().await.unwrap());
        }
        assert_eq!(log_reads.permit().await.unwrap_err().code(), "busy");
        permits.pop();
        assert!(log_reads.permit().await.is_ok());
    }
}

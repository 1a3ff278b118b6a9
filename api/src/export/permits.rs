//! Limits the number of concurrent exports, for each token or session and for the server.
//!
//! Each export keeps a part of the file in memory until its client has read it, so the limit bounds their memory. A request over
//! the limit is rejected immediately with `Retry-After`: an export can take hours, and waiting would keep a connection open for
//! nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::StatusCode;
use domain::ids::{SessionId, TokenId};

use crate::error::ApiError;

const PER_CREDENTIAL: usize = 4;

const IN_TOTAL: usize = 32;

const RETRY_AFTER_SECONDS: u32 = 10;

/// The session or token of an export, which ends with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    Session(SessionId),
    Token(TokenId),
}

/// The number of exports in progress, by credential.
#[derive(Clone, Default)]
pub(crate) struct ExportPermits(Arc<Mutex<HashMap<Credential, usize>>>);

/// Returned when dropped.
pub(super) struct ExportPermit {
    permits: ExportPermits,
    credential: Credential,
}

impl ExportPermits {
    /// # Errors
    /// 429 if this token or session has too many, 503 if there are too many of all.
    pub(super) fn take(&self, credential: Credential) -> Result<ExportPermit, ApiError> {
        let mut open = self.lock();
        if open.get(&credential).is_some_and(|count| *count >= PER_CREDENTIAL) {
            let message = "This token or session has 4 exports in progress, which is the limit.";
            return Err(too_many(StatusCode::TOO_MANY_REQUESTS, "too_many_exports", message));
        }
        if open.values().sum::<usize>() >= IN_TOTAL {
            let message = "The server has 32 exports in progress, which is the limit.";
            return Err(too_many(StatusCode::SERVICE_UNAVAILABLE, "busy", message));
        }
        *open.entry(credential).or_default() += 1;
        Ok(ExportPermit {
            permits: self.clone(),
            credential,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Credential, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ExportPermit {
    fn drop(&mut self) {
        let mut open = self.permits.lock();
        if let Some(count) = open.get_mut(&self.credential) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.credential);
            }
        }
    }
}

fn too_many(status: StatusCode, code: &'static str, message: &'static str) -> ApiError {
    ApiError::new(status, code, message).with_retry_after(RETRY_AFTER_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pass_has_its_places_and_all_together_have_theirs() {
        let (permits, mut taken) = (ExportPermits::default(), Vec::new());
        for number in 0..IN_TOTAL {
            let credential = Credential::Session(SessionId::new(i64::try_from(number / PER_CREDENTIAL).unwrap()));
            taken.push(permits.take(credential).unwrap());
            if number % PER_CREDENTIAL == PER_CREDENTIAL - 1 {
                assert_eq!(permits.take(credential).err().unwrap().code(), "too_many_exports");
            }
        }
        let other = Credential::Session(SessionId::new(99));
        assert_eq!(
            permits.take(other).err().unwrap().status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
        taken.pop();
        assert!(permits.take(other).is_ok());
        drop(taken);
        assert!(permits.lock().is_empty());
    }
}

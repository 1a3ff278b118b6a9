//! How many exports there may be at the same time: of one token or session, and of all together.
//!
//! Each holds a part of the file in memory until its client has taken it, so their number bounds the memory of all of them.
//! Whoever asks for one too many is told at once when to come back: an export may take hours, and waiting for one would keep a
//! connection for nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::StatusCode;
use domain::ids::SessionId;

use crate::{auth::TokenHash, error::ApiError};

const OF_ONE_PASS: usize = 4;

const OF_ALL: usize = 32;

const COME_BACK_SECONDS: u32 = 10;

/// By what somebody is let in: once it ends, they get no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pass {
    Session(SessionId),
    Token(TokenHash),
}

/// The exports that are being sent.
#[derive(Clone, Default)]
pub(crate) struct ExportPlaces(Arc<Mutex<HashMap<Pass, usize>>>);

/// Ends when dropped.
pub(super) struct ExportPlace {
    places: ExportPlaces,
    pass: Pass,
}

impl ExportPlaces {
    /// # Errors
    /// 429 if this token or session has too many, 503 if there are too many of all.
    pub(super) fn take(&self, pass: Pass) -> Result<ExportPlace, ApiError> {
        let mut open = self.lock();
        if open.get(&pass).is_some_and(|count| *count >= OF_ONE_PASS) {
            let message = "This token or session has 4 exports in progress, which is the limit.";
            return Err(too_many(StatusCode::TOO_MANY_REQUESTS, "too_many_exports", message));
        }
        if open.values().sum::<usize>() >= OF_ALL {
            let message = "The server has 32 exports in progress, which is the limit.";
            return Err(too_many(StatusCode::SERVICE_UNAVAILABLE, "busy", message));
        }
        *open.entry(pass).or_default() += 1;
        Ok(ExportPlace {
            places: self.clone(),
            pass,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Pass, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ExportPlace {
    fn drop(&mut self) {
        let mut open = self.places.lock();
        if let Some(count) = open.get_mut(&self.pass) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.pass);
            }
        }
    }
}

fn too_many(status: StatusCode, code: &'static str, message: &'static str) -> ApiError {
    ApiError::new(status, code, message).with_retry_after(COME_BACK_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pass_has_its_places_and_all_together_have_theirs() {
        let (places, mut taken) = (ExportPlaces::default(), Vec::new());
        for number in 0..OF_ALL {
            let pass = Pass::Session(SessionId::new(i64::try_from(number / OF_ONE_PASS).unwrap()));
            taken.push(places.take(pass).unwrap());
            if number % OF_ONE_PASS == OF_ONE_PASS - 1 {
                assert_eq!(places.take(pass).err().unwrap().code(), "too_many_exports");
            }
        }
        let other = Pass::Session(SessionId::new(99));
        assert_eq!(
            places.take(other).err().unwrap().status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
        taken.pop();
        assert!(places.take(other).is_ok());
        drop(taken);
        assert!(places.lock().is_empty());
    }
}

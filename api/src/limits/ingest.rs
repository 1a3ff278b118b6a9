//! Limits the events of each token, the invalid tokens of each address, and the log lines about both.

use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::{Timestamp, ids::TokenId};
use engine::credentials::{Throttle, Wait};

use super::rate::RateHeaders;

const FAILURES: NonZeroU32 = NonZeroU32::new(60).expect("is not zero");
const FAILURES_IN: Duration = Duration::from_secs(60);

/// Limit of requests with an invalid token for each address. It does not affect requests with a valid token.
pub(crate) struct FailedTokens(Throttle<IpAddr>);

impl FailedTokens {
    pub(crate) fn new() -> Self {
        Self(Throttle::new(FAILURES, FAILURES_IN))
    }

    /// Counts a failure; an error if there were too many.
    pub(crate) fn count(&self, address: IpAddr) -> Result<(), Wait> {
        self.0.take(&address, Instant::now())
    }
}

const LOGGED: NonZeroU32 = NonZeroU32::new(10).expect("is not zero");
const LOGGED_IN: Duration = Duration::from_secs(60);

/// Limits the log lines about rejected requests, so that a sender that keeps retrying does not fill the log.
pub(crate) struct RefusalLog {
    lines: Throttle<&'static str>,
    /// Lines omitted since the last one.
    left_out: Mutex<HashMap<&'static str, u64>>,
}

impl RefusalLog {
    pub(crate) fn new() -> Self {
        Self {
            lines: Throttle::new(LOGGED, LOGGED_IN),
            left_out: Mutex::default(),
        }
    }

    /// Whether to log a rejection of this kind; if so, how many lines were omitted before it.
    pub(crate) fn admits(&self, kind: &'static str) -> Option<u64> {
        let is_admitted = self.lines.take(&kind, Instant::now()).is_ok();
        let mut left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        let left_out = left_out.entry(kind).or_default();
        if is_admitted {
            return Some(std::mem::take(left_out));
        }
        *left_out += 1;
        None
    }
}

/// Limit of events per second for each token. A request is charged after it is accepted, so the next requests wait for what exceeds the
/// limit.
pub(crate) struct IngestRate(Option<(u32, Throttle<TokenId>)>);

impl IngestRate {
    /// `None` means no limit.
    pub(crate) fn new(events_per_second: Option<NonZeroU32>) -> Self {
        Self(events_per_second.map(|rate| (rate.get(), Throttle::new(rate, Duration::from_secs(1)))))
    }

    /// Whether the token may send a request now.
    pub(crate) fn check(&self, token: TokenId) -> Result<(), Wait> {
        self.0
            .as_ref()
            .map_or(Ok(()), |(_, throttle)| throttle.check(&token, Instant::now()))
    }

    /// Charges the events of an accepted request.
    pub(crate) fn charge(&self, token: TokenId, events: usize) {
        if let Some((_, throttle)) = &self.0 {
            throttle.charge(&token, u32::try_from(events).unwrap_or(u32::MAX), Instant::now());
        }
    }

    /// The rate headers of a response; none without a limit.
    pub(crate) fn headers(&self, token: TokenId, now: Timestamp) -> RateHeaders {
        let headers = self
            .0
            .as_ref()
            .map(|(limit, throttle)| RateHeaders::new(*limit, throttle.remaining(&token, Instant::now()), now));
        headers.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_that_does_not_give_up_does_not_fill_the_log() {
        let log = RefusalLog::new();
        let lines: Vec<u64> = (0..1_000).filter_map(|_| log.admits("unknown_token")).collect();
        assert_eq!(lines, [0; 10]);
        assert_eq!(log.admits("invalid_event"), Some(0), "each kind of refusal is seen");
        assert_eq!(log.left_out.lock().unwrap()["unknown_token"], 990);
    }

    #[test]
    fn without_a_rate_nothing_is_limited() {
        let rate = IngestRate::new(None);
        rate.charge(TokenId::new(1), usize::MAX);
        assert_eq!(rate.check(TokenId::new(1)), Ok(()));
    }

    #[test]
    fn a_large_request_makes_the_next_one_wait() {
        let rate = IngestRate::new(NonZeroU32::new(100));
        assert_eq!(rate.check(TokenId::new(1)), Ok(()));
        rate.charge(TokenId::new(1), 10_000);
        let wait = rate.check(TokenId::new(1)).unwrap_err();
        assert!((98..=100).contains(&wait.seconds()), "{wait:?}");
        assert_eq!(rate.check(TokenId::new(2)), Ok(()));
    }
}

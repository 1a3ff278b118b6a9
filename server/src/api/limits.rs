//! How much one token may send, how often one address may be wrong, and how often that is logged.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use domain::{Timestamp, ids::TokenId};

use super::rate::RateHeaders;
use crate::access::{Throttle, Wait};

const FAILURES: NonZeroU32 = NonZeroU32::new(60).expect("is not zero");
const FAILURES_IN: Duration = Duration::from_secs(60);

/// Requests with a bad token, for each address. A good token is never slowed down by bad ones beside it.
pub(crate) struct FailedTokens(Throttle<IpAddr>);

impl FailedTokens {
    pub(crate) fn new() -> Self {
        Self(Throttle::new(FAILURES, FAILURES_IN))
    }

    /// Counts a failure; an error once there were too many.
    pub(crate) fn count(&self, address: IpAddr) -> Result<(), Wait> {
        self.0.take(&address, Instant::now())
    }
}

const LOGGED: NonZeroU32 = NonZeroU32::new(10).expect("is not zero");
const LOGGED_IN: Duration = Duration::from_secs(60);

/// Which refusals are worth a line in the log: a sender that does not give up must not fill it.
pub(crate) struct RefusalLog(Throttle<&'static str>);

impl RefusalLog {
    pub(crate) fn new() -> Self {
        Self(Throttle::new(LOGGED, LOGGED_IN))
    }

    /// Whether a refusal with this code is to be logged.
    pub(crate) fn admits(&self, code: &'static str) -> bool {
        self.0.take(&code, Instant::now()).is_ok()
    }
}

/// Events a second for each token. A request is never cut short: what it holds beyond the rate, the next ones wait for.
pub(crate) struct IngestRate(Option<(u32, Throttle<TokenId>)>);

impl IngestRate {
    /// None means no limit.
    pub(crate) fn new(events_per_second: Option<NonZeroU32>) -> Self {
        Self(events_per_second.map(|rate| (rate.get(), Throttle::new(rate, Duration::from_secs(1)))))
    }

    pub(crate) fn check(&self, token: TokenId) -> Result<(), Wait> {
        self.0
            .as_ref()
            .map_or(Ok(()), |(_, throttle)| throttle.check(&token, Instant::now()))
    }

    pub(crate) fn charge(&self, token: TokenId, events: usize) {
        if let Some((_, throttle)) = &self.0 {
            throttle.charge(&token, u32::try_from(events).unwrap_or(u32::MAX), Instant::now());
        }
    }

    /// What is left of it, for an answer; nothing where there is no limit.
    pub(super) fn headers(&self, token: TokenId, now: Timestamp) -> RateHeaders {
        let told = self
            .0
            .as_ref()
            .map(|(limit, throttle)| RateHeaders::new(*limit, throttle.left(&token, Instant::now()), now));
        told.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_that_does_not_give_up_does_not_fill_the_log() {
        let log = RefusalLog::new();
        assert_eq!((0..1_000).filter(|_| log.admits("unknown_token")).count(), 10);
        assert!(log.admits("invalid_event"), "each kind of refusal is seen");
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

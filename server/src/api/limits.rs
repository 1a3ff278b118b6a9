//! How much one token may send, and how often one address may be wrong.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use domain::ids::TokenId;

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

/// Events a second for each token. A request is never cut short: what it holds beyond the rate, the next ones wait for.
pub(crate) struct IngestRate(Option<Throttle<TokenId>>);

impl IngestRate {
    /// None means no limit.
    pub(crate) fn new(events_per_second: Option<NonZeroU32>) -> Self {
        Self(events_per_second.map(|rate| Throttle::new(rate, Duration::from_secs(1))))
    }

    pub(crate) fn check(&self, token: TokenId) -> Result<(), Wait> {
        self.0
            .as_ref()
            .map_or(Ok(()), |throttle| throttle.check(&token, Instant::now()))
    }

    pub(crate) fn charge(&self, token: TokenId, events: usize) {
        if let Some(throttle) = &self.0 {
            throttle.charge(&token, u32::try_from(events).unwrap_or(u32::MAX), Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

//! Limits the requests per minute of a token or a signed-in user, and reports the limit in headers.
//!
//! The names are GitLab's: <https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers>.

use std::{
    fmt,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header::RETRY_AFTER};
use domain::{
    Timestamp,
    ids::{TokenId, UserId},
};
use engine::credentials::{Remaining, Throttle, Wait};

const MINUTE: Duration = Duration::from_secs(60);

/// The limit.
pub(crate) const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
/// How much of the limit remains.
pub(crate) const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
/// When the whole limit is available again, in seconds since 1970.
pub(crate) const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// The token or user whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    Token(TokenId),
    User(UserId),
}

impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(id) => write!(formatter, "token:{id}"),
            Self::User(id) => write!(formatter, "user:{id}"),
        }
    }
}

/// Limit of requests per minute, except for ingest.
pub(crate) struct ApiRate(Option<(u32, Throttle<Owner>)>);

impl ApiRate {
    /// `None` means no limit.
    pub(crate) fn new(requests_per_minute: Option<NonZeroU32>) -> Self {
        Self(requests_per_minute.map(|rate| (rate.get(), Throttle::new(rate, MINUTE))))
    }

    /// Counts a request.
    ///
    /// # Errors
    /// The time to wait, if the limit is exceeded.
    pub(crate) fn count(&self, owner: Owner, now: Timestamp) -> Result<RateHeaders, (Wait, RateHeaders)> {
        let Some((limit, throttle)) = &self.0 else {
            return Ok(RateHeaders::default());
        };
        let moment = Instant::now();
        let taken = throttle.take(&owner, moment);
        let headers = RateHeaders::new(*limit, throttle.remaining(&owner, moment), now);
        match taken {
            Ok(()) => Ok(headers),
            Err(wait) => Err((wait, headers.with_wait(wait))),
        }
    }

    /// Counts the other queries of a batch. Its owner has to wait for them before the next request.
    pub(crate) fn count_others(&self, owner: Owner, requests: usize) {
        if let Some((_, throttle)) = &self.0 {
            throttle.charge(&owner, u32::try_from(requests).unwrap_or(u32::MAX), Instant::now());
        }
    }
}

/// The rate headers of a response; none without a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RateHeaders(Option<RateValues>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RateValues {
    limit: u32,
    remaining: u32,
    full_at: i64,
    retry_after: Option<u32>,
}

impl RateHeaders {
    /// The headers for a limit and what remains of it.
    pub(crate) fn new(limit: u32, remaining: Remaining, now: Timestamp) -> Self {
        let full_at = now.plus(remaining.full_in).unix_ms();
        Self(Some(RateValues {
            limit,
            remaining: remaining.uses,
            full_at: full_at.saturating_add(999).div_euclid(1_000),
            retry_after: None,
        }))
    }

    /// Adds `Retry-After`.
    pub(crate) fn with_wait(self, wait: Wait) -> Self {
        Self(self.0.map(|values| RateValues {
            retry_after: Some(wait.seconds()),
            ..values
        }))
    }

    /// Adds them to a response.
    pub(crate) fn set(self, headers: &mut HeaderMap) {
        let Some(values) = self.0 else { return };
        headers.insert(LIMIT, HeaderValue::from(values.limit));
        headers.insert(REMAINING, HeaderValue::from(values.remaining));
        headers.insert(RESET, HeaderValue::from(values.full_at));
        if let Some(seconds) = values.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_ms(1_760_000_000_500);

    fn header(rate: RateHeaders, name: HeaderName) -> Option<String> {
        let mut headers = HeaderMap::new();
        rate.set(&mut headers);
        headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn each_request_leaves_one_less_until_none_is_left() {
        let rate = ApiRate::new(NonZeroU32::new(2));
        let owner = Owner::Token(TokenId::new(1));
        let first = rate.count(owner, NOW).unwrap();
        assert_eq!(header(first, LIMIT), Some("2".into()));
        assert_eq!(header(first, REMAINING), Some("1".into()));
        let reset: i64 = header(first, RESET).unwrap().parse().unwrap();
        assert_eq!(reset, 1_760_000_031, "half a minute, rounded up");
        assert_eq!(header(first, RETRY_AFTER), None);
        rate.count(owner, NOW).unwrap();
        let (wait, refused) = rate.count(owner, NOW).unwrap_err();
        assert_eq!(header(refused, REMAINING), Some("0".into()));
        assert_eq!(header(refused, RETRY_AFTER), Some(wait.seconds().to_string()));
        assert!(rate.count(Owner::User(UserId::new(1)), NOW).is_ok(), "another owner");
        rate.count_others(Owner::User(UserId::new(1)), 2);
        assert!(
            rate.count(Owner::User(UserId::new(1)), NOW).is_err(),
            "asked for three at once"
        );
    }

    #[test]
    fn without_a_limit_nothing_is_values() {
        let rate = ApiRate::new(None).count(Owner::User(UserId::new(1)), NOW).unwrap();
        assert_eq!(header(rate, LIMIT), None);
    }
}

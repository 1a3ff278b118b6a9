//! Requests of nobody: without a token or session. They learn what there is to ask for, and not endlessly often.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use crate::access::{Throttle, Wait};

const QUERIES: NonZeroU32 = NonZeroU32::new(60).expect("is not zero");
const QUERIES_IN: Duration = Duration::from_secs(60);

/// Queries of nobody, for each address. Each query of a batch counts.
pub(crate) struct Strangers(Throttle<IpAddr>);

impl Strangers {
    pub(crate) fn new() -> Self {
        Self(Throttle::new(QUERIES, QUERIES_IN))
    }

    /// Counts a request with one query.
    ///
    /// # Errors
    /// How long to wait once there were too many.
    pub(super) fn count(&self, address: IpAddr) -> Result<(), Wait> {
        self.0.take(&address, Instant::now())
    }

    /// Counts the other queries of a batch: whoever sends it waits for them before the next request.
    pub(super) fn count_others(&self, address: IpAddr, queries: usize) {
        let queries = u32::try_from(queries).unwrap_or(u32::MAX);
        self.0.charge(&address, queries, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_query_of_a_batch_counts() {
        let strangers = Strangers::new();
        let address = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..6 {
            assert_eq!(strangers.count(address), Ok(()));
            strangers.count_others(address, 9);
        }
        assert!(strangers.count(address).is_err());
        assert_eq!(strangers.count(IpAddr::from([192, 0, 2, 2])), Ok(()));
    }
}

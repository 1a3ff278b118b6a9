//! How many requests are in flight to one destination.

/// The most requests in flight.
const MOST: usize = 16;

/// Starts at one and grows by one with each acceptance, so it doubles with each round; falls back to one after trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace(usize);

impl Pace {
    pub(super) const fn slow() -> Self {
        Self(1)
    }

    pub(super) const fn allowed(self) -> usize {
        self.0
    }

    pub(super) fn accepted(&mut self) {
        self.0 = (self.0 + 1).min(MOST);
    }

    pub(super) fn troubled(&mut self) {
        *self = Self::slow();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_with_success_and_starts_over_after_trouble() {
        let mut pace = Pace::slow();
        for _ in 0..100 {
            pace.accepted();
        }
        assert_eq!(pace.allowed(), MOST);
        pace.troubled();
        assert_eq!(pace.allowed(), 1);
    }
}

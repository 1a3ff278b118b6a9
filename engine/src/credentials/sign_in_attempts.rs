//! Limits failed sign-ins, for each address and for each user name.
//!
//! An attempt is charged before the user is looked up and the password is checked, so that parallel attempts gain nothing and cost
//! no query. It is refunded if the password is correct, so only failures count. The limit for a name is wider, because anyone can
//! use it up for someone else. A browser in which the user has signed in before has its own limit, which no one else can use up.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    time::{Duration, Instant},
};

use super::throttle::{Throttle, Wait};

const WINDOW: Duration = Duration::from_secs(5 * 60);
const FROM_ONE_ADDRESS: NonZeroU32 = NonZeroU32::new(10).expect("is not zero");
const FROM_ONE_BROWSER: NonZeroU32 = FROM_ONE_ADDRESS;
const FOR_ONE_NAME: NonZeroU32 = NonZeroU32::new(30).expect("is not zero");

/// The limits of failed sign-ins.
pub(crate) struct SignInAttempts {
    by_address: Throttle<IpAddr>,
    by_name: Throttle<String>,
    by_browser: Throttle<String>,
}

/// An attempt, which counts as failed unless it is refunded.
pub(crate) struct Attempt<'attempts> {
    attempts: &'attempts SignInAttempts,
    limits: Limits,
}

/// The limits that an attempt is charged to.
enum Limits {
    OfAnybody { address: IpAddr, name: String },
    OfBrowser(String),
}

impl Default for SignInAttempts {
    fn default() -> Self {
        Self {
            by_address: Throttle::new(FROM_ONE_ADDRESS, WINDOW),
            by_name: Throttle::new(FOR_ONE_NAME, WINDOW),
            by_browser: Throttle::new(FROM_ONE_BROWSER, WINDOW),
        }
    }
}

impl SignInAttempts {
    /// Charges an attempt, or returns the time to wait.
    pub(crate) fn begin(&self, address: IpAddr, name: &str, now: Instant) -> Result<Attempt<'_>, Wait> {
        let (address, name) = (network_of(address), key_of(name));
        self.by_address.take(&address, now)?;
        if let Err(wait) = self.by_name.take(&name, now) {
            self.by_address.refund(&address);
            return Err(wait);
        }
        Ok(Attempt {
            attempts: self,
            limits: Limits::OfAnybody { address, name },
        })
    }

    /// Like [`Self::begin`], for a browser or session that is known to be the user's.
    pub(crate) fn begin_known(&self, browser: &str, now: Instant) -> Result<Attempt<'_>, Wait> {
        let browser = key_of(browser);
        self.by_browser.take(&browser, now)?;
        Ok(Attempt {
            attempts: self,
            limits: Limits::OfBrowser(browser),
        })
    }
}

impl Attempt<'_> {
    /// Refunds the attempt: the password was correct, or could not be checked.
    pub(crate) fn refund(self) {
        match &self.limits {
            Limits::OfAnybody { address, name } => {
                self.attempts.by_address.refund(address);
                self.attempts.by_name.refund(name);
            }
            Limits::OfBrowser(browser) => self.attempts.by_browser.refund(browser),
        }
    }
}

/// A client usually has a whole /64 of IPv6 addresses.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Names are truncated to bound the memory.
fn key_of(name: &str) -> String {
    name.chars().take(255).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn ten_failures_from_one_address_are_enough() {
        let (attempts, now) = (SignInAttempts::default(), Instant::now());
        for tried in 0..10 {
            assert!(attempts.begin(address(1), &format!("user{tried}"), now).is_ok());
        }
        let wait = attempts.begin(address(1), "root", now).err();
        assert_eq!(wait.map(Wait::seconds), Some(30));
        assert!(attempts.begin(address(2), "root", now).is_ok());
    }

    #[test]
    fn thirty_failures_for_one_name_are_enough_from_wherever() {
        let (attempts, now) = (SignInAttempts::default(), Instant::now());
        for last in 0..30 {
            assert!(attempts.begin(address(last), "root", now).is_ok());
        }
        assert!(attempts.begin(address(99), "root", now).is_err());
        assert!(attempts.begin(address(99), "ada", now).is_ok());
    }

    #[test]
    fn a_known_browser_has_a_limit_of_its_own() {
        let (attempts, now) = (SignInAttempts::default(), Instant::now());
        for last in 0..30 {
            assert!(attempts.begin(address(last), "root", now).is_ok());
        }
        assert!(attempts.begin(address(99), "root", now).is_err());
        for _ in 0..10 {
            assert!(attempts.begin_known("browser", now).is_ok());
        }
        assert!(attempts.begin_known("browser", now).is_err());
        assert!(attempts.begin_known("other", now).is_ok());
    }

    #[test]
    fn right_passwords_do_not_count() {
        let (attempts, now) = (SignInAttempts::default(), Instant::now());
        for _ in 0..100 {
            attempts.begin(address(1), "root", now).map(Attempt::refund).unwrap();
        }
    }

    #[test]
    fn all_addresses_of_one_ipv6_customer_count_as_one() {
        let (attempts, now) = (SignInAttempts::default(), Instant::now());
        for host in 0..10_u16 {
            let address = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 0, 0, 0, host));
            assert!(attempts.begin(address, "root", now).is_ok());
        }
        let same_network = "2001:db8:1:2:ffff::1".parse().unwrap();
        assert!(attempts.begin(same_network, "root", now).is_err());
        let other_network = "2001:db8:1:3::1".parse().unwrap();
        assert!(attempts.begin(other_network, "root", now).is_ok());
    }
}

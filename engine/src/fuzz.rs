//! What only the fuzz targets call, under the feature `fuzzing`: how each kind of destination reads an answer, and the network rules.

use std::net::IpAddr;

use domain::settings::AllowEntry;
use url::Url;

use crate::net::NetworkRules;
pub use crate::sink::fuzz::{Answer, Reported, google_answer, google_token_answer, http_answer, s3_answer};

/// The network rules of an instance.
#[derive(Debug, Default)]
pub struct Rules {
    rules: NetworkRules,
}

impl Rules {
    /// Rules with these exceptions.
    pub fn new(allow_local_network: bool, allowlist: Vec<AllowEntry>) -> Self {
        let rules = NetworkRules {
            allow_local_network,
            allowlist,
        };
        Self { rules }
    }

    /// Whether the URL is admitted before its host is resolved.
    pub fn admit_url(&self, url: &Url) -> bool {
        self.rules.check_unresolved(url).is_ok()
    }

    /// Whether a proxy may be asked for the URL if only the proxy can resolve its host.
    pub fn admit_by_proxy(&self, url: &Url) -> bool {
        self.rules.check_unresolvable(url).is_ok()
    }

    /// Whether `host` may be connected to at this address.
    pub fn admit_address(&self, host: &str, address: IpAddr, port: u16) -> bool {
        self.rules.check(host, address, port).is_ok()
    }
}

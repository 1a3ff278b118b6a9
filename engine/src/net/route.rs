//! Through which proxy a URL is reached, if any.

use std::sync::Arc;

use domain::proxy::{NoProxy, ProxyChoice, ProxyUrl};
use url::Url;

/// The proxy of the instance, as the operator has set it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceProxy {
    /// `None` if connections go directly to their hosts.
    pub url: Option<ProxyUrl>,
    /// Hosts that are connected to directly all the same.
    pub exceptions: NoProxy,
}

/// What a client goes by; clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Route {
    pub(super) instance: Arc<InstanceProxy>,
    pub(super) choice: Arc<ProxyChoice>,
}

impl Route {
    /// `None` for a direct connection.
    pub(super) fn proxy_for(&self, url: &Url) -> Option<&ProxyUrl> {
        match &*self.choice {
            ProxyChoice::Direct => None,
            ProxyChoice::Url(proxy) => Some(proxy),
            ProxyChoice::Default => {
                let proxy = self.instance.url.as_ref()?;
                (!self.instance.exceptions.names(url)).then_some(proxy)
            }
        }
    }
}

//! HTTP functions that several routes share.

mod address_ranges;
mod client_address;
mod origin;
mod public_url;
mod request_log;
mod security_headers;
mod stalled_body;
mod visitor;

pub use engine::report_incident;

pub use self::{
    address_ranges::AddressRanges,
    client_address::{Peer, TrustedProxies},
    origin::{check_host, check_origin, require_same_origin},
    public_url::PublicUrl,
    request_log::log_failures,
    security_headers::{page_policy, set_security_headers},
    stalled_body::{BodyStalled, is_stalled},
    visitor::identify_visitor,
};

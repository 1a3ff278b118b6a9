//! HTTP functions that several routes share.

mod address_ranges;
mod client_address;
mod client_certificate;
mod origin;
mod public_url;
mod request_log;
mod security_headers;
mod stalled_body;
mod unread_body;
mod visitor;

pub(crate) use engine::report_incident;

pub use self::{
    address_ranges::AddressRanges,
    client_address::{Peer, TrustedProxies},
    client_certificate::ClientCertificate,
    origin::require_same_origin,
    public_url::PublicUrl,
    request_log::log_failures,
    security_headers::{page_policy, set_security_headers},
    stalled_body::BodyStalled,
    unread_body::drain_unread_body,
    visitor::identify_visitor,
};
pub(crate) use self::{
    origin::{check_host, check_origin, check_sender},
    stalled_body::is_stalled,
    visitor::session_key,
};

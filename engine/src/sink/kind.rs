//! What sending to a kind of destination is made of. Each kind has one such table, in its folder.

use std::sync::Arc;

use domain::{FieldErrors, Timestamp, connection_test::Purpose, destination::FieldMap, ids::ReplayId};
use url::Url;

use super::{Sink, SinkError, SinkServices};
use crate::{clock::Clock, log::LoggedEvent, net::GuardedClients, store::Target};

/// Makes a sink.
type Connect = fn(&Target, &GuardedClients, &SinkServices, Clock, Option<ReplayId>) -> Result<Arc<dyn Sink>, SinkError>;

/// A kind of destination, as one sends to it.
pub(crate) struct SinkKind {
    /// Makes a sink for this target, which marks everything that it sends if it is for a replay.
    pub(crate) connect: Connect,
    /// Finds what is wrong with parsed values that would fail with every attempt, beside those that are stored, if any: what was not
    /// changed may have become wrong since.
    pub(crate) check: fn(&FieldMap, Option<&FieldMap>, Timestamp) -> Result<(), FieldErrors>,
    /// The server whose certificate somebody has to renew. `None` for a service that does so by itself.
    pub(crate) server: fn(&Target) -> Option<Url>,
    /// What a connection test sends, where streams send something else.
    pub(crate) as_tested: fn(FieldMap) -> FieldMap,
    /// The requests of a connection test in which all goes well.
    pub(crate) requests: &'static [Purpose],
    /// What was done before the request could be sent, in whole sentences.
    pub(crate) preparation: fn(Purpose, &Target, &LoggedEvent) -> String,
    /// What a response may repeat and nobody may see.
    pub(crate) secrets: fn(&Target) -> Vec<String>,
    /// The URL of a request, without what may be secret in it.
    pub(crate) visible_url: fn(String) -> String,
}

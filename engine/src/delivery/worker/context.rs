//! What a stream works with.

use std::sync::Arc;

use domain::ids::DestinationId;
use tokio::sync::Notify;

use super::super::{shared::Shared, status::Status};

/// What a stream works with.
#[derive(Clone)]
pub(in crate::delivery) struct StreamWorker {
    pub(in crate::delivery) destination: DestinationId,
    pub(in crate::delivery) shared: Shared,
    pub(in crate::delivery) status: Arc<Status>,
    /// Refused events were changed in the store.
    pub(in crate::delivery) reload: Arc<Notify>,
}

//! STUB

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{Batching, Run, SendReport, Sink, SinkError, SinkServices, report::unsendable};
use crate::{log::LoggedEvent, net::GuardedClients, store::GoogleTarget};

pub struct GoogleSink;

impl GoogleSink {
    pub fn new(
        _: &GoogleTarget,
        _: &GuardedClients,
        _: &SinkServices,
        _: crate::clock::Clock,
    ) -> Result<Self, SinkError> {
        Ok(Self)
    }
}

#[async_trait]
impl Sink for GoogleSink {
    fn batching(&self) -> Batching {
        Batching::Single
    }
    fn deadline(&self) -> Duration {
        Duration::from_secs(30)
    }
    async fn send(&self, _: &[Arc<LoggedEvent>], _: Option<Run>) -> SendReport {
        unsendable("stub").into()
    }
}

pub(crate) fn check_private_key(_: &domain::destination::PrivateKey) -> Result<(), domain::FieldError> {
    Ok(())
}

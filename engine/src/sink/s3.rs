//! STUB

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{Batching, Run, SendReport, Sink, SinkError, SinkServices, report::unsendable};
use crate::{log::LoggedEvent, net::GuardedClients, store::S3Target};

pub struct S3Sink;

impl S3Sink {
    pub fn new(_: &S3Target, _: &GuardedClients, _: &SinkServices) -> Result<Self, SinkError> {
        Ok(Self)
    }
}

#[async_trait]
impl Sink for S3Sink {
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

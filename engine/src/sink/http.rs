//! The HTTP sink: one event a POST, on the wire as GitLab sends it, with Standard Webhooks headers added.

mod failure;
mod request;
mod response;
mod signature;

use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::policy::Outcome;
use url::Url;

use self::{failure::failure_report, request::RequestHead, response::answer_report};
use super::{Report, Sink};
use crate::{
    clock::Clock,
    log::LoggedEvent,
    net::{ClientError, GuardedClient, GuardedClients},
    store::Destination,
};

/// The whole of one attempt, from resolving to the end of the answer.
const ATTEMPT_DEADLINE: Duration = Duration::from_secs(10);

/// Posts to one URL.
pub struct HttpSink {
    client: GuardedClient,
    head: RequestHead,
    clock: Clock,
}

impl HttpSink {
    /// # Errors
    /// [`ClientError`] if no connection can be set up on this machine.
    pub fn new(destination: &Destination, clients: &GuardedClients, clock: Clock) -> Result<Self, ClientError> {
        let url = Url::parse(destination.url.as_str()).map_err(|_| ClientError::NoHost)?;
        let client = clients.client_for(&url, ATTEMPT_DEADLINE)?;
        let head = RequestHead::new(destination).ok_or(ClientError::NoHost)?;
        Ok(Self { client, head, clock })
    }
}

#[async_trait]
impl Sink for HttpSink {
    async fn send(&self, event: &LoggedEvent) -> Report {
        let started = Instant::now();
        let now = self.clock.now();
        let Some(headers) = self.head.headers_for(event, now) else {
            return unsendable();
        };
        match self.client.post(headers, event.body.clone()).await {
            Ok(response) => answer_report(response, started, now).await,
            Err(error) => failure_report(&error, started),
        }
    }
}

fn unsendable() -> Report {
    Report {
        outcome: Outcome::Unsendable,
        reason: "The id or type of the event can't stand in a header.".to_owned(),
        response: String::new(),
        duration: Duration::ZERO,
    }
}

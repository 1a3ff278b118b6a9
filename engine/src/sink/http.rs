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
    /// What an answer may repeat, and nobody is to keep.
    secrets: Vec<String>,
    clock: Clock,
}

impl HttpSink {
    /// # Errors
    /// [`ClientError`] if no connection can be set up on this machine.
    pub fn new(destination: &Destination, clients: &GuardedClients, clock: Clock) -> Result<Self, ClientError> {
        let url = Url::parse(destination.url.as_str()).map_err(|_| ClientError::NoHost)?;
        let client = clients.client_for(&url, ATTEMPT_DEADLINE)?;
        let head = RequestHead::new(destination).ok_or(ClientError::NoHost)?;
        let headers = destination.headers.iter().map(|header| header.value.expose());
        let token = destination.secrets.verification_token.expose();
        let secrets = headers.chain([token]).map(str::to_owned).collect();
        Ok(Self {
            client,
            head,
            secrets,
            clock,
        })
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
        let report = match self.client.post(headers, event.body.clone()).await {
            Ok(response) => answer_report(response, started, now).await,
            Err(error) => failure_report(&error, started),
        };
        Report {
            response: masked(report.response, &self.secrets),
            ..report
        }
    }
}

/// Some receivers send back what they were sent. Secrets that are too short to be told from other text are left.
fn masked(answer: String, secrets: &[String]) -> String {
    const TELLING_CHARS: usize = 6;
    secrets
        .iter()
        .filter(|secret| secret.chars().count() >= TELLING_CHARS && answer.contains(secret.as_str()))
        .fold(answer.clone(), |masked, secret| masked.replace(secret.as_str(), "••••"))
}

fn unsendable() -> Report {
    Report {
        outcome: Outcome::Unsendable,
        reason: "The id or type of the event can't stand in a header.".to_owned(),
        response: String::new(),
        duration: Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_repeats_a_secret_is_kept_without_it() {
        let secrets = [
            "Bearer abcdef".to_owned(),
            "verification-token-1".to_owned(),
            "1".to_owned(),
        ];
        let answer = "no: Authorization=Bearer abcdef, token verification-token-1, try 1".to_owned();
        assert_eq!(masked(answer, &secrets), "no: Authorization=••••, token ••••, try 1");
    }
}

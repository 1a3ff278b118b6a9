//! The HTTP sink: one event a POST, on the wire as GitLab sends it, with Standard Webhooks headers added.

mod request;
mod response;
mod signature;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use domain::{
    Field,
    connection_test::{MASK, Purpose},
    ids::ReplayId,
};
use url::Url;

use self::{request::RequestHead, response::answer_report};
pub(crate) use self::{
    request::{WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP},
    signature::Signer,
};
use super::{
    Batch, Batching, Report, SendReport, Sink, SinkServices,
    kind::SinkKind,
    report::{error_report, masked, unsendable},
};
use crate::{
    clock::Clock,
    log::LoggedEvent,
    net::{ClientError, GuardedClient, GuardedClients},
    store::Target,
};

/// The whole of one attempt, from resolving to the end of the answer.
const ATTEMPT_DEADLINE: Duration = Duration::from_secs(10);

/// Words are shorter than the keys that some services put into their paths.
const LONG_SEGMENT: usize = 16;

pub(super) const KIND: SinkKind = SinkKind {
    connect: |target, clients, services, clock, replay| {
        let sink = HttpSink::new(target, clients, services, clock)?;
        Ok(Arc::new(match replay {
            Some(replay) => sink.for_replay(replay),
            None => sink,
        }))
    },
    check: |_| Ok(()),
    as_tested: |values| values,
    requests: &[Purpose::Event],
    preparation: |_, _, _| "The event was signed for Standard Webhooks.".to_owned(),
    secrets: |target| {
        let mut secrets: Vec<String> = target
            .headers
            .iter()
            .map(|header| header.value.expose().to_owned())
            .collect();
        for secret in [Field::VerificationToken, Field::SigningSecret] {
            secrets.push(target.values.text(secret).to_owned());
        }
        if let Ok(url) = Url::parse(target.values.text(Field::Url)) {
            secrets.extend(secrets_of_url(&url));
        }
        secrets
    },
    visible_url: without_keys,
};

/// Some services have their key in the path.
fn without_keys(url: String) -> String {
    let (front, query) = url
        .split_once('?')
        .map_or((url.as_str(), None), |(front, query)| (front, Some(query)));
    let segments = front.split('/').enumerate();
    // The first three are the scheme and the host.
    let segments = segments.map(|(position, segment)| match segment {
        secret if position > 2 && secret.len() >= LONG_SEGMENT => MASK,
        segment => segment,
    });
    let front = segments.collect::<Vec<_>>().join("/");
    query.map_or_else(|| front.clone(), |query| format!("{front}?{query}"))
}

/// Posts to one URL.
pub(crate) struct HttpSink {
    client: GuardedClient,
    url: Url,
    head: RequestHead,
    deadline: Duration,
    /// What an answer may repeat, and nobody is to keep.
    secrets: Vec<String>,
    clock: Clock,
}

impl HttpSink {
    /// # Errors
    /// [`ClientError`] if no connection can be set up on this machine.
    pub(crate) fn new(
        target: &Target,
        clients: &GuardedClients,
        services: &SinkServices,
        clock: Clock,
    ) -> Result<Self, ClientError> {
        let url = Url::parse(target.values.text(Field::Url)).map_err(|_| ClientError::NoHost)?;
        let deadline = services.deadline.unwrap_or(ATTEMPT_DEADLINE);
        let client = clients.client_for(&url, deadline)?;
        let head = RequestHead::new(target).ok_or(ClientError::NoHost)?;
        let headers = target.headers.iter().map(|header| header.value.expose());
        let token = target.values.text(Field::VerificationToken);
        let mut secrets: Vec<String> = headers.chain([token]).map(str::to_owned).collect();
        secrets.extend(secrets_of_url(&url));
        Ok(Self {
            client,
            url,
            head,
            deadline,
            secrets,
            clock,
        })
    }

    /// Marks every request as one of a replay.
    #[must_use]
    pub(crate) fn for_replay(mut self, replay: ReplayId) -> Self {
        self.head.mark(replay);
        self
    }
}

/// What may be secret in a URL: the path and the query, whole, and what stands out of them.
fn secrets_of_url(url: &Url) -> Vec<String> {
    let long_segments = url.path_segments().into_iter().flatten();
    let long_segments = long_segments.filter(|segment| segment.len() >= LONG_SEGMENT);
    let values = url.query_pairs().map(|(_, value)| value.into_owned());
    // The whole first: a part that is gone would leave the rest.
    let whole = [url.path(), url.query().unwrap_or_default()].into_iter();
    let mut secrets: Vec<String> = whole.chain(long_segments).map(str::to_owned).collect();
    secrets.extend(values);
    secrets
}

#[async_trait]
impl Sink for HttpSink {
    fn batching(&self) -> Batching {
        Batching::Single
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }

    async fn send(&self, events: &[Arc<LoggedEvent>], _batch: Option<Batch>) -> SendReport {
        match events {
            [event] => self.post(event).await.into(),
            _ => unsendable("More than one event for a request that carries one.").into(),
        }
    }
}

impl HttpSink {
    async fn post(&self, event: &LoggedEvent) -> Report {
        let started = Instant::now();
        let now = self.clock.now();
        let Some(headers) = self.head.headers_for(event, now) else {
            return unsendable("The type or source of the event can't be sent in a header.");
        };
        let report = match self.client.post(&self.url, headers, event.body.clone()).await {
            Ok(response) => answer_report(response, started, self.deadline, now).await,
            Err(error) => error_report(&error, started, self.deadline),
        };
        Report {
            response: masked(report.response, &self.secrets),
            ..report
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_repeats_what_the_url_holds_is_kept_without_it() {
        let url = Url::parse("https://siem.example/services/T0123456789ABCDEFGH/in?key=s3cr%2Bt!&n=1").unwrap();
        let secrets = secrets_of_url(&url);
        let kept = |answer: &str| masked(answer.to_owned(), &secrets);
        assert_eq!(
            kept("Cannot POST /services/T0123456789ABCDEFGH/in?key=s3cr%2Bt!&n=1"),
            "Cannot POST ••••?••••"
        );
        assert_eq!(kept("Unknown key s3cr+t!"), "Unknown key ••••");
        assert_eq!(kept("No team T0123456789ABCDEFGH"), "No team ••••");
        assert_eq!(
            kept("1 of the services is in trouble"),
            "1 of the services is in trouble"
        );
    }
}

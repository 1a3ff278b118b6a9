//! The HTTP sink: one event a POST, on the wire as GitLab sends it, with Standard Webhooks headers added; or batches as a JSON array or
//! as JSON Lines.

mod batch;
#[cfg(feature = "fuzzing")]
pub(super) mod fuzz;
mod request;
mod response;
mod signature;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ::http::HeaderMap;
use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    Field, Timestamp,
    connection_test::{MASK, Purpose},
    destination::{RequestFormat, RequestSettings},
    ids::ReplayId,
};
use url::Url;

use self::{request::RequestHead, response::answer_report};
pub(crate) use self::{
    request::{WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP},
    signature::Signer,
};
use super::{
    Batch, Batching, SendReport, Sink, SinkError, SinkServices,
    kind::SinkKind,
    report::{error_report, unsendable},
    tls,
};
use crate::{
    clock::Clock,
    log::LoggedEvent,
    net::{ClientError, GuardedClient, GuardedClients},
    store::Target,
};

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
    check: tls::check,
    server: |target| Url::parse(target.values.text(Field::Url)).ok(),
    as_tested: |values| values,
    requests: &[Purpose::Event],
    preparation: |_, _, _| "The event was signed for Standard Webhooks.".to_owned(),
    secrets: |target| {
        let mut secrets: Vec<String> = target
            .headers
            .iter()
            .map(|header| header.value.expose().to_owned())
            .collect();
        for secret in [Field::VerificationToken, Field::SigningSecret, Field::TlsClientKey] {
            secrets.push(target.values.text(secret).to_owned());
        }
        secrets.extend(target.previous.iter().map(|previous| previous.value.clone()));
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
    requests: RequestSettings,
    deadline: Duration,
    /// What an answer may repeat, and nobody is to keep.
    secrets: Vec<String>,
    clock: Clock,
}

impl HttpSink {
    /// # Errors
    /// [`SinkError::Client`] if no connection can be set up on this machine.
    pub(crate) fn new(
        target: &Target,
        clients: &GuardedClients,
        services: &SinkServices,
        clock: Clock,
    ) -> Result<Self, SinkError> {
        let requests = RequestSettings::parse(&target.values)?;
        let url = Url::parse(target.values.text(Field::Url)).map_err(|_| ClientError::NoHost)?;
        let deadline = services.deadline.unwrap_or(target.delivery_limits()?.timeout);
        let client = tls::clients_of(&target.values, clients)?.client_for(&url, deadline)?;
        let head = RequestHead::new(target, &requests).ok_or(ClientError::NoHost)?;
        let headers = target.headers.iter().map(|header| header.value.expose());
        let previous = target.previous.iter().map(|previous| previous.value.as_str());
        let token = target.values.text(Field::VerificationToken);
        let mut secrets: Vec<String> = headers.chain([token]).chain(previous).map(str::to_owned).collect();
        secrets.extend(secrets_of_url(&url));
        Ok(Self {
            client,
            url,
            head,
            requests,
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
        let (format, batch) = (self.requests.format, self.requests.batch);
        let size = |number| usize::try_from(number).unwrap_or(usize::MAX);
        let beside = match format {
            RequestFormat::Event => return Batching::Single,
            RequestFormat::JsonArray => batch::BESIDE_ARRAY,
            RequestFormat::JsonLines => 0,
        };
        Batching::Batches {
            events: size(batch.events),
            bytes: size(batch.bytes) - beside,
            age: batch.wait,
            at_once: true,
        }
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }

    async fn send(&self, events: &[Arc<LoggedEvent>], batch: Option<Batch>) -> SendReport {
        match (self.requests.format, events) {
            (RequestFormat::JsonArray | RequestFormat::JsonLines, [_, ..]) => self.post_batch(events, batch).await,
            (RequestFormat::Event, [event]) => self.post_event(event).await,
            _ => unsendable("More than one event for a request that carries one.").into(),
        }
    }
}

impl HttpSink {
    async fn post_event(&self, event: &LoggedEvent) -> SendReport {
        let now = self.clock.now();
        match self.head.headers_for(event, now) {
            Some(headers) => self.post(headers, event.body.clone(), now).await,
            None => unsendable("The type or source of the event can't be sent in a header.").into(),
        }
    }

    async fn post_batch(&self, events: &[Arc<LoggedEvent>], batch: Option<Batch>) -> SendReport {
        let now = self.clock.now();
        // A batch is compressed right here: the thread is this stream's alone, which has nothing else to do until it is sent.
        let Ok(body) = batch::body_of(&self.requests, events) else {
            return unsendable("The batch can't be compressed.").into();
        };
        let signed_at = batch::signed_at(batch, now);
        match self.head.headers_for_batch(events, &body, signed_at, now) {
            // How long the receiver takes depends on how many events the batch has.
            Some(headers) => self.post(headers, body, now).await.without_latency(),
            None => unsendable("The source of the events can't be sent in a header.").into(),
        }
    }

    /// `now` is only used to read a `Retry-After` that names a date.
    async fn post(&self, headers: HeaderMap, body: Bytes, now: Timestamp) -> SendReport {
        let started = Instant::now();
        let (report, latency) = match self.client.post(&self.url, headers, body).await {
            Ok(response) => {
                let latency = response.latency();
                (
                    answer_report(response, &self.secrets, started, self.deadline, now).await,
                    Some(latency),
                )
            }
            Err(error) => (error_report(&error, started, self.deadline), None),
        };
        SendReport {
            latency,
            ..report.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::report::masked, *};

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

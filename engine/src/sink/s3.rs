//! The S3 sink: one object an event, under GitLab's keys, or batches of JSON Lines. Both are put by `PutObject` with a
//! checksum, under keys that a repeat uses again, and only if nothing is there yet (`upload`).
//!
//! The SDK signs and words requests; it is given everything and looks for nothing: no profiles, no credentials of the
//! environment, no instance metadata. Its connections are the guarded network's. It neither retries nor has deadlines of
//! its own.

mod connector;
mod endpoint;
#[cfg(feature = "fuzzing")]
pub(super) mod fuzz;
mod object;
mod refusal;
mod upload;

use std::{
    error::Error,
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_sdk_s3::{
    Client,
    config::{
        AppName, BehaviorVersion, Config, IdentityCache, Region, RequestChecksumCalculation,
        StalledStreamProtectionConfig, http::HttpResponse, retry::RetryConfig, timeout::TimeoutConfig,
    },
    error::SdkError,
    operation::put_object::PutObjectError,
};
use domain::{
    Field,
    connection_test::Purpose,
    destination::{DestinationUrl, ObjectLayout, S3Settings},
    ids::ReplayId,
    policy::{Outcome, Unreached},
    s3_objects::ObjectKey,
};
use url::Url;

use self::{connector::GuardedConnector, endpoint::BucketEndpoint, object::Object, refusal::refusal_report};
use super::{
    Batch, Batching, Report, SendReport, Sink, SinkError, SinkServices,
    kind::SinkKind,
    report::{error_report, masked, unsendable},
    tls,
};
use crate::{
    clock::Clock,
    error_chain,
    lineage::Lineage,
    log::LoggedEvent,
    net::{ClientError, GuardedClient, GuardedClients},
    store::Target,
};

/// A batch is closed by any of these, or by its age.
const BATCH_EVENTS: usize = 10_000;
const BATCH_BYTES: usize = 5 * 1024 * 1024;

/// Stands for all of Amazon's own hosts, whose names the SDK makes from bucket and region: they share scheme and port.
const AMAZON: &str = "https://s3.amazonaws.com";

type PutFailure = SdkError<PutObjectError, HttpResponse>;

pub(super) const KIND: SinkKind = SinkKind {
    connect: |target, clients, services, clock, replay| {
        let sink = S3Sink::new(target, clients, services, clock)?;
        Ok(Arc::new(match replay {
            Some(replay) => sink.for_replay(replay),
            None => sink,
        }))
    },
    check: tls::check,
    server: |target| Url::parse(target.values.text(Field::EndpointUrl)).ok(),
    // A batch of one event would leave an object that looks like a stretch of the log.
    as_tested: |values| values.with(Field::ObjectLayout, ObjectLayout::Events.as_str()),
    requests: &[Purpose::Object],
    preparation: |_, target, event| preparation(target, event),
    secrets: |target| {
        let secrets = [Field::SecretAccessKey, Field::AccessKeyId, Field::TlsClientKey];
        secrets.map(|field| target.values.text(field).to_owned()).to_vec()
    },
    visible_url: |url| url,
};

fn preparation(target: &Target, event: &LoggedEvent) -> String {
    let Ok(settings) = S3Settings::parse(&target.values) else {
        return String::new();
    };
    let key = ObjectKey::of_event(
        &settings,
        &event.entity_type,
        &event.event_type,
        &event.source,
        &event.id,
        event.created_at,
    );
    let note = match settings.layout() {
        ObjectLayout::Events => "",
        ObjectLayout::Batches => " A stream puts many events into one object; a test event gets an object of its own.",
    };
    format!("The object {key} was signed for {}.{note}", settings.region())
}

/// Puts objects into one bucket.
pub(crate) struct S3Sink {
    client: Client,
    settings: S3Settings,
    batching: Batching,
    deadline: Duration,
    replay: Option<ReplayId>,
    restored: Option<Lineage>,
    clock: Clock,
    /// Whether the service supports `If-None-Match`, as far as its responses have shown.
    takes_conditions: AtomicBool,
    /// What an answer may repeat, and nobody is to keep.
    secrets: Vec<String>,
}

impl S3Sink {
    /// # Errors
    /// [`SinkError`] if no connection can be set up on this machine, or with what is stored.
    pub(crate) fn new(
        target: &Target,
        clients: &GuardedClients,
        services: &SinkServices,
        clock: Clock,
    ) -> Result<Self, SinkError> {
        let settings = S3Settings::parse(&target.values)?;
        let secret = target.values.text(Field::SecretAccessKey);
        let endpoint = settings.endpoint_url().map_or(AMAZON, DestinationUrl::as_str);
        let endpoint = Url::parse(endpoint).map_err(|_| ClientError::NoHost)?;
        let deadline = services.deadline.unwrap_or(target.delivery_limits()?.timeout);
        let client = tls::clients_of(&target.values, clients)?.client_for(&endpoint, deadline)?;
        let batching = match settings.layout() {
            ObjectLayout::Events => Batching::Single,
            ObjectLayout::Batches => Batching::Batches {
                events: BATCH_EVENTS,
                bytes: BATCH_BYTES,
                age: services.batch_age,
                at_once: false,
            },
        };
        Ok(Self {
            client: Client::from_conf(config(&settings, secret, &endpoint, client)),
            secrets: vec![secret.to_owned(), settings.access_key_id().to_owned()],
            settings,
            batching,
            deadline,
            replay: None,
            restored: services.restored.clone(),
            clock,
            takes_conditions: AtomicBool::new(true),
        })
    }

    /// Marks every object as one of a replay. A batch gets a key of its own, an event the one that it always has.
    #[must_use]
    pub(crate) fn for_replay(mut self, replay: ReplayId) -> Self {
        self.replay = Some(replay);
        self
    }
}

fn config(settings: &S3Settings, secret: &str, endpoint: &Url, client: GuardedClient) -> Config {
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(GuardedConnector::new(client))
        .credentials_provider(Credentials::new(
            settings.access_key_id(),
            secret,
            None,
            None,
            "audit-streams",
        ))
        .identity_cache(IdentityCache::no_cache())
        .region(Region::new(settings.region().to_owned()))
        // No certificate is for a bucket of two labels.
        .force_path_style(settings.bucket().contains('.'))
        // Otherwise the environment would be asked for it.
        .disable_s3_express_session_auth(true)
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if settings.options().omit_checksums {
        config = config.request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    }
    if settings.endpoint_url().is_some() {
        config = config.endpoint_resolver(BucketEndpoint::new(endpoint, settings));
    }
    config.set_app_name(AppName::new("audit-streams").ok());
    config.build()
}

#[async_trait]
impl Sink for S3Sink {
    fn batching(&self) -> Batching {
        self.batching
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }

    async fn send(&self, events: &[Arc<LoggedEvent>], batch: Option<Batch>) -> SendReport {
        // A batch is compressed right here: the thread is this stream's alone, which has nothing else to do until it is sent.
        match Object::of(&self.settings, events, batch, self.replay) {
            Ok(object) => {
                let object = object.of_restored(self.restored.as_ref());
                self.without_secrets(self.upload(&object).await).into()
            }
            Err(error) => unsendable(error.to_string()).into(),
        }
    }
}

impl S3Sink {
    fn without_secrets(&self, report: Report) -> Report {
        Report {
            reason: masked(report.reason, &self.secrets),
            response: masked(report.response, &self.secrets),
            ..report
        }
    }

    fn failure<E: Error + 'static>(&self, error: &SdkError<E, HttpResponse>, started: Instant) -> Report {
        if let Some(answer) = error.raw_response() {
            return refusal_report(answer, &self.settings, &self.secrets, started);
        }
        let report = error_report(error, started, self.deadline);
        let is_amazon = self.settings.endpoint_url().is_none();
        let reason = match (error, report.outcome) {
            (SdkError::ConstructionFailure(_), _) => format!("The request can't be made: {}.", error_chain(error)),
            (_, Outcome::Unreached(Unreached::Dns)) if is_amazon => {
                format!("{}; is there a region {}?", report.reason, self.settings.region())
            }
            _ => report.reason,
        };
        Report { reason, ..report }
    }
}

#[cfg(test)]
mod tests;

//! The Google Cloud Logging sink: whatever is ready goes out in one `entries:write`, each event as an entry of its own.
//!
//! An entry carries its event's id and time, by which Cloud Logging recognises a repeat, so an attempt whose
//! end is unknown is simply made again. A write is partial: entries that the service refuses are reported one by one, the
//! others are written. An entry that is too large is not sent at all.
//!
//! Access tokens: `gcp_auth` takes the key and signs with it. What it signs is exchanged for a token here and not by its
//! own token provider, which connects past the network rules, tries five times by itself with no deadline, and tells a
//! refused key, a busy service and no connection apart in nothing but a log line. A token serves every attempt until
//! shortly before it expires, or until Cloud Logging refuses it.
//!
//! Nothing here is logged. A future that is dropped halfway leaves nothing behind but, perhaps, a write whose end is
//! unknown.

mod account;
mod answer;
mod entries;
#[cfg(feature = "fuzzing")]
pub(super) mod fuzz;
mod tokens;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    Field, FieldError, FieldErrors, Timestamp,
    connection_test::Purpose,
    destination::{FieldMap, GoogleSettings, PrivateKey},
    ids::ReplayId,
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT},
};
use url::Url;

use self::{
    account::{ServiceAccount, check_private_key},
    answer::Failure,
    entries::{Envelope, WriteRequest},
    tokens::{AccessToken, Tokens},
};
use super::{
    Batch, Batching, SendReport, Sink, SinkError, SinkServices,
    address::below,
    kind::SinkKind,
    report::{accepted, error_report, read_at_most, retry_after},
    tls,
};
use crate::{
    clock::Clock,
    log::LoggedEvent,
    net::{GuardedClient, GuardedClients},
    store::Target,
};

/// <https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/write>
const WRITE_PATH: &str = "v2/entries:write";

/// Read of an answer at most: one that names each of 1,000 entries is longer than what is read elsewhere.
const ANSWER_BYTES: usize = 1024 * 1024;

pub(super) const KIND: SinkKind = SinkKind {
    connect: |target, clients, services, clock, replay| {
        let sink = GoogleSink::new(target, clients, services, clock)?;
        Ok(Arc::new(match replay {
            Some(replay) => sink.for_replay(replay),
            None => sink,
        }))
    },
    check,
    server: |_| None,
    as_tested: |values| values,
    requests: &[Purpose::AccessToken, Purpose::LogEntry],
    preparation: |purpose, target, _| match purpose {
        Purpose::AccessToken => {
            let email = target.values.text(Field::ClientEmail);
            format!("An assertion of {email} was signed with its private key.")
        }
        _ => format!("An entry for {} was sent with the access token.", target.place()),
    },
    secrets: |target| vec![target.values.text(Field::PrivateKey).trim().to_owned()],
    visible_url: |url| url,
};

fn check(values: &FieldMap, stored: Option<&FieldMap>, now: Timestamp) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    if values.get(Field::PrivateKey).is_some() {
        errors.collect(parse_key(values).and_then(|key| check_private_key(&key)));
    }
    errors.collect_all(tls::check(values, stored, now));
    match errors.is_empty() {
        true => Ok(()),
        false => Err(errors),
    }
}

fn parse_key(values: &FieldMap) -> Result<PrivateKey, FieldError> {
    PrivateKey::parse(values.text(Field::PrivateKey))
}

/// Writes to one log.
pub(crate) struct GoogleSink {
    settings: GoogleSettings,
    envelope: Envelope,
    tokens: Tokens,
    client: GuardedClient,
    /// Of each of the two requests that an attempt can have.
    deadline: Duration,
    url: Url,
    clock: Clock,
}

impl GoogleSink {
    /// # Errors
    /// [`SinkError`] if no connection can be set up on this machine, or the stored key can't sign.
    pub(crate) fn new(
        target: &Target,
        clients: &GuardedClients,
        services: &SinkServices,
        clock: Clock,
    ) -> Result<Self, SinkError> {
        let settings = &GoogleSettings::read(&target.values)?;
        let private_key = &parse_key(&target.values).map_err(FieldErrors::from)?;
        let url = below(&services.google_logging, WRITE_PATH);
        let account = ServiceAccount::new(settings, private_key, &services.google_token)?;
        let deadline = services.deadline.unwrap_or(target.delivery_limits()?.timeout);
        let clients = tls::clients_of(&target.values, clients)?;
        let token_client = clients.client_for(&services.google_token, deadline)?;
        Ok(Self {
            settings: settings.clone(),
            envelope: Envelope::new(settings),
            tokens: Tokens::new(
                account,
                token_client,
                services.google_token.clone(),
                deadline,
                clock.clone(),
            ),
            client: clients.client_for(&url, deadline)?,
            deadline,
            url,
            clock,
        })
    }

    /// Labels every entry as one of a replay.
    #[must_use]
    pub(crate) fn for_replay(mut self, replay: ReplayId) -> Self {
        self.envelope.label(replay);
        self
    }
}

#[async_trait]
impl Sink for GoogleSink {
    fn batching(&self) -> Batching {
        self.envelope.batching()
    }

    fn deadline(&self) -> Duration {
        self.deadline * 2
    }

    async fn send(&self, events: &[Arc<LoggedEvent>], _batch: Option<Batch>) -> SendReport {
        let WriteRequest {
            body,
            positions,
            left_out,
        } = self.envelope.request(events, self.clock.now());
        if positions.is_empty() {
            // Holds for none of them.
            let whole = accepted(Instant::now());
            return SendReport {
                parts: left_out,
                ..whole.into()
            };
        }
        let SendReport { whole, parts, .. } = self.write(body, positions.len()).await;
        let parts = parts.into_iter();
        let parts = parts.filter_map(|(entry, report)| Some((*positions.get(entry)?, report)));
        SendReport {
            parts: left_out.into_iter().chain(parts).collect(),
            ..whole.into()
        }
    }
}

impl GoogleSink {
    /// Parts are by the number of the entry.
    async fn write(&self, body: Bytes, entries: usize) -> SendReport {
        let started = Instant::now();
        let token = match self.tokens.token().await {
            Ok(token) => token,
            Err(report) => return report.into(),
        };
        let mut response = match self.client.post(&self.url, head(&token), body).await {
            Ok(response) => response,
            Err(error) => return error_report(&error, started, self.deadline).into(),
        };
        let status = response.status();
        let retry_after = retry_after(response.headers(), self.clock.now());
        let answer = match read_at_most(ANSWER_BYTES, &mut response).await {
            // A success whose body breaks off is a success: the status says that the entries were taken.
            _ if status.is_success() => return accepted(started).into(),
            Ok(answer) => answer,
            Err(error) => return error_report(&error, started, self.deadline).into(),
        };
        if status == StatusCode::UNAUTHORIZED {
            token.refuse();
        }
        let failure = Failure {
            status,
            retry_after,
            body: self.tokens.conceal(&answer, token.expose()),
            entries,
            started,
        };
        failure.report(&self.settings)
    }
}

fn head(token: &AccessToken) -> HeaderMap {
    HeaderMap::from_iter([
        (AUTHORIZATION, token.header()),
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (USER_AGENT, super::USER_AGENT),
    ])
}

//! The head of a request: what is the same in each, the custom headers over it, and what belongs to the event over both.

use std::sync::Arc;

use domain::{Field, Timestamp, destination::RequestSettings, ids::ReplayId};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT},
};

use super::{
    super::sources::sources,
    batch::{content_encoding, content_type, id_of},
    signature::Signer,
};
use crate::{
    log::LoggedEvent,
    store::{Header, Target},
};

/// GitLab sends JSON under this content type, and receivers were built for it.
const DEFAULT_CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

const STREAMING_TOKEN: HeaderName = HeaderName::from_static("x-gitlab-event-streaming-token");
const EVENT_TYPE: HeaderName = HeaderName::from_static("x-gitlab-audit-event-type");
const SOURCE: HeaderName = HeaderName::from_static("x-audit-streams-source");
const REPLAY: HeaderName = HeaderName::from_static("x-audit-streams-replay");

// Standard Webhooks, https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
pub(crate) const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
pub(crate) const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
pub(crate) const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// What is the same in every request to a destination.
pub(super) struct RequestHead {
    /// With the verification token, unless a previous one is valid.
    fixed: HeaderMap,
    /// The verification token before a rotation, and until when it is sent.
    previous_token: Option<(HeaderValue, Timestamp)>,
    signer: Signer,
    /// By the secret before a rotation, and until when requests are signed with it as well.
    previous_signer: Option<(Signer, Timestamp)>,
}

impl RequestHead {
    /// None if a secret or header can't stand in a request or is no signing key, which parsing has excluded.
    pub(super) fn new(target: &Target, requests: &RequestSettings) -> Option<Self> {
        let previous = |field| target.previous.iter().find(|previous| previous.field == field);
        let previous_token = match previous(Field::VerificationToken) {
            Some(previous) => Some((token(&previous.value)?, previous.ends_at)),
            None => None,
        };
        let previous_signer = match previous(Field::SigningSecret) {
            Some(previous) => Some((Signer::new(&previous.value)?, previous.ends_at)),
            None => None,
        };
        let mut fixed = HeaderMap::with_capacity(16);
        fixed.insert(
            CONTENT_TYPE,
            content_type(requests.format).unwrap_or(DEFAULT_CONTENT_TYPE),
        );
        fixed.insert(USER_AGENT, super::super::USER_AGENT);
        for header in target.headers.iter().filter(|header| header.active) {
            let (name, value) = custom_header(header)?;
            fixed.insert(name, value);
        }
        fixed.insert(STREAMING_TOKEN, token(target.values.text(Field::VerificationToken))?);
        if let Some(encoding) = content_encoding(requests.compression) {
            fixed.insert(CONTENT_ENCODING, encoding);
        }
        Some(Self {
            fixed,
            previous_token,
            signer: Signer::new(target.values.text(Field::SigningSecret))?,
            previous_signer,
        })
    }

    pub(super) fn mark(&mut self, replay: ReplayId) {
        self.fixed.insert(REPLAY, HeaderValue::from(replay.get()));
    }

    /// None if the event's type or source can't stand in a header.
    pub(super) fn headers_for(&self, event: &LoggedEvent, now: Timestamp) -> Option<HeaderMap> {
        let mut headers = self.signed(event.id.within(&event.source), &event.body, now, now)?;
        headers.insert(EVENT_TYPE, HeaderValue::from_str(event.event_type.as_str()).ok()?);
        headers.insert(SOURCE, HeaderValue::from_str(&event.source).ok()?);
        Some(headers)
    }

    /// The types of the events are in the body alone. None if their sources can't stand in a header.
    pub(super) fn headers_for_batch(
        &self,
        events: &[Arc<LoggedEvent>],
        body: &[u8],
        signed_at: Timestamp,
        now: Timestamp,
    ) -> Option<HeaderMap> {
        let mut headers = self.signed(id_of(events), body, signed_at, now)?;
        headers.insert(SOURCE, HeaderValue::from_str(&sources(events)).ok()?);
        Some(headers)
    }

    fn signed(&self, id: String, body: &[u8], signed_at: Timestamp, now: Timestamp) -> Option<HeaderMap> {
        let timestamp = signed_at.unix_seconds().to_string();
        let mut signature = self.signer.sign(&id, &timestamp, body);
        if let Some(previous) = valid(self.previous_signer.as_ref(), now) {
            signature.push(' ');
            signature.push_str(&previous.sign(&id, &timestamp, body));
        }
        let mut headers = self.fixed.clone();
        if let Some(token) = valid(self.previous_token.as_ref(), now) {
            headers.insert(STREAMING_TOKEN, token.clone());
        }
        headers.insert(WEBHOOK_ID, HeaderValue::try_from(id).ok()?);
        headers.insert(WEBHOOK_TIMESTAMP, HeaderValue::try_from(timestamp).ok()?);
        headers.insert(WEBHOOK_SIGNATURE, HeaderValue::try_from(signature).ok()?);
        Some(headers)
    }
}

/// The previous one of a secret, if it is still valid.
fn valid<T>(previous: Option<&(T, Timestamp)>, now: Timestamp) -> Option<&T> {
    let (secret, ends_at) = previous?;
    (now < *ends_at).then_some(secret)
}

fn token(text: &str) -> Option<HeaderValue> {
    let mut token = HeaderValue::from_str(text).ok()?;
    token.set_sensitive(true);
    Some(token)
}

fn custom_header(header: &Header) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(header.name.as_str().as_bytes()).ok()?;
    let mut value = HeaderValue::from_bytes(&header.value.to_latin_1()).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

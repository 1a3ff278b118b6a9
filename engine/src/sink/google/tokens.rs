//! Access tokens: asked for when there is none that will do, and kept for as long as they are good.

use std::{
    error::Error,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use domain::{
    Timestamp,
    policy::{Outcome, Unreached},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, USER_AGENT},
};
use serde::Deserialize;
use tokio::{sync::Mutex, time::timeout};
use url::{Url, form_urlencoded};

use super::account::ServiceAccount;
use crate::{
    clock::Clock,
    net::GuardedClient,
    sink::{
        Report,
        report::{answered, error_report, kept_text, no_response, read_answer, retry_after, text_of},
    },
};

/// A token is not used in the last of its time: it must still be good when it arrives.
const MARGIN: Duration = Duration::from_secs(60);

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A secret: its `Debug` shows nothing.
pub(super) struct AccessToken {
    text: String,
    header: HeaderValue,
    good_until: Timestamp,
    is_refused: AtomicBool,
}

impl AccessToken {
    /// None if it can't stand in a header.
    fn new(text: String, good_until: Timestamp) -> Option<Self> {
        let mut header = HeaderValue::from_str(&format!("Bearer {text}")).ok()?;
        header.set_sensitive(true);
        Some(Self {
            text,
            header,
            good_until,
            is_refused: AtomicBool::new(false),
        })
    }

    /// The value of `Authorization`.
    pub(super) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    pub(super) fn expose(&self) -> &str {
        &self.text
    }

    /// It was not accepted: the next attempt gets another one.
    pub(super) fn refuse(&self) {
        self.is_refused.store(true, Ordering::Relaxed);
    }

    fn is_good(&self, now: Timestamp) -> bool {
        now.plus(MARGIN) < self.good_until && !self.is_refused.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessToken(..)")
    }
}

/// The tokens of one service account, one after the other.
pub(super) struct Tokens {
    account: ServiceAccount,
    client: GuardedClient,
    url: Url,
    /// For getting a token, when there is none.
    deadline: Duration,
    clock: Clock,
    /// Locked while one is asked for, so that attempts side by side ask once.
    held: Mutex<Option<Arc<AccessToken>>>,
}

/// <https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests>
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    /// In seconds.
    #[serde(default)]
    expires_in: u64,
}

/// <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>
#[derive(Default, Deserialize)]
struct Denied {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Tokens {
    pub(super) fn new(
        account: ServiceAccount,
        client: GuardedClient,
        url: Url,
        deadline: Duration,
        clock: Clock,
    ) -> Self {
        Self {
            account,
            client,
            url,
            deadline,
            clock,
            held: Mutex::new(None),
        }
    }

    /// A good token, within the deadline.
    ///
    /// # Errors
    /// What the attempt has come to without one.
    pub(super) async fn token(&self) -> Result<Arc<AccessToken>, Report> {
        let started = Instant::now();
        timeout(self.deadline, self.held_or_new(started))
            .await
            .unwrap_or_else(|_| Err(late(started, self.deadline)))
    }

    async fn held_or_new(&self, started: Instant) -> Result<Arc<AccessToken>, Report> {
        let mut held = self.held.lock().await;
        if let Some(token) = held.as_ref().filter(|token| token.is_good(self.clock.now())) {
            return Ok(Arc::clone(token));
        }
        let token = Arc::new(self.ask(started).await?);
        *held = Some(Arc::clone(&token));
        Ok(token)
    }

    async fn ask(&self, started: Instant) -> Result<AccessToken, Report> {
        let now = self.clock.now();
        let assertion = self.account.assertion(now).ok_or_else(|| {
            let reason = "The private key can't sign.".to_owned();
            answered(StatusCode::UNAUTHORIZED.as_u16(), None, reason, started)
        })?;
        let posted = self.client.post(&self.url, head(), form(&assertion)).await;
        let mut response = posted.map_err(|error| unreached(&error, started, self.deadline))?;
        let (status, wait) = (response.status(), retry_after(response.headers(), now));
        let answer = read_answer(&mut response).await;
        let answer = answer.map_err(|error| unreached(&error, started, self.deadline))?;
        if status.is_success() {
            return granted(&answer, now).ok_or_else(|| {
                let reason = "Google's token service returned no access token.".to_owned();
                answered(StatusCode::BAD_GATEWAY.as_u16(), None, reason, started)
            });
        }
        let answer = self.conceal(&answer, &assertion);
        let (status, reason) = denied(status, &answer, self.account.client_email());
        Err(Report {
            response: kept_text(&answer),
            ..answered(status.as_u16(), wait, reason, started)
        })
    }

    /// An answer without what it may repeat and nobody is to keep: the key, and what else was sent that is secret.
    pub(super) fn conceal(&self, answer: &[u8], sent: &str) -> String {
        let key = self.account.key();
        let secrets = [key.replace('\n', "\\n"), key.to_owned(), sent.to_owned()];
        text_of(answer, &secrets)
    }
}

fn head() -> HeaderMap {
    let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
    HeaderMap::from_iter([(CONTENT_TYPE, content_type), (USER_AGENT, super::super::USER_AGENT)])
}

fn form(assertion: &str) -> Bytes {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", GRANT_TYPE);
    form.append_pair("assertion", assertion);
    Bytes::from(form.finish())
}

pub(super) fn granted(answer: &[u8], now: Timestamp) -> Option<AccessToken> {
    let granted: Granted = serde_json::from_slice(answer).ok()?;
    AccessToken::new(granted.access_token, now.plus(Duration::from_secs(granted.expires_in)))
}

/// What the token service has against the account is a matter of authentication; anything else is trouble of its own, and
/// never the events' fault.
pub(super) fn denied(status: StatusCode, answer: &str, client_email: &str) -> (StatusCode, String) {
    if !status.is_client_error() || matches!(status.as_u16(), 404 | 408 | 410 | 425 | 429) {
        return (status, format!("Google's token service answered {status}."));
    }
    let why = match serde_json::from_str::<Denied>(answer) {
        Ok(denied) if !denied.error_description.is_empty() => denied.error_description.trim_end_matches('.').to_owned(),
        Ok(denied) if !denied.error.is_empty() => denied.error,
        // Also where something else answers, such as a proxy.
        Ok(_) | Err(_) => format!("it answered {status}"),
    };
    let why: String = why.chars().take(500).collect();
    let advice = if why.contains("timeframe") {
        "Check the clock of this machine"
    } else {
        "Check that the key is active and belongs to this account"
    };
    let reason = format!("Google issued no access token for {client_email}: {why}. {advice}.");
    (StatusCode::UNAUTHORIZED, reason)
}

fn unreached(error: &(dyn Error + 'static), started: Instant, deadline: Duration) -> Report {
    let report = error_report(error, started, deadline);
    let reason = format!("Google's token service could not be reached. {}", report.reason);
    Report { reason, ..report }
}

/// Others asked before, and were given no answer.
fn late(started: Instant, deadline: Duration) -> Report {
    let why = no_response(deadline);
    Report {
        outcome: Outcome::Unreached(Unreached::Timeout),
        reason: format!("Google's token service could not be reached. {why}"),
        response: String::new(),
        duration: started.elapsed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMAIL: &str = "streamer@my-project.iam.gserviceaccount.com";

    fn reason(status: u16, answer: &str) -> (u16, String) {
        let (status, reason) = denied(StatusCode::from_u16(status).unwrap(), answer, EMAIL);
        (status.as_u16(), reason)
    }

    #[test]
    fn a_token_is_good_until_shortly_before_its_end_or_until_it_is_refused() {
        let now = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        let token = granted(
            br#"{"access_token":"ya29.a","expires_in":3599,"token_type":"Bearer"}"#,
            now,
        )
        .unwrap();
        assert_eq!(token.header(), "Bearer ya29.a");
        assert!(token.header().is_sensitive());
        assert_eq!(format!("{token:?}"), "AccessToken(..)");
        assert!(token.is_good(now.plus(Duration::from_secs(3_538))));
        assert!(!token.is_good(now.plus(Duration::from_secs(3_539))));
        token.refuse();
        assert!(!token.is_good(now));
        for answer in ["", "<html>", r#"{"id_token":"x"}"#, "{\"access_token\":\"a\\nb\"}"] {
            assert!(granted(answer.as_bytes(), now).is_none(), "{answer}");
        }
    }

    #[test]
    fn what_is_held_against_the_account_is_said_in_words() {
        let key = r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#;
        let (status, words) = reason(400, key);
        assert_eq!(status, 401);
        assert_eq!(
            words,
            format!(
                "Google issued no access token for {EMAIL}: Invalid JWT Signature. Check that the key is active and belongs \
                 to this account."
            )
        );
        let clock = r#"{"error":"invalid_grant","error_description":"Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim."}"#;
        assert!(reason(400, clock).1.ends_with("Check the clock of this machine."));
        assert!(
            reason(403, r#"{"error":"access_denied"}"#)
                .1
                .contains(": access_denied. Check")
        );
        assert!(reason(400, "<html>").1.contains(": it answered 400 Bad Request. Check"));
    }

    #[test]
    fn trouble_of_the_token_service_is_not_the_accounts() {
        for status in [301, 404, 408, 429, 500, 503] {
            let (kept, words) = reason(status, r#"{"error":"backend_error"}"#);
            assert_eq!(kept, status);
            assert!(
                words.starts_with(&format!("Google's token service answered {status}")),
                "{words}"
            );
        }
    }
}

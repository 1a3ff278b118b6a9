//! An alert as it is posted to a webhook, by Standard Webhooks
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).

use std::time::Duration;

use domain::{Timestamp, settings::WebhookSettings};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, USER_AGENT},
};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::NotSent;
use crate::{
    net::{GuardedClients, SendError},
    sink::{self, Signer, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP, why_no_answer},
    store::Notice,
};

/// The whole of one attempt.
const ATTEMPT_DEADLINE: Duration = Duration::from_secs(10);

/// As it is documented in the guide.
#[derive(Serialize)]
struct Body<'news> {
    #[serde(rename = "type")]
    event_type: &'static str,
    timestamp: String,
    data: Data<'news>,
}

/// The message, the page that shows more, then what belongs to its type.
#[derive(Serialize)]
struct Data<'news> {
    message: &'news str,
    url: &'news str,
    #[serde(flatten)]
    rest: Value,
}

pub(super) fn body(event_type: &'static str, message: &str, url: &str, data: Value, now: Timestamp) -> String {
    let body = Body {
        event_type,
        timestamp: now.to_string(),
        data: Data {
            message,
            url,
            rest: data,
        },
    };
    // Texts and numbers alone: there is nothing that could not be written.
    serde_json::to_string(&body).unwrap_or_default()
}

/// Posts the notice; any answer but 2xx is a refusal.
pub(super) async fn post(
    clients: &GuardedClients,
    settings: &WebhookSettings,
    notice: &Notice,
    now: Timestamp,
) -> Result<(), NotSent> {
    let unusable = || NotSent::trouble("The stored URL or signing secret can't be used.".to_owned());
    let url = Url::parse(settings.url.as_str()).map_err(|_| unusable())?;
    let headers = headers(settings, notice, now).ok_or_else(unusable)?;
    let client = clients.client_for(&url, ATTEMPT_DEADLINE)?;
    let answer = client.post(&url, headers, notice.body.clone().into()).await;
    let status = answer.map_err(|error| unanswered(&error))?.status();
    if status.is_success() {
        return Ok(());
    }
    let followed = if status.is_redirection() {
        " Redirects are not followed."
    } else {
        ""
    };
    let words = format!("The webhook answered {status}.{followed}");
    Err(match is_about_the_notice(status) {
        true => NotSent::refused(words),
        false => NotSent::trouble(words),
    })
}

fn unanswered(error: &SendError) -> NotSent {
    let reason = why_no_answer(error, ATTEMPT_DEADLINE);
    match error {
        SendError::Blocked(_) => NotSent::blocked(reason),
        _ => NotSent::trouble(reason),
    }
}

/// The webhook answers as it should, but not to this one. What says that it is not there, not open to us, or too busy is
/// about all of them.
fn is_about_the_notice(status: StatusCode) -> bool {
    status.is_client_error() && !matches!(status.as_u16(), 401 | 403 | 404 | 408 | 425 | 429)
}

/// None if the secret is no key, which parsing has excluded.
fn headers(settings: &WebhookSettings, notice: &Notice, now: Timestamp) -> Option<HeaderMap> {
    let timestamp = now.unix_seconds().to_string();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, sink::USER_AGENT);
    headers.insert(WEBHOOK_ID, HeaderValue::from_str(&notice.id).ok()?);
    if let Some(secret) = &settings.secret {
        let signature = Signer::new(secret.expose())?.sign(&notice.id, &timestamp, notice.body.as_bytes());
        headers.insert(WEBHOOK_SIGNATURE, HeaderValue::try_from(signature).ok()?);
    }
    headers.insert(WEBHOOK_TIMESTAMP, HeaderValue::try_from(timestamp).ok()?);
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_refusals_are_about_one_notice_and_others_about_all() {
        let about_one = |status| is_about_the_notice(StatusCode::from_u16(status).unwrap());
        assert!([400, 409, 413, 422].into_iter().all(about_one));
        assert!(![302, 401, 403, 404, 408, 425, 429, 500, 503].into_iter().any(about_one));
    }
}

//! The server's public API, as a program uses it.

use std::time::Duration;

use reqwest::{Client, Method, header::RETRY_AFTER};
use serde_json::Value;

/// Limit of a request with events. A request that reaches it is posted again.
const POST_TIMEOUT: Duration = Duration::from_secs(10);
/// Limit of every other request, which is often not repeated.
const TIMEOUT: Duration = Duration::from_secs(60);
const DESTINATIONS: &str = "/api/v1/destinations";

/// A client of one server.
#[derive(Clone)]
pub struct Api {
    client: Client,
    base: String,
    token: String,
    post_timeout: Duration,
}

/// A complete response.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status of the response.
    pub status: u16,
    /// The seconds in `Retry-After`.
    pub retry_after: Option<u64>,
    /// Its body, `Null` if it is not JSON.
    pub body: Value,
}

impl Answer {
    /// Whether the request succeeded.
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// What a problem document says, or the status.
    pub fn problem(&self) -> String {
        let text = |name: &str| self.body.get(name).and_then(Value::as_str);
        let first = self.body.get("errors").and_then(|errors| errors.get(0));
        let field = first.and_then(|error| {
            let text = |name: &str| error.get(name).and_then(Value::as_str);
            Some(format!(
                " ({}: {})",
                text("field")?,
                text("message").or_else(|| text("detail"))?
            ))
        });
        let detail = text("detail").or_else(|| text("title")).unwrap_or("no details");
        format!("{} {detail}{}", self.status, field.unwrap_or_default())
    }
}

/// A client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// A certificate can't be read.
    #[error("the CA certificates can't be used")]
    Certificates(#[source] reqwest::Error),
    /// The machine's TLS settings can't be used.
    #[error("no HTTP client can be made")]
    Client(#[source] reqwest::Error),
}

impl Api {
    /// For the server at this URL. The certificates, in PEM form, are trusted in addition to those of the machine.
    ///
    /// # Errors
    /// [`ApiError`].
    #[expect(
        clippy::disallowed_methods,
        reason = "the operator names their own server on the command line; no address that a user of the server stored is connected to"
    )]
    pub fn new(url: &str, token: &str, certificates: Option<&[u8]>) -> Result<Self, ApiError> {
        // An error says that the process has a provider already, which is then used.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback(url) {
            builder = builder.no_proxy();
        }
        if let Some(pem) = certificates {
            let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(ApiError::Certificates)?;
            builder = builder.tls_certs_merge(certificates);
        }
        Ok(Self {
            client: builder.build().map_err(ApiError::Client)?,
            base: url.trim_end_matches('/').to_owned(),
            token: token.to_owned(),
            post_timeout: POST_TIMEOUT,
        })
    }

    /// The same server with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self.clone()
        }
    }

    /// The same server, with another limit of requests with events.
    #[must_use]
    pub fn with_post_timeout(self, post_timeout: Duration) -> Self {
        Self { post_timeout, ..self }
    }

    /// Posts events. `Ok` as soon as the server has answered; its body may then be lost.
    ///
    /// # Errors
    /// There was no answer.
    pub async fn post_events(&self, body: String) -> reqwest::Result<Answer> {
        let url = format!("{}/api/v1/audit_events", self.base);
        let request = self.client.post(url).timeout(self.post_timeout);
        let request = request.bearer_auth(&self.token).body(body);
        let response = request.send().await?;
        let (status, retry_after) = head_of(&response);
        // The status is the acknowledgement.
        let body = response.bytes().await.unwrap_or_default();
        Ok(Answer {
            status,
            retry_after,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        })
    }

    /// Sends a request to a path of the API.
    ///
    /// # Errors
    /// There was no complete answer.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> reqwest::Result<Answer> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        request = request.bearer_auth(&self.token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let response = request.send().await?;
        let (status, retry_after) = head_of(&response);
        let body = response.bytes().await?;
        Ok(Answer {
            status,
            retry_after,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        })
    }

    /// Adds a destination. If the answer is lost, the destination is looked up by its name.
    ///
    /// # Errors
    /// There was no answer, and the destination was not found.
    pub async fn add_destination(&self, input: &Value) -> reqwest::Result<Answer> {
        let lost = match self.send(Method::POST, DESTINATIONS, Some(input)).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let answer = self.send(Method::GET, DESTINATIONS, None).await?;
        let items = answer.body.get("items").and_then(Value::as_array);
        let mut items = items.into_iter().flatten();
        match items.find(|item| item.get("name") == input.get("name")) {
            Some(item) => Ok(Answer {
                body: item.clone(),
                ..answer
            }),
            None => Err(lost),
        }
    }
}

/// Proxies are not asked for servers on this machine.
fn is_loopback(url: &str) -> bool {
    let url = reqwest::Url::parse(url);
    let host = url.as_ref().ok().and_then(|url| url.host_str());
    host.is_some_and(|host| {
        let address = host.trim_start_matches('[').trim_end_matches(']');
        let address = address.parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}

fn head_of(response: &reqwest::Response) -> (u16, Option<u64>) {
    let retry_after = response.headers().get(RETRY_AFTER);
    let seconds = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    (response.status().as_u16(), seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_on_this_machine_are_recognized() {
        for (url, expected) in [
            ("http://127.0.0.1:8080", true),
            ("http://[::1]/", true),
            ("https://localhost", true),
            ("http://192.0.2.1", false),
            ("http://localhost.example.com", false),
            ("", false),
        ] {
            assert_eq!(is_loopback(url), expected, "{url}");
        }
    }

    #[test]
    fn a_problem_names_its_first_field() {
        let answer = Answer {
            status: 422,
            retry_after: None,
            body: serde_json::json!({"detail": "Invalid.", "errors": [{"field": "url", "message": "is blocked"}]}),
        };
        assert_eq!(answer.problem(), "422 Invalid. (url: is blocked)");
        let bare = Answer {
            status: 502,
            retry_after: None,
            body: Value::Null,
        };
        assert_eq!(bare.problem(), "502 no details");
    }
}

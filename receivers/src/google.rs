//! A double of the two Google services that Cloud Logging needs: the OAuth token endpoint at `/token`, and
//! `POST /v2/entries:write`.
//!
//! Guaranteed: a token is issued only for an assertion that Google would take (RS256 by the service account's key, issuer,
//! audience, scope, times); a write is judged as documented (token, JSON fields, size of the request and of each entry, log
//! name, project, resource, timestamps) and refused in Google's words; entries are stored or refused together, or one by
//! one with `partialSuccess`; an entry that repeats a log name, timestamp and insert id is stored once.
//!
//! Not guaranteed: that numbers in a payload lose precision as they do there (each becomes a double), that an entry's size
//! is counted to the byte (Google counts its own form of it, this counts JSON), compressed requests, quotas.

mod account;
mod definition;
mod refusal;
mod refused_ids;
mod state;
mod status;
mod stored;
mod token;
mod write;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use rustls::ServerConfig;
use serde_json::{Value, json};
use tokio_rustls::TlsAcceptor;

use self::{
    account::SigningKey,
    refused_ids::RefusedIds,
    state::Tokens,
    token::TokenRequest,
    write::{Rules, WriteRequest},
};
pub use self::{
    account::{GOOGLE_TOKEN_URI, ServiceAccount},
    definition::{LOG_ENTRY_FIELDS, RESOURCE_FIELDS, WRITE_FIELDS},
    refusal::{Refusal, TokenRefusal},
    state::{Received, Write},
    status::Code,
};
use crate::{
    control::{self, ControlRequest, Controlled},
    fault::{Abort, Answer, Fault, Faults, serve_with},
    listener::{ANY_PORT, Listener, Serve},
    record::Record,
};

/// Settings of a double.
#[derive(Clone, Debug)]
pub struct Options {
    /// The only project that its service account may write to.
    pub project_id: String,
    /// How long an access token is valid.
    pub token_lifetime: Duration,
    /// Entries older than this are taken and then not to be found, as Google does after its retention period (30 days by
    /// default). `None`: entries of any age are kept.
    pub retention: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            project_id: "audit-streams-test".to_owned(),
            token_lifetime: Duration::from_secs(3599),
            retention: None,
        }
    }
}

/// A running double. Stops when dropped.
pub struct GoogleServer {
    listener: Listener,
    desk: Arc<Desk>,
}

struct Desk {
    scheme: &'static str,
    account: ServiceAccount,
    key: SigningKey,
    retention: Option<Duration>,
    tokens: Tokens,
    refused_ids: RefusedIds,
    token_faults: Faults,
    write_faults: Faults,
    received: Record<Received>,
}

impl GoogleServer {
    /// On a free port, with the default options.
    ///
    /// # Errors
    /// No port can be listened on.
    pub async fn start() -> io::Result<Self> {
        Self::start_at(ANY_PORT, Options::default()).await
    }

    /// On this address; port 0 for a free one.
    ///
    /// # Errors
    /// It cannot be listened on.
    pub async fn start_at(address: SocketAddr, options: Options) -> io::Result<Self> {
        Self::start_with(address, None, options).await
    }

    /// On a free port, by TLS, with the default options.
    ///
    /// # Errors
    /// No port can be listened on.
    pub async fn start_tls(config: ServerConfig) -> io::Result<Self> {
        Self::start_with(ANY_PORT, Some(Arc::new(config).into()), Options::default()).await
    }

    async fn start_with(address: SocketAddr, tls: Option<TlsAcceptor>, options: Options) -> io::Result<Self> {
        let desk = Arc::new(Desk {
            scheme: if tls.is_some() { "https" } else { "http" },
            account: ServiceAccount::of(options.project_id),
            key: SigningKey::load()?,
            retention: options.retention,
            tokens: Tokens::lasting(options.token_lifetime),
            refused_ids: RefusedIds::default(),
            token_faults: Faults::default(),
            write_faults: Faults::default(),
            received: Record::default(),
        });
        let listener = Listener::start_with(address, tls, Arc::clone(&desk)).await?;
        Ok(Self { listener, desk })
    }

    /// `http://127.0.0.1:<port>` or `https://localhost:<port>`, what stands in for `https://logging.googleapis.com`.
    pub fn url(&self) -> String {
        self.listener.url()
    }

    /// The address on which it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// How many connections were opened.
    pub fn connections(&self) -> usize {
        self.listener.connections()
    }

    /// What stands in for `https://oauth2.googleapis.com/token`.
    pub fn token_url(&self) -> String {
        format!("{}{TOKEN_PATH}", self.url())
    }

    /// `<url>/v2/entries:write`
    pub fn write_url(&self) -> String {
        format!("{}{WRITE_PATH}", self.url())
    }

    /// The account whose tokens it issues.
    pub fn service_account(&self) -> &ServiceAccount {
        &self.desk.account
    }

    /// The service account's key file, as Google's console gives it. Real ones name [`GOOGLE_TOKEN_URI`].
    pub fn service_account_json(&self, token_uri: &str) -> String {
        format!("{:#}", self.desk.account.key_file(token_uri))
    }

    /// All tokens issued so far expire now.
    pub fn expire_tokens(&self) {
        self.desk.tokens.expire();
    }

    /// The service account's key was deleted: no assertion is taken any more, tokens stay good.
    pub fn revoke_key(&self) {
        self.desk.tokens.revoke_key();
    }

    /// Google's clock is ahead of this machine's by so many seconds, or behind for a negative number.
    pub fn shift_clock(&self, seconds: i64) {
        self.desk.tokens.shift_clock(seconds);
    }

    /// The next writes are answered so, after those for which this was called before.
    pub fn answer_next(&self, times: usize, fault: impl Into<Fault>) {
        self.desk.write_faults.fail_next(times, fault.into());
    }

    /// Every write is answered so until [`GoogleServer::serve_again`].
    pub fn answer_all(&self, fault: impl Into<Fault>) {
        self.answer_next(usize::MAX, fault);
    }

    /// The next requests for a token are answered so.
    pub fn answer_next_token(&self, times: usize, fault: impl Into<Fault>) {
        self.desk.token_faults.fail_next(times, fault.into());
    }

    /// From now on, this function of the body chooses the answer to every write, until [`GoogleServer::serve_again`].
    pub fn script_writes(&self, script: impl Fn(&Bytes) -> Option<Fault> + Send + Sync + 'static) {
        self.desk.write_faults.choose_by_body(Arc::new(script));
    }

    /// Removes all faults, refused insert ids included.
    pub fn serve_again(&self) {
        self.desk.serve_again();
    }

    /// Entries with these insert ids are refused, each for itself.
    pub fn refuse_insert_ids<I: Into<String>>(&self, ids: impl IntoIterator<Item = I>, code: Code, message: &str) {
        self.desk
            .refused_ids
            .refuse(ids.into_iter().map(Into::into), code, message);
    }

    /// Reads what was received.
    pub fn look<R>(&self, at: impl FnOnce(&Received) -> R) -> R {
        self.desk.received.look(at)
    }

    /// The stored entries of the project, in order of arrival.
    pub fn entries(&self, project: &str) -> Vec<Value> {
        self.look(|received| received.entries(project).cloned().collect())
    }

    /// How many access tokens it has issued.
    pub fn tokens_issued(&self) -> usize {
        self.look(|received| received.tokens_issued)
    }

    /// Calls of `entries:write`, whatever their result.
    pub fn write_count(&self) -> usize {
        self.look(|received| received.writes.len())
    }

    /// Returns whether what was received satisfied the condition within this time. Checked whenever something is received or stored.
    pub async fn wait_until(&self, patience: Duration, is_enough: impl FnMut(&Received) -> bool) -> bool {
        self.desk.received.wait_until(patience, is_enough).await
    }
}

const TOKEN_PATH: &str = "/token";
const WRITE_PATH: &str = "/v2/entries:write";

impl Serve for Desk {
    async fn serve(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Abort> {
        if let Some(request) = ControlRequest::parse(&request) {
            return Ok(control::answer(request, self));
        }
        let is_post = request.method() == Method::POST;
        match request.uri().path() {
            TOKEN_PATH if is_post => {
                self.received.change(|received| received.token_requests += 1);
                serve_with(self.token_faults.next(), async { self.issue(&request).into_response() }).await
            }
            WRITE_PATH if is_post => {
                let fault = self.write_faults.next();
                let fault = fault.or_else(|| self.write_faults.for_body(request.body()));
                let number = self.received.change(|received| received.begin(&request, fault.clone()));
                serve_with(fault, async { self.write(number, &request).into_response() }).await
            }
            path => Ok(not_found(path).into_response()),
        }
    }
}

impl Desk {
    fn issue(&self, request: &Request<Bytes>) -> Answer {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let asked = TokenRequest {
            form: request.body(),
            audience: &format!("{}://{}{TOKEN_PATH}", self.scheme, host.unwrap_or_default()),
            account: &self.account,
            key: &self.key,
            key_is_revoked: self.tokens.key_is_revoked(),
            now: self.tokens.now(),
        };
        match asked.judge() {
            Err(refusal) => refusal.into_answer(),
            Ok(()) => {
                let token = self.tokens.issue();
                self.received.change(|received| received.tokens_issued += 1);
                Answer::new(200, "application/json; charset=utf-8", token.to_string())
            }
        }
    }

    fn write(&self, number: usize, request: &Request<Bytes>) -> Answer {
        let answer = self
            .authorise(request.headers())
            .and_then(|()| WriteRequest::parse(request.body()))
            .map_or_else(|refused| refused, |request| self.store(&request));
        self.received.change(|received| received.end(number, answer.status));
        answer
    }

    fn authorise(&self, headers: &HeaderMap) -> Result<(), Answer> {
        let Some(authorization) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) else {
            return Err(refusal::no_token());
        };
        match authorization.strip_prefix("Bearer ") {
            Some(token) if self.tokens.is_good(token) => Ok(()),
            _ => Err(Refusal::Unauthenticated.into_answer()),
        }
    }

    fn store(&self, request: &WriteRequest) -> Answer {
        let rules = Rules {
            project: &self.account.project_id,
            now: self.tokens.now(),
            retention: self.retention,
            refused_ids: &self.refused_ids,
        };
        let verdict = request.judge(&rules);
        let answer = verdict.answer();
        self.received.change(|received| {
            for (entry, is_too_old) in verdict.taken() {
                if is_too_old {
                    received.stored.too_old.push(entry.json.clone());
                } else {
                    received.stored.keep(entry);
                }
            }
        });
        answer
    }
}

fn not_found(path: &str) -> Answer {
    let status = StatusCode::NOT_FOUND.as_u16();
    Answer::new(
        status,
        "text/html; charset=UTF-8",
        format!("The requested URL {path} was not found on this server."),
    )
}

impl Controlled for Desk {
    fn received(&self) -> io::Result<Value> {
        Ok(self.received.look(|received| {
            json!({
                "token_requests": received.token_requests,
                "tokens_issued": received.tokens_issued,
                "writes": received.writes.iter().map(Write::to_json).collect::<Vec<_>>(),
                "entries": received.entries(&self.account.project_id).collect::<Vec<_>>(),
                "repeats": received.repeats(),
            })
        }))
    }

    fn fault(&self, name: &str) -> Option<Fault> {
        Fault::parse(name).or_else(|| Refusal::parse(name).map(Fault::from))
    }

    fn fail_next(&self, times: usize, fault: Fault) {
        self.write_faults.fail_next(times, fault);
    }

    fn serve_again(&self) {
        self.token_faults.clear();
        self.write_faults.clear();
        self.refused_ids.clear();
    }
}

#[cfg(test)]
mod tests;

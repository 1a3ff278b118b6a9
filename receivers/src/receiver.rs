//! An HTTP endpoint that records what it receives and answers as scripted.
//!
//! Every request is answered with 200 unless a script says otherwise. Of several, the first that applies counts: the next
//! answers ([`Receiver::answer_next`]), then the answers to certain bodies ([`Receiver::answer_bodies_with`]), then the
//! answer to all requests ([`Receiver::answer_all`], [`Receiver::script`]).

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Response, Uri, Version};
use rustls::ServerConfig;

use crate::{
    events::Events,
    fault::{Abort, Fault, Faults, serve_with},
    listener::{ANY_PORT, Connection, Listener, Serve},
    record::Record,
};

/// Longer than anything takes in a test; reached only by a test that fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// A request, complete with its body.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method of the request.
    pub method: Method,
    /// Path and query, as they were sent.
    pub uri: Uri,
    /// Version of HTTP.
    pub version: Version,
    /// Headers of the request.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// When its body was complete.
    pub at: Instant,
    /// The number of its connection, from 0.
    pub connection: usize,
    /// How many other requests were waiting for an answer when it came.
    pub in_flight: usize,
    /// `None` if it was accepted.
    pub fault: Option<Fault>,
    /// A gate has let it pass; always `false` unless the fault is [`Fault::Held`].
    pub has_passed: bool,
}

impl Request {
    /// The path without the query.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The body as text.
    ///
    /// # Panics
    /// If it is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_else(|error| panic!("the body is not text: {error}"))
    }

    /// It is answered with 200, because no script applied or because a gate has let it pass.
    pub const fn was_accepted(&self) -> bool {
        self.fault.is_none() || self.has_passed
    }
}

/// Everything that has arrived.
#[derive(Default)]
struct Received {
    requests: Vec<Request>,
    events: Events,
}

impl Received {
    /// Returns the number of the request.
    fn add(&mut self, request: Request) -> usize {
        if request.was_accepted() {
            self.events.add(&request.headers, &request.body);
        }
        self.requests.push(request);
        self.requests.len() - 1
    }

    /// A gate has let the request pass.
    fn pass(&mut self, number: usize) {
        if let Some(request) = self.requests.get_mut(number) {
            request.has_passed = true;
            self.events.add(&request.headers, &request.body);
        }
    }
}

type RequestScript = Arc<dyn Fn(&Request) -> Option<Fault> + Send + Sync>;

struct Script {
    by_body: Vec<(String, Option<Fault>)>,
    all: RequestScript,
}

struct State {
    next: Faults,
    script: Mutex<Script>,
    in_flight: AtomicUsize,
    received: Record<Received>,
}

/// A receiver that is listening. Its clones are the same receiver; it stops when the last one is dropped.
#[derive(Clone)]
pub struct Receiver {
    listener: Arc<Listener>,
    state: Arc<State>,
    scheme: &'static str,
}

impl Receiver {
    /// Listens on a free port.
    ///
    /// # Panics
    /// If there is none.
    pub async fn start() -> Self {
        let started = Self::start_at(ANY_PORT, None).await;
        started.unwrap_or_else(|error| panic!("can't listen: {error}"))
    }

    /// Listens on a free port and answers as scripted from the first request on.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn scripted(script: impl Fn(&Request) -> Option<Fault> + Send + Sync + 'static) -> Self {
        let receiver = Self::start().await;
        receiver.script(script);
        receiver
    }

    /// Listens on a free port for TLS connections. Speaks HTTP/2 if the client and the configuration do.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn start_tls(config: ServerConfig) -> Self {
        let started = Self::start_at(ANY_PORT, Some(config)).await;
        started.unwrap_or_else(|error| panic!("can't listen: {error}"))
    }

    async fn start_at(address: SocketAddr, tls: Option<ServerConfig>) -> io::Result<Self> {
        let state = Arc::new(State {
            next: Faults::default(),
            script: Mutex::new(Script {
                by_body: Vec::new(),
                all: Arc::new(|_| None),
            }),
            in_flight: AtomicUsize::new(0),
            received: Record::default(),
        });
        let scheme = if tls.is_some() { "https" } else { "http" };
        let tls = tls.map(|config| Arc::new(config).into());
        let listener = Listener::start_with(address, tls, Arc::clone(&state)).await?;
        Ok(Self {
            listener: Arc::new(listener),
            state,
            scheme,
        })
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.listener.address().port()
    }

    /// Names `127.0.0.1`, or `localhost` with TLS. Requests to any other path are received, too.
    pub fn url(&self) -> String {
        let host = if self.scheme == "https" {
            "localhost"
        } else {
            "127.0.0.1"
        };
        format!("{}://{host}:{}/in", self.scheme, self.port())
    }

    /// From now on, every request is answered so.
    pub fn answer_all(&self, fault: impl Into<Fault>) {
        let fault = fault.into();
        self.script(move |_| Some(fault.clone()));
    }

    /// From now on, every request is accepted, except for the bodies that have an answer of their own.
    pub fn accept_all(&self) {
        self.script(|_| None);
    }

    /// From now on, this function chooses the answer to every request.
    pub fn script(&self, script: impl Fn(&Request) -> Option<Fault> + Send + Sync + 'static) {
        self.state.script().all = Arc::new(script);
    }

    /// The next requests are answered so, after those for which this was called before.
    pub fn answer_next(&self, times: usize, fault: impl Into<Fault>) {
        self.state.next.fail_next(times, fault.into());
    }

    /// From now on, requests whose body contains the text are answered so.
    pub fn answer_bodies_with(&self, text: &str, fault: impl Into<Fault>) {
        self.state.set_body(text, Some(fault.into()));
    }

    /// From now on, requests whose body contains the text are accepted.
    pub fn accept_bodies_with(&self, text: &str) {
        self.state.set_body(text, None);
    }

    /// In the order in which their bodies were complete.
    pub fn requests(&self) -> Vec<Request> {
        self.state.received.look(|received| received.requests.clone())
    }

    /// Reads the events of the requests that were accepted.
    pub fn events<R>(&self, read: impl FnOnce(&Events) -> R) -> R {
        self.state.received.look(|received| read(&received.events))
    }

    /// How many connections were opened.
    pub fn connections(&self) -> usize {
        self.listener.connections()
    }

    /// Waits until the requests satisfy the condition, and returns all of them.
    ///
    /// # Panics
    /// If they don't in time.
    pub async fn wait_until(&self, what: &str, condition: impl FnMut(&[Request]) -> bool) -> Vec<Request> {
        self.wait_for(what, condition).await;
        self.requests()
    }

    /// Waits until the requests satisfy the condition.
    ///
    /// # Panics
    /// If they don't in time.
    pub async fn wait_for(&self, what: &str, mut condition: impl FnMut(&[Request]) -> bool) {
        self.wait(what, |received| condition(&received.requests)).await;
    }

    /// Waits until the events of the requests that were accepted satisfy the condition.
    ///
    /// # Panics
    /// If they don't in time.
    pub async fn wait_for_events(&self, what: &str, mut condition: impl FnMut(&Events) -> bool) {
        self.wait(what, |received| condition(&received.events)).await;
    }

    async fn wait(&self, what: &str, condition: impl FnMut(&Received) -> bool) {
        let is_met = self.state.received.wait_until(PATIENCE, condition).await;
        let count = self.state.received.look(|received| received.requests.len());
        assert!(is_met, "waited in vain until {what}; {count} requests have arrived");
    }
}

impl State {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_body(&self, text: &str, fault: Option<Fault>) {
        let mut script = self.script();
        script.by_body.retain(|(other, _)| other != text);
        script.by_body.push((text.to_owned(), fault));
    }

    fn choose(&self, request: &Request) -> Option<Fault> {
        if let Some(fault) = self.next.next() {
            return Some(fault);
        }
        let all = {
            let script = self.script();
            let body = std::str::from_utf8(&request.body).unwrap_or_default();
            if let Some((_, fault)) = script.by_body.iter().find(|(text, _)| body.contains(text)) {
                return fault.clone();
            }
            Arc::clone(&script.all)
        };
        all(request)
    }
}

/// Counts a request that waits for an answer, until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Serve for State {
    async fn serve(&self, request: http::Request<Bytes>) -> Result<Response<Bytes>, Abort> {
        let in_flight = self.in_flight.fetch_add(1, Ordering::SeqCst);
        let _waiting = Waiting(&self.in_flight);
        let (head, body) = request.into_parts();
        let mut request = Request {
            method: head.method,
            uri: head.uri,
            version: head.version,
            headers: head.headers,
            body,
            at: Instant::now(),
            connection: head.extensions.get().map_or(0, |Connection(number)| *number),
            in_flight,
            fault: None,
            has_passed: false,
        };
        let fault = self.choose(&request);
        request.fault.clone_from(&fault);
        let is_held = matches!(fault, Some(Fault::Held(_)));
        let number = self.received.change(|received| received.add(request));
        serve_with(fault, async {
            if is_held {
                self.received.change(|received| received.pass(number));
            }
            Response::new(Bytes::new())
        })
        .await
    }
}

#[cfg(test)]
mod tests;

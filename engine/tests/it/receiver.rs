//! A real HTTP receiver that records what it gets and answers as it is told.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{
        HeaderMap, StatusCode,
        header::{LOCATION, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use tokio::sync::watch;

/// Longer than anything here takes; reached only by a failing test.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// It was answered with 200.
    pub(crate) was_accepted: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) enum Answer {
    #[default]
    Accept,
    Status(u16),
    /// This status, with as much text as is kept of an answer.
    LongStatus(u16),
    /// 429, with a `Retry-After` of an hour.
    MuchLater,
    Redirect(String),
    /// Never answers.
    Silence,
}

#[derive(Default)]
struct Script {
    every: Answer,
    /// By a text that the body contains.
    by_body: HashMap<String, Answer>,
}

#[derive(Clone)]
pub(crate) struct Receiver {
    address: std::net::SocketAddr,
    requests: watch::Sender<Vec<Request>>,
    script: Arc<Mutex<Script>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let receiver = Self {
            address,
            requests: watch::Sender::default(),
            script: Arc::default(),
        };
        let router = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        receiver
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/in", self.address)
    }

    pub(crate) fn answer_all(&self, answer: Answer) {
        self.script.lock().unwrap().every = answer;
    }

    pub(crate) fn answer_bodies_with(&self, text: &str, answer: Answer) {
        self.script.lock().unwrap().by_body.insert(text.to_owned(), answer);
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.borrow().clone()
    }

    /// Waits until what was received so far satisfies the condition.
    pub(crate) async fn wait_until(&self, what: &str, condition: impl FnMut(&[Request]) -> bool) -> Vec<Request> {
        self.wait_for(what, condition).await;
        self.requests()
    }

    /// The same, where nobody wants a copy of all requests.
    pub(crate) async fn wait_for(&self, what: &str, mut condition: impl FnMut(&[Request]) -> bool) {
        let mut requests = self.requests.subscribe();
        let waited = tokio::time::timeout(PATIENCE, requests.wait_for(|requests| condition(requests))).await;
        let has_come = matches!(waited, Ok(Ok(_)));
        assert!(
            has_come,
            "waited in vain until {what}; got {} requests",
            self.requests().len()
        );
    }

    fn answer_to(&self, body: &str) -> Answer {
        let script = self.script.lock().unwrap();
        let special = script.by_body.iter().find(|(text, _)| body.contains(text.as_str()));
        special.map_or_else(|| script.every.clone(), |(_, answer)| answer.clone())
    }
}

async fn receive(State(receiver): State<Receiver>, uri: axum::http::Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let answer = receiver.answer_to(&body);
    receiver.requests.send_modify(|requests| {
        requests.push(Request {
            path: uri.path().to_owned(),
            headers,
            body,
            was_accepted: matches!(answer, Answer::Accept),
        });
    });
    match answer {
        Answer::Accept => StatusCode::OK.into_response(),
        Answer::Status(status) => (StatusCode::from_u16(status).unwrap(), "no thanks").into_response(),
        Answer::LongStatus(status) => (StatusCode::from_u16(status).unwrap(), "x".repeat(4_096)).into_response(),
        Answer::MuchLater => (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "3600")]).into_response(),
        Answer::Redirect(to) => (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, to)]).into_response(),
        Answer::Silence => std::future::pending().await,
    }
}

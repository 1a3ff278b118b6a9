//! Faults: what a receiver does with a request instead of serving it, and scripts that choose one for each request.

use std::{
    collections::VecDeque,
    future::{Future, pending},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::gate::Gate;

/// What happens to a request instead of being served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This answer is sent. Nothing is verified and nothing is stored.
    Answer(Answer),
    /// The request is read and never answered.
    Hang,
    /// The connection is closed without an answer. Nothing is stored.
    Close,
    /// The connection is reset (TCP RST) without an answer. Nothing is stored.
    Reset,
    /// The request is served, and its answer is never sent.
    HangAfterStoring,
    /// The request is served, and the connection is closed instead of sending the answer.
    CloseAfterStoring,
    /// The request is served as usual as soon as the gate lets it pass.
    Held(Gate),
}

impl Fault {
    /// Parses the names that the control paths use: `hang`, `close`, `reset`, `hang_after_storing`, `close_after_storing`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "hang" => Some(Self::Hang),
            "close" => Some(Self::Close),
            "reset" => Some(Self::Reset),
            "hang_after_storing" => Some(Self::HangAfterStoring),
            "close_after_storing" => Some(Self::CloseAfterStoring),
            _ => None,
        }
    }
}

impl From<Answer> for Fault {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

impl From<u16> for Fault {
    fn from(status: u16) -> Self {
        Self::Answer(Answer::from(status))
    }
}

/// A complete answer, sent as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status of the response.
    pub status: StatusCode,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Body of the response.
    pub body: String,
    /// How long after the request it is sent.
    pub delay: Duration,
}

impl Answer {
    /// An invalid status becomes 500.
    pub fn new(status: u16, content_type: &str, body: String) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: vec![("content-type", content_type.to_owned())],
            body,
            delay: Duration::ZERO,
        }
    }

    /// A redirect to `location`.
    pub fn redirect(status: u16, location: impl Into<String>) -> Self {
        Self::from(status).with_header("location", location)
    }

    /// The same response with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same response, sent after a delay.
    #[must_use]
    pub const fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Ignores the delay.
    pub(crate) fn into_response(self) -> Response<Bytes> {
        let mut builder = Response::builder().status(self.status);
        for (name, value) in self.headers {
            builder = builder.header(name, value);
        }
        let response = builder.body(Bytes::from(self.body));
        response.unwrap_or_else(|_| Response::new(Bytes::from_static(b"an answer with a header that cannot be sent")))
    }
}

/// With a short text as its body.
impl From<u16> for Answer {
    fn from(status: u16) -> Self {
        Self::new(status, "text/plain", "no thanks".to_owned())
    }
}

/// The connection ends without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Abort {
    Close,
    Reset,
}

impl std::fmt::Display for Abort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("aborted by the script")
    }
}

impl std::error::Error for Abort {}

/// Chooses the fault of a request by its body.
pub(crate) type BodyScript = Arc<dyn Fn(&Bytes) -> Option<Fault> + Send + Sync>;

/// The faults of the next requests, in order; after them, a function of the body chooses.
#[derive(Default)]
pub(crate) struct Faults {
    queue: Mutex<VecDeque<(usize, Fault)>>,
    by_body: Mutex<Option<BodyScript>>,
}

impl Faults {
    pub(crate) fn choose_by_body(&self, script: BodyScript) {
        *self.by_body.lock().unwrap_or_else(PoisonError::into_inner) = Some(script);
    }

    pub(crate) fn fail_next(&self, times: usize, fault: Fault) {
        if times > 0 {
            self.queue().push_back((times, fault));
        }
    }

    /// Removes all faults.
    pub(crate) fn clear(&self) {
        self.queue().clear();
        *self.by_body.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Takes the next fault of the queue.
    pub(crate) fn next(&self) -> Option<Fault> {
        let mut queue = self.queue();
        let (left, fault) = queue.front_mut()?;
        *left -= 1;
        let fault = fault.clone();
        if *left == 0 {
            queue.pop_front();
        }
        Some(fault)
    }

    /// The fault that the function of the body chooses.
    pub(crate) fn for_body(&self, body: &Bytes) -> Option<Fault> {
        let script = self.by_body.lock().unwrap_or_else(PoisonError::into_inner).clone();
        script.and_then(|script| script(body))
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<(usize, Fault)>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves the request, or does what the fault says.
pub(crate) async fn serve_with(
    fault: Option<Fault>,
    served: impl Future<Output = Response<Bytes>>,
) -> Result<Response<Bytes>, Abort> {
    match fault {
        None => Ok(served.await),
        Some(Fault::Answer(answer)) => {
            tokio::time::sleep(answer.delay).await;
            Ok(answer.into_response())
        }
        Some(Fault::Held(gate)) => {
            gate.passed().await;
            Ok(served.await)
        }
        Some(Fault::Hang) => pending().await,
        Some(Fault::Close) => Err(Abort::Close),
        Some(Fault::Reset) => Err(Abort::Reset),
        Some(Fault::HangAfterStoring) => {
            drop(served.await);
            pending().await
        }
        Some(Fault::CloseAfterStoring) => {
            drop(served.await);
            Err(Abort::Close)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_in_order_and_as_often_as_requested() {
        let faults = Faults::default();
        faults.fail_next(2, Fault::Close);
        faults.fail_next(0, Fault::Hang);
        faults.fail_next(usize::MAX, Fault::CloseAfterStoring);
        let next = [(); 4].map(|()| faults.next());
        assert_eq!(next[..2], [Some(Fault::Close), Some(Fault::Close)]);
        assert_eq!(
            next[2..],
            [Some(Fault::CloseAfterStoring), Some(Fault::CloseAfterStoring)]
        );
        faults.clear();
        assert_eq!(faults.next(), None);
    }
}

//! Trouble on demand: what a receiver does with its next requests instead of simply serving them.

use std::{
    collections::VecDeque,
    future::{Future, pending},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::{Response, StatusCode};

/// What happens to a request that would otherwise be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// This is the answer; nothing is verified and nothing is stored.
    Answer(Answer),
    /// The request is read, and never answered.
    Stall,
    /// The connection closes without an answer; nothing is stored.
    Cut,
    /// The connection is reset (TCP RST) without an answer; nothing is stored.
    Reset,
    /// The request is served, and its answer never sent.
    StallAfterStoring,
    /// The request is served, and the connection closes in place of the answer.
    CutAfterStoring,
}

impl Trouble {
    /// From the names that the side door takes: `stall`, `cut`, `reset`, `stall_after_storing`, `cut_after_storing`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "stall" => Some(Self::Stall),
            "cut" => Some(Self::Cut),
            "reset" => Some(Self::Reset),
            "stall_after_storing" => Some(Self::StallAfterStoring),
            "cut_after_storing" => Some(Self::CutAfterStoring),
            _ => None,
        }
    }
}

/// A whole answer, made beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: StatusCode,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Answer {
    /// A status that is none becomes 500.
    pub fn new(status: u16, content_type: &str, body: String) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: vec![("content-type", content_type.to_owned())],
            body,
        }
    }

    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn into_response(self) -> Response<Bytes> {
        let mut builder = Response::builder().status(self.status);
        for (name, value) in self.headers {
            builder = builder.header(name, value);
        }
        let response = builder.body(Bytes::from(self.body));
        response.unwrap_or_else(|_| Response::new(Bytes::from_static(b"an answer with a header that cannot be sent")))
    }
}

impl From<Answer> for Trouble {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

/// The connection is to end without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    Close,
    Reset,
}

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut on demand")
    }
}

impl std::error::Error for Cut {}

/// What a request meets with, by its body.
pub type Judge = Arc<dyn Fn(&Bytes) -> Option<Trouble> + Send + Sync>;

/// The trouble still to come, first in, first out; and after that what the body of a request asks for.
#[derive(Default)]
pub(crate) struct Gate {
    queue: Mutex<VecDeque<(usize, Trouble)>>,
    judge: Mutex<Option<Judge>>,
}

impl Gate {
    pub(crate) fn judge_by(&self, judge: Judge) {
        *self.judge.lock().unwrap_or_else(PoisonError::into_inner) = Some(judge);
    }

    /// What to do with a request that has this body, if nothing else is to be done.
    pub(crate) fn judge(&self, body: &Bytes) -> Option<Trouble> {
        let judge = self.judge.lock().unwrap_or_else(PoisonError::into_inner).clone();
        judge.and_then(|judge| judge(body))
    }

    pub(crate) fn trouble_next(&self, times: usize, trouble: Trouble) {
        if times > 0 {
            self.queue().push_back((times, trouble));
        }
    }

    pub(crate) fn open(&self) {
        self.queue().clear();
        *self.judge.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// What to do with the request that has just come in.
    pub(crate) fn next(&self) -> Option<Trouble> {
        let mut queue = self.queue();
        let (left, trouble) = queue.front_mut()?;
        *left -= 1;
        let trouble = trouble.clone();
        if *left == 0 {
            queue.pop_front();
        }
        Some(trouble)
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<(usize, Trouble)>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves the request, unless and until the trouble says otherwise.
pub(crate) async fn serve_under(
    trouble: Option<Trouble>,
    served: impl Future<Output = Response<Bytes>>,
) -> Result<Response<Bytes>, Cut> {
    match trouble {
        None => Ok(served.await),
        Some(Trouble::Answer(answer)) => Ok(answer.into_response()),
        Some(Trouble::Stall) => pending().await,
        Some(Trouble::Cut) => Err(Cut::Close),
        Some(Trouble::Reset) => Err(Cut::Reset),
        Some(Trouble::StallAfterStoring) => {
            drop(served.await);
            pending().await
        }
        Some(Trouble::CutAfterStoring) => {
            drop(served.await);
            Err(Cut::Close)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_comes_in_order_and_as_often_as_asked() {
        let gate = Gate::default();
        gate.trouble_next(2, Trouble::Cut);
        gate.trouble_next(0, Trouble::Stall);
        gate.trouble_next(usize::MAX, Trouble::CutAfterStoring);
        let next = [(); 4].map(|()| gate.next());
        assert_eq!(next[..2], [Some(Trouble::Cut), Some(Trouble::Cut)]);
        assert_eq!(
            next[2..],
            [Some(Trouble::CutAfterStoring), Some(Trouble::CutAfterStoring)]
        );
        gate.open();
        assert_eq!(gate.next(), None);
    }
}

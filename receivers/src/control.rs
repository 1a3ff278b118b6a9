//! Control requests: a test in another process reads what was received and requests faults.

use std::io;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::Value;

use crate::fault::{Answer, Fault};

/// A request by a test, not by the product.
pub(crate) enum ControlRequest {
    /// `GET /_received`
    Received,
    /// `POST /_faults/<name>/<times>`; `always` for a number.
    Fault { name: String, times: usize },
    /// `DELETE /_faults`
    ServeAgain,
}

impl ControlRequest {
    /// `None`: the request is for the receiver itself.
    pub(crate) fn parse<B>(request: &Request<B>) -> Option<Self> {
        let path = request.uri().path();
        if request.method() == Method::GET && path == "/_received" {
            return Some(Self::Received);
        }
        if request.method() == Method::DELETE && path == "/_faults" {
            return Some(Self::ServeAgain);
        }
        let fault = path.strip_prefix("/_faults/")?;
        let (name, times) = fault.split_once('/')?;
        let times = match times {
            "always" => usize::MAX,
            number => number.parse().ok()?,
        };
        Some(Self::Fault {
            name: name.to_owned(),
            times,
        })
    }
}

/// A receiver that answers control requests.
pub(crate) trait Controlled {
    /// # Errors
    /// What was received cannot be read.
    fn received(&self) -> io::Result<Value>;
    fn fault(&self, name: &str) -> Option<Fault>;
    fn fail_next(&self, times: usize, fault: Fault);
    fn serve_again(&self);
}

pub(crate) fn answer(request: ControlRequest, receiver: &impl Controlled) -> Response<Bytes> {
    match request {
        ControlRequest::Received => match receiver.received() {
            Ok(received) => Answer::new(200, "application/json", received.to_string()).into_response(),
            Err(error) => Answer::new(500, "text/plain", error.to_string()).into_response(),
        },
        ControlRequest::ServeAgain => {
            receiver.serve_again();
            bare(StatusCode::NO_CONTENT)
        }
        ControlRequest::Fault { name, times } => match receiver.fault(&name) {
            None => bare(StatusCode::NOT_FOUND),
            Some(fault) => {
                receiver.fail_next(times, fault);
                bare(StatusCode::NO_CONTENT)
            }
        },
    }
}

fn bare(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

//! The side door: how a test in another process looks at what was received, and asks for trouble.

use std::io;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::Value;

use crate::gate::{Answer, Trouble};

/// What stands at the side door.
pub(crate) enum Knock {
    /// `GET /_received`
    Received,
    /// `POST /_trouble/<name>/<times>`; `always` for a number.
    Trouble { name: String, times: usize },
    /// `DELETE /_trouble`
    ServeAgain,
}

impl Knock {
    /// `None`: a request for the receiver itself.
    pub(crate) fn parse<B>(request: &Request<B>) -> Option<Self> {
        let path = request.uri().path();
        if request.method() == Method::GET && path == "/_received" {
            return Some(Self::Received);
        }
        if request.method() == Method::DELETE && path == "/_trouble" {
            return Some(Self::ServeAgain);
        }
        let trouble = path.strip_prefix("/_trouble/")?;
        let (name, times) = trouble.split_once('/')?;
        let times = match times {
            "always" => usize::MAX,
            number => number.parse().ok()?,
        };
        Some(Self::Trouble {
            name: name.to_owned(),
            times,
        })
    }
}

/// What a receiver lets through its side door.
pub(crate) trait Doorkeeper {
    /// # Errors
    /// What was received cannot be read.
    fn received(&self) -> io::Result<Value>;
    fn trouble(&self, name: &str) -> Option<Trouble>;
    fn trouble_next(&self, times: usize, trouble: Trouble);
    fn serve_again(&self);
}

pub(crate) fn open(knock: Knock, keeper: &impl Doorkeeper) -> Response<Bytes> {
    match knock {
        Knock::Received => match keeper.received() {
            Ok(received) => Answer::new(200, "application/json", received.to_string()).into_response(),
            Err(error) => Answer::new(500, "text/plain", error.to_string()).into_response(),
        },
        Knock::ServeAgain => {
            keeper.serve_again();
            bare(StatusCode::NO_CONTENT)
        }
        Knock::Trouble { name, times } => match keeper.trouble(&name) {
            None => bare(StatusCode::NOT_FOUND),
            Some(trouble) => {
                keeper.trouble_next(times, trouble);
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

//! How each kind of destination reads an answer, as a function of the answer alone.

use ::http::{HeaderMap, StatusCode};
use domain::policy::Outcome;

use super::Report;
pub use super::{
    google::fuzz::{google_answer, google_token_answer},
    http::fuzz::http_answer,
    s3::fuzz::s3_answer,
};

/// The answer of a destination.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

/// What is kept of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// What policy decides by.
    pub outcome: Outcome,
    /// What happened, in words.
    pub reason: String,
    /// The start of the answer's body.
    pub response: String,
}

impl From<Report> for Reported {
    fn from(report: Report) -> Self {
        let Report {
            outcome,
            reason,
            response,
            ..
        } = report;
        Self {
            outcome,
            reason,
            response,
        }
    }
}

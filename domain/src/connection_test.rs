//! A test of a destination: one event sent to it, stage by stage, and what came of it in words.
//!
//! Whoever makes a report leaves secrets out of it; here are its shape and its words. Pure.

use serde::{Deserialize, Serialize};

pub use crate::mask::MASK;
use crate::{
    delivery::advice,
    destination::DestinationKind,
    policy::{Decision, Outcome, RequestSize, StatusRules, decide},
};

/// What a test came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestReport {
    /// Whether the destination works, in one sentence.
    pub verdict: Verdict,
    /// In the order in which they were made. A request that was never made is there with what came before it.
    pub requests: Vec<TestedRequest>,
    /// By which the test event can be found where it was sent.
    pub event_id: String,
    /// In µs.
    pub took_us: u64,
}

/// Whether the test event was accepted, and what to do if not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the destination accepted the event.
    pub accepted: bool,
    /// What happened, in one sentence.
    pub summary: String,
    /// What to do about it, in one sentence.
    pub next_step: Option<String>,
}

/// One request and its stages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestedRequest {
    /// What the request was for.
    pub purpose: Purpose,
    /// In their order; those that were not reached are there too.
    pub stages: Vec<Stage>,
    /// As it was sent, or would have been. None if it could not be made.
    pub sent: Option<SentRequest>,
    /// None if there was none.
    pub answer: Option<TestAnswer>,
}

/// What a request of a test is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = PurposeName))]
pub enum Purpose {
    /// Delivers the event to an HTTP endpoint.
    Event,
    /// Asks Google for an access token.
    AccessToken,
    /// Writes the event as an entry of a log.
    LogEntry,
    /// Puts the event into a bucket.
    Object,
}

/// A step on the way to a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = StageView))]
pub struct Stage {
    /// Which stage.
    pub name: StageName,
    /// How it ended.
    pub state: StageState,
    /// Microseconds from the beginning of the test; 0 if the stage was not reached.
    pub started_us: u64,
    /// How long it took, in microseconds.
    #[serde(rename = "duration_us")]
    pub took_us: u64,
    /// What was found; may be empty.
    #[cfg_attr(feature = "openapi", schema(example = "siem.example.com is 203.0.113.7."))]
    pub detail: String,
}

/// The stages of a request of a connection test, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum StageName {
    /// The request is worded and signed.
    Prepared,
    /// The host's name has become addresses.
    Address,
    /// The network rules admit one of them.
    NetworkRule,
    Tcp,
    /// A proxy has connected to the destination. Only where one is used.
    Proxy,
    /// Handshake and certificate.
    Tls,
    /// The request has been handed to the network.
    Request,
    Answer,
}

/// How a stage ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum StageState {
    Done,
    Failed,
    /// Not reached, or not needed.
    Skipped,
}

/// A request, its secrets masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentRequest {
    /// HTTP method.
    pub method: String,
    /// URL; secrets in it are masked.
    pub url: String,
    /// Headers in the order in which they were sent.
    pub headers: Vec<SentHeader>,
    /// The body, or what is shown of it.
    pub body: SentBody,
}

/// A header as it was sent; values that may be secret are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = SentHeaderView))]
pub struct SentHeader {
    /// Name of the header.
    #[cfg_attr(feature = "openapi", schema(example = "content-type"))]
    pub name: String,
    /// Value of the header; secrets are masked.
    pub value: String,
}

/// The body that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentBody {
    /// Its start, at most 4 KiB.
    Text(String),
    /// Not shown: so many bytes.
    Hidden(u64),
}

/// The response to a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = TestAnswerView))]
pub struct TestAnswer {
    /// HTTP status.
    #[cfg_attr(feature = "openapi", schema(example = 401))]
    pub status: u16,
    /// Its start, at most 4 KiB, with secrets masked; null if it is not shown.
    pub body: Option<String>,
}

impl Purpose {
    /// The label of it in a report.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Event => "Deliver the event",
            Self::AccessToken => "Get an access token",
            Self::LogEntry => "Write the log entry",
            Self::Object => "Put the object",
        }
    }
}

impl StageName {
    /// The stages that every request over the network has, in their order. One through a proxy has another, after the connection.
    pub const OF_NETWORK: [Self; 6] = [
        Self::Address,
        Self::NetworkRule,
        Self::Tcp,
        Self::Tls,
        Self::Request,
        Self::Answer,
    ];

    /// The label of it in a report.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Prepared => "Request prepared",
            Self::Address => "Address resolved",
            Self::NetworkRule => "Network rule",
            Self::Tcp => "TCP connection",
            Self::Proxy => "Proxy",
            Self::Tls => "TLS and certificate",
            Self::Request => "Request sent",
            Self::Answer => "Answer",
        }
    }
}

impl Stage {
    /// One that was not reached.
    pub const fn skipped(name: StageName) -> Self {
        Self {
            name,
            state: StageState::Skipped,
            started_us: 0,
            took_us: 0,
            detail: String::new(),
        }
    }
}

impl Verdict {
    /// What an attempt came to, where the destination has these rules of its own. `reason` is the attempt's own account of its failure,
    /// without anything secret.
    pub fn of(kind: DestinationKind, outcome: Outcome, reason: &str, rules: &StatusRules) -> Self {
        let next_step = match decide(outcome, RequestSize::One, rules) {
            Decision::Acknowledge => {
                return Self {
                    accepted: true,
                    summary: kind.spec().accepted.to_owned(),
                    next_step: None,
                };
            }
            Decision::BackOff { trouble, .. } => advice(kind, trouble.into()),
            Decision::Refuse(refusal) => advice(kind, refusal.into()),
            Decision::Split | Decision::Forget => "Test again.",
        };
        let summary = match (kind.spec().respondent, reason.strip_prefix("Answered ")) {
            (Some(respondent), Some(status)) => format!("{respondent} answered {status}"),
            _ => reason.to_owned(),
        };
        Self {
            accepted: false,
            summary: sentence(summary),
            next_step: Some(next_step.to_owned()),
        }
    }
}

fn sentence(mut text: String) -> String {
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Unreached;

    fn verdict(kind: DestinationKind, status: u16, reason: &str) -> Verdict {
        let retry_after = None;
        Verdict::of(
            kind,
            Outcome::Answered { status, retry_after },
            reason,
            &StatusRules::default(),
        )
    }

    #[test]
    fn what_is_accepted_needs_nothing_more() {
        for kind in DestinationKind::ALL {
            let verdict = verdict(kind, 204, "");
            assert!(verdict.accepted && verdict.summary.ends_with('.'), "{verdict:?}");
            assert_eq!(verdict.next_step, None);
        }
    }

    #[test]
    fn every_failure_is_told_in_two_sentences() {
        let statuses = [301, 401, 403, 404, 410, 413, 422, 429, 500, 503, 999];
        let statuses = statuses.map(|status| Outcome::Answered {
            status,
            retry_after: None,
        });
        let others = [Outcome::Blocked, Outcome::Unsendable, Outcome::Stopped];
        let outcomes = Unreached::ALL.map(Outcome::Unreached).into_iter().chain(statuses);
        for outcome in outcomes.chain(others) {
            for kind in DestinationKind::ALL {
                let verdict = Verdict::of(kind, outcome, "It did not work", &StatusRules::default());
                assert!(!verdict.accepted, "{outcome:?}");
                assert_eq!(verdict.summary, "It did not work.");
                assert!(verdict.next_step.unwrap().ends_with('.'), "{outcome:?}");
            }
        }
    }

    #[test]
    fn the_advice_is_for_the_kind() {
        let http = verdict(DestinationKind::Http, 401, "Answered 401 Unauthorized.");
        assert_eq!(http.summary, "The receiver answered 401 Unauthorized.");
        assert!(http.next_step.unwrap().contains("verification token"));
        let s3 = verdict(DestinationKind::AmazonS3, 403, "The signature does not match.");
        assert!(s3.next_step.unwrap().contains("secret access key"));
        let google = verdict(DestinationKind::GoogleCloudLogging, 403, "No permission.");
        assert!(google.next_step.unwrap().contains("Logs Writer"));
    }
}

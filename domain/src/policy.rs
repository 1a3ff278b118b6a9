//! What is done about the outcome of an attempt. Pure: now, jitter and counters are arguments.
//!
//! `decide` maps an [`Outcome`] to a [`Decision`], by its table and the [`StatusRules`] of the destination; `backoff` says when to probe again; `suspects` says with which event, and
//! when an event is to blame for what fails; `refusal` says when a refused event is tried again and when it is parked.

mod backoff;
mod decision;
mod outcome;
mod refusal;
mod status_rules;
mod suspects;

pub use self::{
    backoff::{ExponentialBackoff, Jitter, ProbePauses},
    decision::{
        CLIENT_CERTIFICATE_REFUSED, CLIENT_CERTIFICATE_REQUIRED, Decision, FixedStatus, RequestSize, Trouble, decide,
        may_be_chance, reject_is_fixed, retry_is_fixed,
    },
    outcome::{Outcome, ProxyFailure, TlsFailure, Unreached},
    refusal::{Refusal, RefusalStep, RefusalStreak},
    status_rules::{StatusCodes, StatusRules},
    suspects::{Probe, ProbeWait, RequestNumber, Suspects},
};

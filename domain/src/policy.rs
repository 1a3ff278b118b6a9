//! What is done about the outcome of an attempt. Pure: now, jitter and counters are arguments.
//!
//! `decide` maps an [`Outcome`] to a [`Decision`]; `backoff` says when to probe again; `refusal` says when a refused event
//! is tried again and when it is parked.

mod backoff;
mod decision;
mod outcome;
mod refusal;

pub use self::{
    backoff::{Backoff, Jitter, PROBE_CAP},
    decision::{Decision, RequestSize, Trouble, decide},
    outcome::{Outcome, TlsFailure, Unreached},
    refusal::{Refusal, RefusalStep, RefusalStreak},
};

//! Proves that acknowledged events arrive: what `audit-streams drill` and `cargo xtask faults` share.
//!
//! A [`Producer`] posts events whose bodies follow from a [`Plan`] and a number, and reports each `201` to the [`Oracle`].
//! Only after that, an event must arrive. What a destination receives goes into its [`Witness`], which checks each body
//! and the order of each entity. The [`Oracle`] compares the two: a [`History`] of the destination's filters says which
//! events it must have, and which it must not have. [`run`] is the drill against a user's own installation.
//!
//! This crate depends on none of the others, so the proof does not share code with what it checks.

mod api;
mod bodies;
mod dice;
mod digits;
mod history;
mod oracle;
mod plan;
mod producer;
mod receiver;
mod report;
mod run;
mod witness;

pub use self::{
    api::{Answer, Api, ApiError},
    bodies::{BodyError, decompress, split},
    dice::Dice,
    history::{Filter, History, Rule, Span},
    oracle::{Oracle, Verdict},
    plan::{Event, EventKey, Plan, Traits},
    producer::{PostError, Producer},
    receiver::ReceiverError,
    report::Report,
    run::{Drill, DrillError, run},
    witness::{Delivery, Origin, Witness},
};

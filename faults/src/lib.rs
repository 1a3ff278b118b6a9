//! `cargo xtask faults`: the real server under seeded faults.
//!
//! [`run`] starts the server binary on a folder of its own and adds the destinations of [`places`] through the public APIs.
//! Producers (crate `drill`) post events all the time. Each round takes its faults from the [`plan`], which follows from the
//! seed alone, and ends with SIGKILL at a [`moment`]. In quiet phases all faults are taken away: then everything must arrive
//! that the oracle knows of, and a new event at every destination.

mod admin;
mod changes;
mod clock;
mod disk;
mod endpoint;
mod faults;
mod findings;
mod moment;
mod observed;
mod options;
mod places;
mod plan;
mod quiet;
mod report;
mod request;
mod run;
mod server;
mod start;
mod story;
mod targets;

pub use self::{
    options::{FaultsError, Options},
    report::Report,
    run::run,
    story::Output,
};

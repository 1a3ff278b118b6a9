//! How fast each path is, beside its own limit in the same run: `cargo xtask bench`.
//!
//! The server is the release binary in a process of its own; clients and receivers are in this one, speaking HTTP/1.1 over
//! loopback with as little work as they can. Each figure is printed with the limit measured right beside it, for machines
//! differ and drift. Nothing is asserted. `docs/performance.md` holds tables of results; those of `isolation`, `growth`, `plots`,
//! `backup` and `check` are written by this program.

#![expect(clippy::unwrap_used, reason = "a measurement that meets the unexpected ends there")]
#![expect(clippy::print_stdout, reason = "the figures are for whoever runs the command")]

mod activity;
mod args;
mod backlog;
mod backup;
mod chart;
mod check;
mod client;
mod disk;
mod distance;
mod events;
mod growth;
mod ingest;
mod instance;
mod isolation;
mod latency;
mod limits;
mod log;
mod page;
mod percentiles;
mod plots;
mod receiver;
mod report;
mod start;

use std::{path::Path, process::ExitCode};

use clap::Parser;

use crate::{
    args::{Args, Name},
    report::Report,
};

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(shortage) = disk::shortage(Path::new(env!("CARGO_TARGET_TMPDIR")), &args) {
        println!("{shortage}");
        return ExitCode::FAILURE;
    }
    rustls::crypto::ring::default_provider().install_default().unwrap();
    for part in args.parts() {
        measure(part, &args);
    }
    ExitCode::SUCCESS
}

fn measure(part: Name, args: &Args) {
    let report = Report(&args.docs);
    match part {
        Name::Batches => ingest::batches(),
        Name::Singles => ingest::singles(),
        Name::Backlog => backlog::backlog(),
        Name::Distance => distance::distance(),
        Name::Latency => latency::latency(),
        Name::Start => start::start(),
        Name::Log => log::log(),
        Name::Activity => activity::activity(),
        Name::Isolation => isolation::isolation(args, &report),
        Name::GrowthStart => growth::start::start(args, &report),
        Name::GrowthRetention => growth::retention::retention(args, &report),
        Name::GrowthMemory => growth::memory::memory(args, &report),
        Name::PlotsDestinations => plots::destinations(args, &report),
        Name::PlotsBacklog => plots::backlog(args, &report),
        Name::PlotsEventSize => plots::event_size(args, &report),
        Name::Backup => backup::backup(args, &report),
        Name::Check => check::check(args, &report),
        // Stand for the parts that begin with them.
        Name::Growth | Name::Plots => {}
    }
}

/// Events a second.
fn rate(events: usize, elapsed: std::time::Duration) -> f64 {
    f64::from(u32::try_from(events).unwrap()) / elapsed.as_secs_f64()
}

fn print_against(path: &str, rate: f64, limit_name: &str, limit: f64) {
    println!(
        "{path}: {rate:.0}/s; {limit_name}: {limit:.0}/s; {:.0} % of it",
        100.0 * rate / limit
    );
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

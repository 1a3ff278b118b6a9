//! How fast each path is, beside its own limit in the same run: `cargo xtask bench`.
//!
//! The server is the release binary in a process of its own; clients and receivers are in this one, speaking HTTP/1.1 over
//! loopback with as little work as they can. Each figure is printed with the limit measured right beside it, for machines
//! differ and drift. Nothing is asserted. `docs/performance.md` holds a table of results.

#![expect(clippy::unwrap_used, reason = "a measurement that meets the unexpected ends there")]
#![expect(clippy::print_stdout, reason = "the figures are for whoever runs the command")]

mod activity;
mod backlog;
mod client;
mod distance;
mod events;
mod ingest;
mod instance;
mod latency;
mod limits;
mod log;
mod page;
mod receiver;
mod start;

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    rustls::crypto::ring::default_provider().install_default().unwrap();
    if is_wanted("batches") {
        ingest::batches();
    }
    if is_wanted("singles") {
        ingest::singles();
    }
    if is_wanted("backlog") {
        backlog::backlog();
    }
    if is_wanted("distance") {
        distance::distance();
    }
    if is_wanted("latency") {
        latency::latency();
    }
    if is_wanted("start") {
        start::start();
    }
    if is_wanted("log") {
        log::log();
    }
    if is_wanted("activity") {
        activity::activity();
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

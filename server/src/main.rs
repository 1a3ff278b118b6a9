//! `audit-streams`: the server, its command line, and a small receiver to try destinations with.
//!
//! `cli` reads arguments and calls one command. `serve` starts and stops the server; `router` combines what it serves: the
//! APIs (crate `api`), the page (`page`: the Leptos app over the engine), the guide (`help`) and the web assets (crate
//! `assets`). No SQL, no outgoing connections, no delivery: that is `engine`.

mod cli;
mod compression;
mod help;
mod one_line;
mod page;
mod receive;
mod router;
mod serve;
mod telemetry;

use std::process::ExitCode;

/// Events are made on one thread and let go on another, which costs glibc's allocator a quarter of what ingest can do.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}

//! `audit-streams`: the server, its command line, and a small receiver to try destinations with.
//!
//! `cli` reads arguments and calls one command. `serve` starts and stops the server; `router` says what it answers:
//! `page` (the Leptos app over the engine), `api` (programs: ingest, REST, GraphQL), `health`, `metrics`, and `assets`. `admin` and
//! `destinations` are what page and APIs share. `access` knows who may do what, and `web` holds what several routes need of
//! HTTP. No SQL, no outgoing connections, no delivery: that is `engine`.

mod access;
mod api;
mod assets;
mod cli;
mod destinations;
mod event_summary;
mod export;
mod health;
mod help;
mod metrics;
mod page;
mod receive;
mod router;
mod serve;
mod services;
mod telemetry;
mod web;

use std::process::ExitCode;

/// Events are made on one thread and let go on another, which costs glibc's allocator a quarter of what ingest can do.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}

//! A short run with a fixed seed, as a part of the project's tests.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails there")]

use std::{path::PathBuf, time::Duration};

use faults::{Options, Output, run};

const SEED: u64 = 17;
const KILLS: u32 = 16;

/// Beside the test programs. `cargo test --workspace` builds it; for this crate alone, build the package `server` first.
fn server_binary() -> PathBuf {
    if let Some(binary) = std::env::var_os("AUDIT_STREAMS_BIN") {
        return binary.into();
    }
    let test = std::env::current_exe().unwrap();
    let binary = test.ancestors().nth(2).unwrap().join("audit-streams");
    assert!(
        binary.exists(),
        "{} does not exist: build the package `server`",
        binary.display()
    );
    binary
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_promise_is_broken_under_faults() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let report = run(Options {
        binary: server_binary(),
        kills: KILLS,
        at_most: Duration::from_secs(600),
        seed: SEED,
        work: folder.path().to_owned(),
        rate: 100.0,
        quiet_every: KILLS + 10,
        uses_the_machine: false,
        output: Output::Nothing,
    })
    .await
    .unwrap();
    println!("{report}");
    assert!(!report.is_broken(), "{report}");
    assert!(report.kills >= KILLS);
}

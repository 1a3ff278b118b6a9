//! A short run with a fixed seed, as a part of the project's tests.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails there")]

use std::{path::PathBuf, time::Duration};

use faults::{Options, Output, run};

/// Its rounds have failing writes and fsyncs, power cuts, many kinds of failing receivers, and changes of filters, pauses, limits and
/// replays.
const SEED: u64 = 5174;
const KILLS: u32 = 16;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const FAULTS: [&str; 4] = ["full disk", "endpoint cut body", "failing fsync", "power cut"];
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
const FAULTS: [&str; 2] = ["full disk", "endpoint cut body"];
/// The run ends with its kills, however slow the machine is.
const ANY: Duration = Duration::from_secs(24 * 3_600);

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
    // Kept if anything fails.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep();
    let report = run(Options {
        binary: server_binary(),
        kills: KILLS,
        at_most: ANY,
        seed: SEED,
        work: folder.clone(),
        rate: 100.0,
        quiet_every: KILLS + 10,
        uses_the_machine: false,
        output: Output::Nothing,
        // A stall of the test must not look like a receiver that fails.
        request_timeout: 30,
    })
    .await
    .unwrap();
    println!("{report}");
    assert!(!report.is_broken(), "{report}\nkept in {}", folder.display());
    assert!(report.kills >= KILLS);
    for fault in FAULTS {
        assert!(report.counts.contains_key(fault), "{fault}: {:?}", report.counts);
    }
    std::fs::remove_dir_all(folder).unwrap();
}

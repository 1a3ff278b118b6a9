//! Starting on a log that is already large.

use std::time::Instant;

use crate::{client::Client, instance, instance::Instance, runtime};

const EVENTS: usize = 1_000_000;

pub(crate) fn start() {
    let folder = instance::folder();
    runtime().block_on(instance::fill_log(folder.path(), EVENTS));
    // The first start makes the user and hashes a password; the second is what is asked about.
    drop(Instance::start(folder.path()));
    let started = Instant::now();
    let instance = Instance::start(folder.path());
    runtime().block_on(async {
        Client::connect(instance.address)
            .await
            .send(b"GET /readyz HTTP/1.1\r\nhost: bench\r\n\r\n")
            .await;
    });
    let elapsed = started.elapsed();
    let (now, highest) = instance.memory_kib();
    println!(
        "start with 1,000,000 events: ready after {elapsed:.2?}, {} MiB resident, {} MiB at the highest",
        now / 1024,
        highest / 1024
    );
}

//! Starting with a large backlog, which a destination that is down keeps undelivered.

use std::time::{Duration, Instant};

use super::LARGE_LOG;
use crate::{
    args::Args,
    client::Client,
    instance,
    instance::Instance,
    latency::DEAD,
    report::{Report, count, grouped, mebibytes, table},
    runtime,
};

/// After the start, memory is read so often, with this pause.
const SAMPLES: usize = 50;
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) fn start(args: &Args, report: &Report<'_>) {
    let folder = instance::folder();
    runtime().block_on(async {
        instance::add_destination(folder.path(), DEAD.to_owned()).await;
        instance::fill_log(folder.path(), args.events).await;
    });
    // The first start makes the user and hashes a password; the second one is measured.
    drop(Instance::start_with(folder.path(), &LARGE_LOG));
    let started = Instant::now();
    let instance = Instance::start_with(folder.path(), &LARGE_LOG);
    runtime().block_on(async {
        Client::connect(instance.address)
            .await
            .send(b"GET /readyz HTTP/1.1\r\nhost: bench\r\n\r\n")
            .await;
    });
    let ready = started.elapsed();
    let steady = median_memory(&instance);
    let row = vec![
        count(args.events),
        format!("{} ms", grouped(ready.as_secs_f64() * 1_000.0)),
        format!("{:.0} MiB", mebibytes(steady)),
        format!("{:.0} MiB", mebibytes(instance.memory_kib().1)),
    ];
    let header = [
        "undelivered events",
        "ready after",
        "RSS in the next 10 s, median",
        "RSS at its highest",
    ];
    report.write("growth-start", &table(&header, &[row]));
}

/// In KiB.
fn median_memory(instance: &Instance) -> usize {
    let mut samples: Vec<usize> = (0..SAMPLES)
        .map(|_| {
            std::thread::sleep(PAUSE);
            instance.memory_kib().0
        })
        .collect();
    samples.sort_unstable();
    samples[SAMPLES / 2]
}

//! Delivery to receivers that answer after a while: one event per POST, events of 1,000 entities; and batches.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use crate::{instance, instance::Instance, rate, receiver::Receiver, runtime};

/// Long enough for the number of requests in flight to settle.
const RAMP: Duration = Duration::from_secs(5);

const MEASURED: Duration = Duration::from_secs(10);

pub(crate) fn distance() {
    for (delay_ms, events) in [(5, 450_000), (50, 90_000), (200, 25_000)] {
        measure("one event per POST", false, delay_ms, events);
    }
    for (delay_ms, events) in [(50, 200_000), (200, 60_000)] {
        measure("batches of 500", true, delay_ms, events);
    }
}

fn measure(requests: &str, is_batched: bool, delay_ms: u64, events: usize) {
    let folder = instance::folder();
    let delay = Duration::from_millis(delay_ms);
    let receiver = Receiver::distant(delay);
    runtime().block_on(async {
        match is_batched {
            true => instance::add_batch_destination(folder.path(), receiver.url()).await,
            false => instance::add_destination(folder.path(), receiver.url()).await,
        }
        instance::fill_log(folder.path(), events).await;
    });
    let _instance = Instance::start(folder.path());
    let started = Instant::now();
    std::thread::sleep(RAMP);
    let (ramped, began) = (receiver.received.load(Ordering::Relaxed), Instant::now());
    std::thread::sleep(MEASURED);
    let delivered = receiver.received.load(Ordering::Relaxed);
    println!(
        "{requests}, to a receiver that answers after {delay_ms} ms: {:.0}/s; {:.0}/s in the first {} s",
        rate(delivered - ramped, began.elapsed()),
        rate(ramped, began - started),
        RAMP.as_secs(),
    );
    assert!(delivered < events, "the log was too short");
}

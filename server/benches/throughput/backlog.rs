//! Delivery of what has piled up: one event per POST, and batches.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::{events::event, instance, instance::Instance, limits, print_against, rate, receiver::Receiver, runtime};

const SINGLES: usize = 200_000;
const BATCHED: usize = 600_000;

/// The default of destinations with batches.
const BATCH: usize = 500;

pub(crate) fn backlog() {
    let folder = instance::folder();
    let receiver = Receiver::start(false);
    runtime().block_on(instance::add_destination(folder.path(), receiver.url()));
    print_against(
        "delivery of a backlog of 200,000 events, one per POST",
        delivered(&folder, &receiver, SINGLES),
        "bare loop of an HTTP client, 16 requests in flight",
        limits::client_loop(16, SINGLES, &Bytes::from(event(1))),
    );

    let folder = instance::folder();
    let receiver = Receiver::start(false);
    runtime().block_on(instance::add_batch_destination(folder.path(), receiver.url()));
    let measured = delivered(&folder, &receiver, BATCHED);
    let log = folder.path().join("events.db");
    for (concurrency, limit) in [
        (
            1,
            "bare loop that reads such batches from the log, signs and sends them in order",
        ),
        (2, "the same with two requests in flight, which may arrive out of order"),
    ] {
        print_against(
            "delivery of a backlog of 600,000 events in batches of 500",
            measured,
            limit,
            limits::batch_loop(&log, concurrency, BATCHED, BATCH),
        );
    }
    let batch: String = (0..BATCH).map(|number| event(number) + "\n").collect();
    let batch = Bytes::from(batch);
    let requests = BATCHED / BATCH;
    let limit = f64::max(
        limits::client_loop(1, requests, &batch),
        limits::client_loop(2, requests, &batch),
    );
    print_against(
        "delivery of a backlog of 600,000 events in batches of 500",
        measured,
        "bare loop of an HTTP client that sends such batches",
        limit * rate(BATCH, Duration::from_secs(1)),
    );
}

/// Events a second that a server delivers of a log of so many events.
fn delivered(folder: &tempfile::TempDir, receiver: &Receiver, events: usize) -> f64 {
    runtime().block_on(instance::fill_log(folder.path(), events));
    let already = receiver.received.load(Ordering::Relaxed);
    let _instance = Instance::start(folder.path());
    let wait_for = |count: usize| {
        loop {
            let received = receiver.received.load(Ordering::Relaxed) - already;
            if received >= count {
                return (received, Instant::now());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let ((first, started), (last, ended)) = (wait_for(1), wait_for(events));
    rate(last - first, ended - started)
}

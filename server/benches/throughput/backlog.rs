//! Delivery of what has piled up, one event a POST.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use crate::{instance, instance::Instance, limits, print_against, rate, receiver::Receiver, runtime};

const EVENTS: usize = 200_000;

pub(crate) fn backlog() {
    let folder = instance::folder();
    let receiver = Receiver::start(false);
    runtime().block_on(async {
        instance::add_destination(folder.path(), receiver.url()).await;
        instance::fill_log(folder.path(), EVENTS).await;
    });
    let already = receiver.received.load(Ordering::Relaxed);
    let _instance = Instance::start(folder.path());
    let wait_for = |count: usize| {
        while receiver.received.load(Ordering::Relaxed) < already + count {
            std::thread::sleep(Duration::from_millis(1));
        }
        Instant::now()
    };
    let started = wait_for(1);
    let measured = rate(EVENTS - 1, wait_for(EVENTS) - started);
    let limit = limits::client_loop(16, EVENTS);
    print_against(
        "delivery of a 200,000-event backlog",
        measured,
        "bare loop of the same client",
        limit,
    );
}

//! Memory for requests with as many events as one can have, on many connections at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use super::LARGE_LOG;
use crate::{
    args::Args,
    client::Client,
    events::Request,
    instance,
    instance::Instance,
    rate,
    report::{Report, count, grouped, mebibytes, table},
    runtime,
};

/// The most that a request can have.
pub(crate) const EVENTS_OF_REQUEST: usize = 10_000;

const CONNECTIONS: usize = 32;

/// For memory to be returned before it is read again.
const REST: Duration = Duration::from_secs(5);

/// How long a rejected request waits before it is repeated, as the server asks for.
const RETRY_AFTER: Duration = Duration::from_secs(1);

pub(crate) fn memory(args: &Args, report: &Report<'_>) {
    let folder = instance::folder();
    let instance = Instance::start_with(folder.path(), &LARGE_LOG);
    // The server limits large requests for each token; two of them can use all that it allows.
    let tokens = [instance.token(), instance.token()];
    std::thread::sleep(REST);
    let (idle, _) = instance.memory_kib();
    let (rejected, elapsed) = runtime().block_on(post(&instance, &tokens, args.requests));
    let (_, highest) = instance.memory_kib();
    std::thread::sleep(REST);
    let (rested, _) = instance.memory_kib();
    let megabytes = [idle, highest, rested].map(|kibibytes| format!("{:.0} MiB", mebibytes(kibibytes)));
    let mut row = vec![
        count(args.requests),
        count(rejected),
        format!("{}/s", grouped(rate(args.requests * EVENTS_OF_REQUEST, elapsed))),
    ];
    row.extend(megabytes);
    let header = [
        "requests of 10,000 events, 9.4 MB each",
        "of them first rejected with 503",
        "events",
        "RSS idle",
        "RSS at its highest",
        "RSS 5 s later",
    ];
    report.write("growth-memory", &table(&header, &[row]));
}

/// How often a request was rejected, and how long all took.
async fn post(instance: &Instance, tokens: &[String], requests: usize) -> (usize, Duration) {
    let next = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::new();
    for token in tokens.iter().cycle().take(CONNECTIONS) {
        clients.push((
            Client::connect(instance.address).await,
            Request::new(token, EVENTS_OF_REQUEST),
        ));
    }
    let started = Instant::now();
    let address = instance.address;
    let posting = clients.into_iter().map(|(mut client, mut request)| {
        let next = Arc::clone(&next);
        tokio::spawn(async move {
            let mut rejected = 0;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= requests {
                    return rejected;
                }
                let request = request.numbered(number * EVENTS_OF_REQUEST);
                while !client.is_accepted(request).await {
                    rejected += 1;
                    tokio::time::sleep(RETRY_AFTER).await;
                    client = Client::connect(address).await;
                }
            }
        })
    });
    let mut rejected = 0;
    for client in posting.collect::<Vec<_>>() {
        rejected += client.await.unwrap();
    }
    (rejected, started.elapsed())
}

//! Durable ingest: answered only when it is on disk.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use crate::{client::Client, events::Request, instance, instance::Instance, limits, print_against, rate, runtime};

pub(crate) fn batches() {
    let measured = against_server(8, 100, 300_000);
    print_against(
        "ingest, batches of 100, 8 connections",
        measured,
        "bare rusqlite loop",
        limits::insert_loop(300_000),
    );
}

pub(crate) fn singles() {
    let measured = against_server(64, 1, 120_000);
    print_against(
        "ingest, single events, 64 connections",
        measured,
        "axum handler that parses and answers",
        limits::parse_handler(64, 120_000),
    );
}

fn against_server(connections: usize, batch: usize, events: usize) -> f64 {
    let folder = instance::folder();
    let instance = Instance::start(folder.path());
    let token = instance.token();
    drive(instance.address, &token, connections, batch, events)
}

/// Posts that many events in all, and returns how many a second.
pub(crate) fn drive(address: SocketAddr, token: &str, connections: usize, batch: usize, events: usize) -> f64 {
    let requests = (0..connections).map(|_| Request::new(token, batch));
    drive_requests(address, requests.collect(), events)
}

/// The same, with one of these requests on each connection, again and again.
pub(crate) fn drive_requests(address: SocketAddr, requests: Vec<Request>, events: usize) -> f64 {
    runtime().block_on(async {
        let next = Arc::new(AtomicUsize::new(0));
        let mut clients = Vec::new();
        for request in requests {
            clients.push((Client::connect(address).await, request));
        }
        let started = Instant::now();
        let posts = clients.into_iter().map(|(mut client, mut request)| {
            let next = Arc::clone(&next);
            tokio::spawn(async move {
                loop {
                    let first = next.fetch_add(request.events(), Ordering::Relaxed);
                    if first >= events {
                        return;
                    }
                    client.send(request.numbered(first)).await;
                }
            })
        });
        for post in posts.collect::<Vec<_>>() {
            post.await.unwrap();
        }
        rate(events, started.elapsed())
    })
}

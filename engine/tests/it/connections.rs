//! Receivers that close connections as they may: after a number of requests, or after each one. That is no failure.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use crate::delivery::StreamTotals;
use domain::{health::StreamHealth, ids::DestinationId};
use receivers::{
    nginx::{Nginx, Options},
    raw::{RawServer, Reply},
};

use crate::it::world::{World, wait_until};

/// Posts events about many entities and waits until all are delivered. Returns what the stream counted.
async fn deliver(world: &World, id: DestinationId, events: usize) -> StreamTotals {
    // The destination's own audit event is delivered first.
    wait_until("the stream works", async || {
        world.engine.stream_totals(id).delivered == 1
    })
    .await;
    for batch in 0..events / 100 {
        let texts = (0..100).map(|number| format!("event-{}", batch * 100 + number));
        world.post(&format!("entity-{batch}"), texts).await;
    }
    let expected = u64::try_from(events).unwrap() + 1;
    wait_until("everything is delivered", async || {
        world.engine.stream_totals(id).delivered == expected
    })
    .await;
    world.engine.stream_totals(id)
}

/// An attempt that is lost on a closed connection would be a failure, and a pause would follow it.
async fn assert_untroubled(world: &World, id: DestinationId, totals: &StreamTotals) {
    assert_eq!(
        (totals.failed.as_slice(), totals.backoffs, totals.parked),
        (&[][..], 0, 0)
    );
    let healthy = |health: &StreamHealth| matches!(health, StreamHealth::Healthy { .. });
    world.wait_for_health(id, "it is healthy", healthy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_closes_connections_after_a_number_of_requests_and_nothing_fails() {
    const EVENTS: usize = 5_000;
    for keepalive_requests in [100, 1_000] {
        let world = World::new().await;
        let nginx = Nginx::start(&Options {
            keepalive_requests,
            tls: None,
            client_ca: None,
            says_495_and_496: false,
        })
        .unwrap();
        let url = format!("http://127.0.0.1:{}/in", nginx.port());
        let id = world.add_destination("nginx", &url).await;
        let totals = deliver(&world, id, EVENTS).await;
        assert_untroubled(&world, id, &totals).await;
        let requests = nginx.requests().unwrap();
        assert!(requests.iter().all(|request| request.status == 200));
        assert_eq!(nginx.deliveries().unwrap().len(), EVENTS + 1);
        let connections: HashSet<u64> = requests.iter().map(|request| request.connection).collect();
        let fewest = EVENTS / usize::try_from(keepalive_requests).unwrap();
        assert!(connections.len() >= fewest, "{} connections", connections.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_closes_after_each_response_is_no_trouble() {
    const EVENTS: usize = 3_000;
    let (world, answered) = (World::new().await, Arc::new(Mutex::new(HashSet::new())));
    let ids = Arc::clone(&answered);
    // It doesn't announce that it will close the connection.
    let receiver = RawServer::start(move |request| {
        let text = request.text();
        let id = text.lines().find_map(|line| line.strip_prefix("webhook-id: "));
        ids.lock().unwrap().insert(id.unwrap().to_owned());
        Reply::SendAndClose("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_owned())
    })
    .await;
    let id = world.add_destination("closing", &receiver.url()).await;
    let totals = deliver(&world, id, EVENTS).await;
    assert_untroubled(&world, id, &totals).await;
    assert_eq!(answered.lock().unwrap().len(), EVENTS + 1);
    assert!(receiver.connections() > EVENTS);
}

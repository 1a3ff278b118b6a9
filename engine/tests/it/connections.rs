//! Receivers that close connections as they may: after a number of requests, or after each one. That is no failure.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use crate::delivery::StreamTotals;
use domain::{health::StreamHealth, ids::DestinationId};
use receivers::nginx::{Nginx, Options};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::it::world::{World, wait_until};

/// Posts events about many entities and waits until all are delivered. Returns what the stream counted, and the events a
/// second.
async fn deliver(world: &World, id: DestinationId, events: usize) -> (StreamTotals, f64) {
    // The destination's own audit event is delivered first.
    wait_until("the stream works", async || {
        world.engine.stream_totals(id).delivered == 1
    })
    .await;
    let started = Instant::now();
    for batch in 0..events / 100 {
        let texts = (0..100).map(|number| format!("event-{}", batch * 100 + number));
        world.post(&format!("entity-{batch}"), texts).await;
    }
    let expected = u64::try_from(events).unwrap() + 1;
    wait_until("everything is delivered", async || {
        world.engine.stream_totals(id).delivered == expected
    })
    .await;
    let seconds = started.elapsed().as_secs_f64();
    let rate = f64::from(u32::try_from(events).unwrap()) / seconds;
    // With an attempt lost on each closed connection, a pause of a second would follow it.
    assert!(rate > 300.0, "{rate:.0} events a second");
    (world.engine.stream_totals(id), rate)
}

async fn assert_untroubled(world: &World, id: DestinationId, totals: &StreamTotals) {
    assert_eq!((totals.failed.as_slice(), totals.holds, totals.parked), (&[][..], 0, 0));
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
        })
        .unwrap();
        let url = format!("http://127.0.0.1:{}/in", nginx.port());
        let id = world.add_destination("nginx", &url).await;
        let (totals, rate) = deliver(&world, id, EVENTS).await;
        println!("keepalive_requests {keepalive_requests}: {rate:.0} events a second");
        assert_untroubled(&world, id, &totals).await;
        let requests = nginx.requests().unwrap();
        assert!(requests.iter().all(|request| request.status == 200));
        assert_eq!(nginx.deliveries().unwrap().len(), EVENTS + 1);
        let connections: HashSet<u64> = requests.iter().map(|request| request.connection).collect();
        let fewest = EVENTS / usize::try_from(keepalive_requests).unwrap();
        assert!(connections.len() >= fewest, "{} connections", connections.len());
    }
}

/// Closes each connection after one response, without saying so in the response.
#[derive(Clone, Default)]
struct ClosingReceiver {
    answered: Arc<Mutex<HashSet<String>>>,
    connections: Arc<AtomicUsize>,
}

impl ClosingReceiver {
    async fn start(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let receiver = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                receiver.connections.fetch_add(1, Ordering::Relaxed);
                let receiver = receiver.clone();
                tokio::spawn(async move { receiver.answer_one(stream).await });
            }
        });
        address
    }

    async fn answer_one(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let (mut id, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end().split_once(": ") {
                Some(("webhook-id", value)) => value.clone_into(&mut id),
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(_) => {}
                None if line.trim_end().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        self.answered.lock().unwrap().insert(id);
        drop(
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                .await,
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_closes_after_each_response_is_no_trouble() {
    const EVENTS: usize = 3_000;
    let (world, receiver) = (World::new().await, ClosingReceiver::default());
    let address = receiver.start().await;
    let id = world.add_destination("closing", &format!("http://{address}/in")).await;
    let (totals, rate) = deliver(&world, id, EVENTS).await;
    println!("closing after each response: {rate:.0} events a second");
    assert_untroubled(&world, id, &totals).await;
    assert_eq!(receiver.answered.lock().unwrap().len(), EVENTS + 1);
    assert!(receiver.connections.load(Ordering::Relaxed) > EVENTS);
}

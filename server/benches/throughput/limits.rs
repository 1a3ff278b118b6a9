//! What each path could reach at best on this machine, now.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, http::StatusCode, routing::post};
use domain::event::{AuditEvent, EventId, Received};
use engine::clock::Clock;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tokio::sync::mpsc;

use crate::{events::event, ingest::drive, instance, rate, receiver::Receiver};

/// Rows in one transaction: what eight connections with batches of a hundred can have waiting at once.
const ROWS_PER_COMMIT: usize = 800;

fn received() -> Received {
    Received {
        received_at: Clock::machine().now(),
        fresh_id: || EventId::parse("unused").unwrap(),
    }
}

/// Prepared inserts of the same rows into the same tables, WAL, `synchronous=FULL`, on a connection of its own.
pub(crate) fn insert_loop(events: usize) -> f64 {
    let folder = instance::folder();
    let path = folder.path().join("events.db");
    // The log makes its own tables; the loop then uses them without it.
    crate::runtime().block_on(async {
        engine::log::EventLog::open(&path, u64::MAX)
            .await
            .unwrap()
            .close()
            .await;
    });
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection
        .execute("INSERT INTO sources (id, name) VALUES (1, 'bench')", [])
        .unwrap();
    let received = received();
    let rows: Vec<AuditEvent> = (0..events)
        .map(|number| AuditEvent::parse(&event(number), &received).unwrap())
        .collect();
    let mut insert = connection
        .prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, id) DO NOTHING")
        .unwrap();
    let started = Instant::now();
    for (chunk, rows) in rows.chunks(ROWS_PER_COMMIT).enumerate() {
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        for (offset, row) in rows.iter().enumerate() {
            insert
                .execute(rusqlite::params![
                    i64::try_from(chunk * ROWS_PER_COMMIT + offset + 1).unwrap(),
                    1,
                    row.id.as_str(),
                    row.event_type.as_str(),
                    row.author_id,
                    row.author_name,
                    row.entity_id,
                    row.entity_type,
                    row.entity_path,
                    row.created_at.unix_ms(),
                    received.received_at.unix_ms(),
                    row.body,
                ])
                .unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
    }
    rate(events, started.elapsed())
}

/// An axum handler that parses an event and answers, without storing it, on a runtime of its own.
pub(crate) fn parse_handler(connections: usize, events: usize) -> f64 {
    let server = crate::runtime();
    let address = server.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let parse = |body: Bytes| async move {
            let parsed = AuditEvent::parse(std::str::from_utf8(&body).unwrap(), &received()).unwrap();
            (StatusCode::CREATED, format!(r#"{{"ids":["{}"]}}"#, parsed.id))
        };
        let router = Router::new().route("/api/v1/audit_events", post(parse));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        address
    });
    let measured = drive(address, "none", connections, 1, events);
    server.shutdown_background();
    measured
}

/// Requests a second of a bare loop of an HTTP client, with so many in flight, on the better of both runtimes.
pub(crate) fn client_loop(concurrency: usize, requests: usize, body: &Bytes) -> f64 {
    let single = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let on_one = client_loop_on(&single, concurrency, requests, body);
    let on_two = client_loop_on(&crate::runtime(), concurrency, requests, body);
    on_one.max(on_two)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the loop measures the client itself, towards our own receiver"
)]
fn client_loop_on(runtime: &tokio::runtime::Runtime, concurrency: usize, requests: usize, body: &Bytes) -> f64 {
    let receiver = Receiver::start(false);
    let url: reqwest::Url = receiver.url().parse().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        let next = Arc::new(AtomicUsize::new(0));
        let started = Instant::now();
        let posts = (0..concurrency).map(|_| {
            let (client, url, body, next) = (client.clone(), url.clone(), body.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                while next.fetch_add(1, Ordering::Relaxed) < requests {
                    let response = client.post(url.clone()).body(body.clone()).send().await.unwrap();
                    response.bytes().await.unwrap();
                }
            })
        });
        for post in posts.collect::<Vec<_>>() {
            post.await.unwrap();
        }
        rate(requests, started.elapsed())
    })
}

/// Events a second of what a batch costs whoever stores events and signs requests: one thread reads the bodies from the log in stretches
/// of this length, joins them as JSON Lines and signs them; an HTTP client sends them, at most `concurrency` at a time. With one at a time,
/// they arrive in order.
#[expect(
    clippy::disallowed_methods,
    reason = "the loop measures the client itself, towards our own receiver"
)]
pub(crate) fn batch_loop(log: &Path, concurrency: usize, events: usize, batch: usize) -> f64 {
    let receiver = Receiver::start(false);
    let url: reqwest::Url = receiver.url().parse().unwrap();
    let (sender, mut batches) = mpsc::channel(2);
    let log = log.to_owned();
    let started = Instant::now();
    let reader = std::thread::spawn(move || {
        let connection = rusqlite::Connection::open(log).unwrap();
        let mut select = connection
            .prepare("SELECT body FROM events WHERE seq > ? ORDER BY seq LIMIT ?")
            .unwrap();
        for first in (0..events).step_by(batch) {
            let stretch = [first, batch.min(events - first)].map(|number| i64::try_from(number).unwrap());
            let mut rows = select.query(stretch).unwrap();
            let mut body = String::new();
            while let Some(row) = rows.next().unwrap() {
                body += row.get_ref(0).unwrap().as_str().unwrap();
                body.push('\n');
            }
            let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
            mac.update(body.as_bytes());
            let signature = format!("{:x}", mac.finalize().into_bytes());
            sender.blocking_send((signature, Bytes::from(body))).unwrap();
        }
    });
    let sent = crate::runtime().block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut in_flight = tokio::task::JoinSet::new();
        while let Some((signature, body)) = batches.recv().await {
            if in_flight.len() == concurrency {
                in_flight.join_next().await.unwrap().unwrap();
            }
            let post = client
                .post(url.clone())
                .header("webhook-signature", signature)
                .body(body);
            in_flight.spawn(async move { post.send().await.unwrap().bytes().await.unwrap() });
        }
        in_flight.join_all().await;
        receiver.received.load(Ordering::Relaxed)
    });
    reader.join().unwrap();
    rate(sent, started.elapsed())
}

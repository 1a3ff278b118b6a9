//! Clients that want to use up what a server has: memory, connections and stack. Slow clients are in `slow_clients`, floods over
//! HTTP/2 beside the code that takes connections in.

use std::io::Write;

use receivers::Receiver;
use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::{
    api_client::Client,
    browser::Browser,
    instance::{Answer, Instance, PATIENCE, add_destination, folder, until},
};

const MIB: usize = 1024 * 1024;

/// What each bomb becomes.
const BOMB_BYTES: usize = 256 * MIB;

/// Written in pieces, so that the test itself needs no memory for it.
fn zeros(mut encoder: impl Write) {
    let piece = vec![b' '; MIB];
    for _ in 0..BOMB_BYTES / MIB {
        encoder.write_all(&piece).unwrap();
    }
}

fn gzip_bomb() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zeros(&mut encoder);
    encoder.finish().unwrap()
}

fn deflate_bomb() -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zeros(&mut encoder);
    encoder.finish().unwrap()
}

fn zstd_bomb() -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    zeros(&mut encoder);
    encoder.finish().unwrap()
}

#[tokio::test]
async fn bombs_in_parallel_are_refused_and_cost_no_more_than_large_requests() {
    let instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    let before = instance.resident_bytes();
    let mut requests = JoinSet::new();
    for (coding, bomb) in [
        ("gzip", gzip_bomb()),
        ("deflate", deflate_bomb()),
        ("zstd", zstd_bomb()),
        // A small one within a small one: only one coding is undone.
        ("gzip, gzip", gzip_bomb()),
    ] {
        assert!(bomb.len() < 4 * MIB);
        for _ in 0..8 {
            let request = instance.ingest(&token).header("content-encoding", coding);
            requests.spawn(Answer::of(request.body(bomb.clone())));
        }
    }
    while let Some(answer) = requests.join_next().await {
        let answer = answer.unwrap();
        let refused = matches!(answer.status, 413 | 415 | 503);
        assert!(refused, "{answer:?}");
    }
    // Four large requests of one token at the same time, each inflated to 25 MiB at most, in buffers that double as they grow; and the
    // compressed bodies of those that wait. Inflated, all of them are eight times as much as this.
    let grown = instance.resident_bytes().saturating_sub(before);
    assert!(grown < 4 * BOMB_BYTES, "{grown} bytes more");
    instance.post(&token, r#"{"event_type":"x"}"#).await;
}

#[tokio::test]
async fn a_hundred_thousand_levels_are_refused_at_every_door() {
    let instance = Instance::start_with(&[("AUDIT_STREAMS_API_RATE", "0")]);
    let (admin, ingest) = (
        Client::with_scope(&instance, "admin"),
        Client::with_scope(&instance, "ingest"),
    );
    let browser = Browser::signed_in(&instance).await;
    const DEPTH: usize = 100_000;
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), ("{a ", "}"), ("a(a:{", "})")] {
        for inner in [
            open.repeat(DEPTH),
            format!("{}1{}", open.repeat(DEPTH), close.repeat(DEPTH)),
        ] {
            let as_text = serde_json::to_string(&inner).unwrap();
            let page = instance.request(Method::POST, "/api/page/destinations/create");
            for request in [
                ingest.request(Method::POST, "/api/v1/audit_events").body(inner.clone()),
                ingest
                    .request(Method::POST, "/api/v1/audit_events")
                    .body(format!(r#"{{"event_type":"x","details":{inner}}}"#)),
                admin.request(Method::POST, "/api/v1/destinations").body(inner.clone()),
                admin
                    .request(Method::PATCH, "/api/v1/settings/network")
                    .body(format!(r#"{{"allowlist":{inner}}}"#)),
                admin.request(Method::POST, "/api/graphql").body(inner.clone()),
                admin
                    .request(Method::POST, "/api/graphql")
                    .body(format!(r#"{{"query":{as_text}}}"#)),
                admin
                    .request(Method::POST, "/api/graphql")
                    .body(format!(r#"{{"query":"{{a}}","variables":{{"a":{inner}}}}}"#)),
                page.header("cookie", browser.cookie().unwrap())
                    .header("origin", instance.url(""))
                    .header("content-type", "application/json")
                    .body(inner.clone()),
            ] {
                let answer = Answer::of(request).await;
                let is_graphql_error = answer.status == 200 && answer.text.contains(r#""errors""#);
                assert!(
                    (400..500).contains(&answer.status) || is_graphql_error,
                    "{answer:?} for {inner:.100}"
                );
            }
        }
    }
    assert_eq!(instance.get("/readyz").await.status, 200);
}

/// Connections that the server has room for with so many files, and that are opened.
const FILES: usize = 128;
const OPENED: usize = 150;

async fn open(instance: &Instance, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(instance.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Requests are answered, and events are taken in and delivered, while others keep all the connections that there are.
#[tokio::test]
async fn idle_connections_up_to_the_limit_of_open_files_lock_nobody_out() {
    let receiver = Receiver::start().await;
    let folder = folder();
    add_destination(folder.path(), "SIEM", receiver.url()).await;
    let instance = Instance::start_with_open_files(folder, FILES);
    let token = instance.token("app", &["ingest"]);
    for request in [
        // Nothing, a part of a head, a part of a body, and a whole request, after which the connection is kept.
        "",
        "GET /healthz HTTP/1.1\r\nhost: x\r\n",
        "POST /api/v1/audit_events HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n{",
        "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        let mut kept = Vec::new();
        for _ in 0..OPENED {
            kept.push(open(&instance, request).await);
        }
        // Over connections of their own, which wait until there is a place.
        assert_eq!(instance.get("/healthz").await.status, 200, "{request:?}");
        let id = format!("beside {request:?}").replace(['\r', '\n', '\\', '"'], "");
        let event = serde_json::json!({"id": id, "event_type": "x"});
        instance.post(&token, event.to_string()).await;
        receiver
            .wait_for_events("the event has arrived", |events| events.order.contains(&id))
            .await;
        drop(kept);
    }
    let mut answered = open(
        &instance,
        "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    )
    .await;
    let mut text = String::new();
    tokio::time::timeout(PATIENCE, answered.read_to_string(&mut text))
        .await
        .unwrap()
        .unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

/// When the system asks whether the other end is still there, in hundredths of a second, of the first connection whose ports are
/// wanted: the local one and the other. `None` if there is no such connection, or another timer of it runs now.
fn keepalive_timer(is_wanted: impl Fn(u16, u16) -> bool) -> Option<u32> {
    let port = |end: &str| u16::from_str_radix(end.rsplit(':').next()?, 16).ok();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    table.lines().skip(1).find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let (local, other) = (port(columns.get(1)?)?, port(columns.get(2)?)?);
        let (timer, ticks) = columns.get(5)?.split_once(':')?;
        // 02 is the timer of keepalive.
        let is_it = timer == "02" && is_wanted(local, other);
        is_it.then(|| u32::from_str_radix(ticks, 16).unwrap())
    })
}

#[tokio::test]
async fn the_system_asks_on_both_sides_whether_the_other_end_is_still_there() {
    let receiver = Receiver::start().await;
    let folder = folder();
    add_destination(folder.path(), "SIEM", receiver.url()).await;
    let instance = Instance::start_on(folder, &[]);
    let port = |address: &str| address.rsplit(':').next().unwrap().parse::<u16>().unwrap();
    let stream = open(&instance, "").await;
    let (server, client) = (port(instance.address()), stream.local_addr().unwrap().port());
    let ticks = until("the listener's connection has the timer", || {
        keepalive_timer(|local, other| (local, other) == (server, client))
    })
    .await;
    assert!(ticks <= 6_000, "{ticks}: after a minute at the latest");

    let token = instance.token("app", &["ingest"]);
    instance.post(&token, r#"{"event_type":"x"}"#).await;
    receiver
        .wait_for_events("an event has arrived", |events| !events.order.is_empty())
        .await;
    let url = receiver.url();
    let receiving = port(url.split('/').nth(2).unwrap());
    let ticks = until("a connection to the receiver has the timer", || {
        keepalive_timer(|_, other| other == receiving)
    })
    .await;
    assert!(ticks <= 6_000, "{ticks}");
}

//! Clients that want to use up what a server has: memory, connections and stack. Slow clients are in `slow_clients`, floods over
//! HTTP/2 beside the code that takes connections in.

use std::{io::Write, time::Duration};

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
    instance::{Answer, Instance, add_destination, folder},
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
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    zeros(&mut encoder);
    encoder.finish().unwrap()
}

fn deflate_bomb() -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
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
    let before = instance.most_resident_bytes();
    let mut requests = JoinSet::new();
    for (coding, bomb) in [
        ("gzip", gzip_bomb()),
        ("deflate", deflate_bomb()),
        ("zstd", zstd_bomb()),
        // A small one within a small one: only one coding is undone.
        ("gzip, gzip", gzip_bomb()),
    ] {
        assert!(bomb.len() < MIB);
        for _ in 0..8 {
            let request = instance.ingest(&token).header("content-encoding", coding);
            requests.spawn(Answer::try_of(request.body(bomb.clone())));
        }
    }
    while let Some(answer) = requests.join_next().await {
        // A client that is too slow with its body may see the end of the connection instead of a response.
        if let Ok(answer) = answer.unwrap() {
            assert!(matches!(answer.status, 408 | 413 | 415 | 503), "{answer:?}");
        }
    }
    // At most four requests of one token are inflated at the same time, each to 25 MiB, in buffers that double as they grow, of
    // which the allocator keeps some. Four of them as a whole are this.
    let grown = instance.most_resident_bytes().saturating_sub(before);
    assert!(grown < 4 * BOMB_BYTES, "{grown} bytes more");
    instance.post(&token, r#"{"event_type":"x"}"#).await;
}

/// Less than any body may have.
const NESTED_BYTES: usize = 240 * 1024;

#[tokio::test]
async fn a_hundred_thousand_levels_are_refused_at_every_door() {
    let instance = Instance::start_with(&[("AUDIT_STREAMS_API_RATE", "0")]);
    let (admin, ingest) = (
        Client::with_scope(&instance, "admin"),
        Client::with_scope(&instance, "ingest"),
    );
    let browser = Browser::signed_in(&instance).await;
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), ("{a ", "}"), ("a(a:{", "})")] {
        // As many as fit into a request, so that it is not rejected for its size.
        let level = serde_json::to_string(&format!("{open}{close}")).unwrap().len();
        let depth = (NESTED_BYTES / level).min(100_000);
        for inner in [
            open.repeat(depth),
            format!("{}1{}", open.repeat(depth), close.repeat(depth)),
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
                    matches!(answer.status, 400 | 422) || is_graphql_error,
                    "{answer:?} for {inner:.100}"
                );
            }
        }
    }
    assert_eq!(instance.get("/readyz").await.status, 200);
}

/// Files that the server may have open, half of them as connections, and connections that are opened: more than it could have open.
const FILES: usize = 128;
const OPENED: usize = 150;

/// For connections that wait for each other.
const LONG: Duration = Duration::from_secs(180);

async fn open(instance: &Instance, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(instance.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Sends a request over a connection of its own until it succeeds. While others wait, a connection is closed whose request does not
/// arrive within a second, which can be so when this process does not run.
async fn succeeds(instance: &Instance, request: &str) {
    let asking = async {
        loop {
            let mut text = String::new();
            let asked = async {
                let mut stream = TcpStream::connect(instance.address()).await?;
                stream.write_all(request.as_bytes()).await?;
                stream.read_to_string(&mut text).await
            };
            if asked.await.is_ok() && text.starts_with("HTTP/1.1 2") {
                return;
            }
        }
    };
    let answered = tokio::time::timeout(LONG, asking).await;
    assert!(answered.is_ok(), "{request} had no success");
}

/// Requests are answered, and events are taken in and delivered, while others open more connections than there can be.
#[tokio::test]
async fn idle_connections_up_to_the_limit_of_open_files_lock_nobody_out() {
    let receiver = Receiver::start().await;
    let folder = folder();
    add_destination(folder.path(), "SIEM", receiver.url()).await;
    let instance = Instance::start_with_open_files(folder, FILES);
    let token = instance.token("app", &["ingest"]);
    for (id, request) in [
        ("nothing", ""),
        ("part-of-a-head", "GET /healthz HTTP/1.1\r\nhost: x\r\n"),
        (
            "part-of-a-body",
            "POST /api/v1/audit_events HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n{",
        ),
        // After which the connection is kept.
        ("a-request", "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"),
    ] {
        let mut kept = Vec::new();
        for _ in 0..OPENED {
            kept.push(open(&instance, request).await);
        }
        succeeds(
            &instance,
            "GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        )
        .await;
        let event = format!(r#"{{"id":"{id}","event_type":"x"}}"#);
        let length = event.len();
        let post = format!(
            "POST /api/v1/audit_events HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-length: {length}\r\n\r\n{event}"
        );
        succeeds(&instance, &post).await;
        receiver
            .wait_for_events("the event has arrived", |events| {
                events.order.iter().any(|arrived| arrived == id)
            })
            .await;
        drop(kept);
    }
}

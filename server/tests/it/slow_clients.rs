//! Clients that take what they ask for slowly, or not at all.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::instance::{Answer, Instance, PATIENCE};

const MIB: usize = 1024 * 1024;

async fn connect(instance: &Instance, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(instance.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// The status of an answer of which no more is read.
async fn status(stream: &mut TcpStream) -> String {
    let mut line = [0; 12];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut line))
        .await
        .unwrap()
        .unwrap();
    String::from_utf8(line.to_vec()).unwrap()
}

fn large_event(id: usize) -> String {
    let note = "x".repeat(MIB - 100);
    format!(r#"{{"id":"large {id}","event_type":"large","details":{{"note":"{note}"}}}}"#)
}

fn export(token: &str) -> String {
    format!("GET /api/v1/audit_events.jsonl HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n")
}

#[tokio::test]
async fn exports_that_nobody_reads_are_few_and_leave_memory_and_others_alone() {
    let instance = Instance::start();
    let (sender, reader, other) = (
        instance.token("app", &["ingest"]),
        instance.token("reader", &["read"]),
        instance.token("other", &["read"]),
    );
    for part in 0..3 {
        let events: Vec<String> = (0..20).map(|number| large_event(part * 20 + number)).collect();
        instance.post(&sender, events.join("\n")).await;
    }
    let before = instance.resident_bytes();
    let mut streams = Vec::new();
    for _ in 0..400 {
        streams.push(connect(&instance, &export(&reader)).await);
    }
    let (mut begun, mut refused) = (0, 0);
    for stream in &mut streams {
        match status(stream).await.as_str() {
            "HTTP/1.1 200" => begun += 1,
            "HTTP/1.1 429" => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!((begun, refused), (4, 396));
    let grown = instance.resident_bytes().saturating_sub(before);
    assert!(grown < 100 * MIB, "{grown} bytes more");
    let request = instance
        .client()
        .get(instance.url("/api/v1/audit_events.jsonl?event_type=large"));
    let whole = Answer::of(request.bearer_auth(&other)).await;
    assert_eq!((whole.status, whole.text.lines().count()), (200, 60));
    drop(streams);
    crate::instance::until("the places are free again", || {
        let answer = std::net::TcpStream::connect(instance.address()).and_then(|mut stream| {
            use std::io::{Read, Write};
            stream.write_all(export(&reader).as_bytes())?;
            let mut line = [0; 12];
            stream.read_exact(&mut line).map(|()| line)
        });
        (answer.unwrap() == *b"HTTP/1.1 200").then_some(())
    })
    .await;
}

#[tokio::test]
async fn stalled_bodies_of_one_token_do_not_lock_out_another() {
    let instance = Instance::start();
    let (stalling, other) = (
        instance.token("stalling", &["ingest"]),
        instance.token("other", &["ingest"]),
    );
    let body = format!("{}\n{}", large_event(1), large_event(2));
    let head = format!(
        "POST /api/v1/audit_events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {stalling}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let begun = [head.as_bytes(), &body.as_bytes()[..body.len() - 1]].concat();
    let mut streams = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(instance.address()).await.unwrap();
        let begun = begun.clone();
        streams.push(tokio::spawn(async move {
            // Of those that have to wait for their turn the server does not read all.
            drop(stream.write_all(&begun).await);
            stream.read_to_end(&mut Vec::new()).await
        }));
    }
    // Until then some of the turns are still free.
    let refused = instance.post_until_refused(&stalling, &body).await;
    assert_eq!(refused.error(), (503, "busy".into()));
    assert_eq!(instance.post(&other, body).await.len(), 2);
    for stream in streams {
        stream.abort();
    }
}

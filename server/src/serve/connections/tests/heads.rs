//! Heads that are too large.

use super::*;

fn with_headers(count: usize) -> Vec<u8> {
    let others: String = (1..count).map(|number| format!("x-{number}: a\r\n")).collect();
    format!("GET /short HTTP/1.1\r\nhost: x\r\n{others}\r\n").into_bytes()
}

fn with_bytes(count: usize) -> Vec<u8> {
    let (start, end) = ("GET /short HTTP/1.1\r\nhost: x\r\nx-large: ", "\r\n\r\n");
    let value = "a".repeat(count - start.len() - end.len());
    format!("{start}{value}{end}").into_bytes()
}

#[tokio::test]
async fn a_head_has_at_most_100_headers_and_64_kib() {
    let server = Server::start(8, PATIENT);
    for (request, status) in [
        (with_headers(100), "200"),
        (with_headers(101), "431"),
        (with_bytes(60 * 1024), "200"),
        (with_bytes(70 * 1024), "431"),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let (mut reading, mut writing) = stream.split();
        let mut line = [0; 12];
        let reading = async { reading.read_exact(&mut line).await.unwrap() };
        // The server does not read all of a head that is too large.
        let (_, written) = tokio::join!(reading, writing.write_all(&request));
        assert_eq!(std::str::from_utf8(&line).unwrap(), format!("HTTP/1.1 {status}"));
        assert!(written.is_ok() || status == "431");
    }
}

#[tokio::test]
async fn a_head_that_does_not_end_is_not_kept() {
    let server = Server::start(8, PATIENT);
    let mut stream = server.connect(b"GET /short HTTP/1.1\r\nx-endless: ").await;
    let (mut reading, mut writing) = stream.split();
    let sending = async { while writing.write_all(&[b'a'; 4_096]).await.is_ok() {} };
    let mut answer = Vec::new();
    let receiving = async {
        // The connection ends with or without an error: not everything that was sent was read.
        drop(reading.read_to_end(&mut answer).await);
    };
    tokio::time::timeout(PATIENCE, async { tokio::join!(sending, receiving) })
        .await
        .unwrap();
    server.until("its place is free", |server| server.open() == 0).await;
}

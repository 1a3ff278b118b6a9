//! TLS and HTTP/2, over real sockets.

use std::sync::Arc;

use axum::http::Version;
use engine::clock::Clock;
use h2::{RecvStream, client::SendRequest};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::*;
use crate::serve::tls::made::Made;

/// A server that speaks TLS, and whom a client trusts.
pub(super) struct Secure {
    pub(super) server: Server,
    connector: TlsConnector,
    _folder: tempfile::TempDir,
}

impl Secure {
    pub(super) fn start(at_most: usize, deadlines: ClientDeadlines, protocol: &str) -> Self {
        let (folder, made) = (tempfile::tempdir().unwrap(), Made::new());
        let tls = Tls::open(made.write(folder.path()), Clock::machine()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.der.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap();
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        Self {
            server: Server::start_with(at_most, deadlines, Some(tls)),
            connector: TlsConnector::from(Arc::new(config)),
            _folder: folder,
        }
    }

    pub(super) async fn connect(&self) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(self.server.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        self.connector.connect(name, stream).await.unwrap()
    }

    /// A connection over HTTP/2 whose streams have room for so much.
    pub(super) async fn http2(&self, window: u32) -> (SendRequest<Bytes>, JoinHandle<Result<(), h2::Error>>) {
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(window);
        let (client, connection) = builder.handshake(self.connect().await).await.unwrap();
        (client, tokio::spawn(connection))
    }
}

pub(super) async fn get(client: &SendRequest<Bytes>, path: &str) -> Result<RecvStream, h2::Error> {
    let request = hyper::Request::get(format!("https://localhost{path}"));
    let request = request.version(Version::HTTP_2).body(()).unwrap();
    let mut client = client.clone().ready().await?;
    let (response, _) = client.send_request(request, true)?;
    let response = response.await?;
    assert_eq!(response.status(), 200);
    Ok(response.into_body())
}

pub(super) async fn within_patience<T>(waiting: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, waiting).await.unwrap()
}

#[tokio::test]
async fn a_client_chooses_its_protocol() {
    let secure = Secure::start(8, DEADLINES, "http/1.1");
    let mut stream = secure.connect().await;
    stream.write_all(SHORT).await.unwrap();
    let mut answer = [0; 15];
    within_patience(stream.read_exact(&mut answer)).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");

    let secure = Secure::start(8, DEADLINES, "h2");
    let (client, _connection) = secure.http2(65_535).await;
    let mut body = get(&client, "/short").await.unwrap();
    assert_eq!(within_patience(body.data()).await.unwrap().unwrap(), "short");
    assert!(within_patience(body.data()).await.is_none());
}

#[tokio::test]
async fn a_request_over_http_2_looks_like_one_over_http_1() {
    let secure = Secure::start(8, DEADLINES, "h2");
    let (client, _connection) = secure.http2(65_535).await;
    let mut client = client.ready().await.unwrap();
    let request = hyper::Request::get("https://audit.example:8443/seen?a=b")
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .header("host", "other.example");
    let (response, _) = client.send_request(request.body(()).unwrap(), true).unwrap();
    let mut body = response.await.unwrap().into_body();
    let seen = within_patience(body.data()).await.unwrap().unwrap();
    assert_eq!(seen, "/seen?a=b audit.example:8443 [\"a=1; b=2\"]");
}

#[tokio::test]
async fn a_handshake_that_does_not_end_in_time_ends_the_connection_and_has_a_place_until_then() {
    let secure = Secure::start(1, DEADLINES, "http/1.1");
    let mut silent = TcpStream::connect(secure.server.address).await.unwrap();
    // Waits to be taken in until then.
    let mut other = secure.connect().await;
    assert!(ends(&mut silent).await);
    other.write_all(SHORT).await.unwrap();
    within_patience(other.read_exact(&mut [0; 15])).await.unwrap();
}

#[tokio::test]
async fn what_is_not_tls_is_closed() {
    let secure = Secure::start(8, DEADLINES, "h2");
    let mut plain = secure.server.connect(SHORT).await;
    assert!(ends(&mut plain).await);
}

#[tokio::test]
async fn a_response_that_a_client_does_not_take_ends_its_connection() {
    let secure = Secure::start(8, DEADLINES, "h2");
    for window in [0, 1, 65_535] {
        let (client, connection) = secure.http2(window).await;
        let body = get(&client, "/endless").await.unwrap();
        // The client reads the connection and answers pings all the while.
        drop(within_patience(connection).await.unwrap());
        drop((client, body));
        secure.server.until("it is cut off", |server| server.open() == 0).await;
    }
}

#[tokio::test]
async fn other_responses_do_not_hide_one_that_is_not_taken() {
    let secure = Secure::start(8, DEADLINES, "h2");
    let (client, connection) = secure.http2(65_535).await;
    let body = get(&client, "/endless").await.unwrap();
    let asking = async { while get(&client, "/short").await.is_ok() {} };
    within_patience(asking).await;
    drop(within_patience(connection).await.unwrap());
    drop(body);
}

#[tokio::test]
async fn a_client_that_stops_reading_the_connection_is_cut_off() {
    let secure = Secure::start(8, DEADLINES, "h2");
    let mut builder = h2::client::Builder::new();
    builder
        .initial_window_size(1 << 30)
        .initial_connection_window_size(1 << 30);
    let (client, mut connection) = builder.handshake::<_, Bytes>(secure.connect().await).await.unwrap();
    let body = tokio::select! {
        body = get(&client, "/endless") => body.unwrap(),
        _ = &mut connection => panic!("the connection ended"),
    };
    secure.server.until("it is cut off", |server| server.open() == 0).await;
    drop((body, connection));
}

#[tokio::test]
async fn readers_over_http_1_that_never_read_are_cut_off() {
    let secure = Secure::start(8, DEADLINES, "http/1.1");
    let mut stream = secure.connect().await;
    stream.write_all(ENDLESS).await.unwrap();
    within_patience(stream.read_exact(&mut [0; 15])).await.unwrap();
    secure.server.until("it is cut off", |server| server.open() == 0).await;
}

#[tokio::test]
async fn a_slow_reader_over_http_2_is_not_cut_off() {
    let secure = Secure::start(8, DEADLINES, "h2");
    let (client, _connection) = secure.http2(65_535).await;
    let mut body = get(&client, "/endless").await.unwrap();
    let started = Instant::now();
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    while started.elapsed() < DEADLINES.response_piece * 4 {
        pace.tick().await;
        let piece = within_patience(body.data()).await.unwrap().unwrap();
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
}

#[tokio::test]
async fn a_large_response_arrives_whole() {
    let secure = Secure::start(8, DEADLINES, "h2");
    let (client, _connection) = secure.http2(10_000).await;
    let mut body = get(&client, "/large").await.unwrap();
    let mut length = 0;
    while let Some(piece) = within_patience(body.data()).await {
        let piece = piece.unwrap();
        length += piece.len();
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
    assert_eq!(length, LARGE);
}

#[tokio::test]
async fn only_a_connection_without_a_request_is_idle() {
    let deadlines = ClientDeadlines {
        idle: Duration::from_millis(400),
        ..DEADLINES
    };
    let secure = Secure::start(8, deadlines, "h2");
    let (client, idle) = secure.http2(65_535).await;
    drop(get(&client, "/short").await.unwrap());
    let (busy_client, busy) = secure.http2(65_535).await;
    let waiting = tokio::spawn(async move { get(&busy_client, "/never").await.map(drop) });
    within_patience(idle).await.unwrap().unwrap();
    let (_unused, unused) = secure.http2(65_535).await;
    within_patience(unused).await.unwrap().unwrap();
    assert!(!busy.is_finished() && !waiting.is_finished());
    waiting.abort();
}

#[tokio::test]
async fn finishing_waits_for_the_answer_and_not_for_idle_connections() {
    let secure = Secure::start(8, DEADLINES, "h2");
    let (client, connection) = secure.http2(65_535).await;
    let (_idle, idle) = secure.http2(65_535).await;
    let mut body = get(&client, "/large").await.unwrap();
    let started = Instant::now();
    let finishing = tokio::spawn(secure.server.connections.finish(started + PATIENCE));
    within_patience(idle).await.unwrap().unwrap();
    let mut length = 0;
    while let Some(piece) = within_patience(body.data()).await {
        let piece = piece.unwrap();
        length += piece.len();
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
    assert_eq!(length, LARGE);
    drop((body, client));
    within_patience(connection).await.unwrap().unwrap();
    finishing.await.unwrap();
    assert!(started.elapsed() < PATIENCE);
}

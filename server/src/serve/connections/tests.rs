//! Clients that are too slow, over real sockets.

use std::{convert::Infallible, future::pending};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    routing::{get, post},
};
use futures::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

mod crowd;
mod floods;
mod heads;
mod over_tls;

/// Much longer than any deadline here.
const PATIENCE: Duration = Duration::from_secs(120);

const DEADLINES: ClientDeadlines = ClientDeadlines {
    head: Duration::from_millis(400),
    idle: Duration::from_secs(90),
    body_piece: Duration::from_millis(400),
    body: PATIENCE,
    response_piece: Duration::from_millis(400),
};

/// None of them passes during a test.
const PATIENT: ClientDeadlines = ClientDeadlines {
    head: Duration::from_secs(600),
    idle: Duration::from_secs(600),
    body_piece: Duration::from_secs(600),
    body: Duration::from_secs(600),
    response_piece: Duration::from_secs(600),
};

const ENDLESS: &[u8] = b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n";
/// Bytes of a response in one piece.
const LARGE: usize = 1_000_000;

const SHORT: &[u8] = b"GET /short HTTP/1.1\r\nhost: x\r\n\r\n";

fn router() -> Router {
    let endless = || async {
        Body::from_stream(stream::repeat_with(|| {
            Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 65_536]))
        }))
    };
    Router::new()
        .route("/endless", get(endless))
        .route("/short", get(|| async { "short" }))
        .route("/never", get(pending::<&'static str>))
        .route("/large", get(|| async { vec![b'x'; LARGE] }))
        .route(
            "/seen",
            get(|request: Request| async move {
                let headers = request.headers();
                let cookies: Vec<_> = headers.get_all("cookie").iter().collect();
                format!("{} {} {cookies:?}", request.uri(), headers["host"].to_str().unwrap())
            }),
        )
        .route("/echo", post(|body: Bytes| async move { body }))
}

struct Server {
    address: SocketAddr,
    connections: Connections,
}

impl Server {
    fn start(at_most: usize, deadlines: ClientDeadlines) -> Self {
        Self::start_with(at_most, deadlines, None)
    }

    fn start_with(at_most: usize, deadlines: ClientDeadlines, tls: Option<Tls>) -> Self {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Connections::serve(Listener { listener, tls }, router(), at_most, deadlines);
        Self { address, connections }
    }

    async fn connect(&self, request: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        stream
    }

    fn open(&self) -> usize {
        // The acceptor has one more.
        self.connections.open.receiver_count() - 1
    }

    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let asking = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(5));
            while !is_so(self) {
                ticks.tick().await;
            }
        };
        let asked = tokio::time::timeout(PATIENCE, asking).await;
        assert!(asked.is_ok(), "waited in vain until {what}; {} are open", self.open());
    }
}

/// What comes until the head of the response and `end` have come.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        let mut bytes = [0; 4_096];
        let count = tokio::time::timeout(PATIENCE, stream.read(&mut bytes))
            .await
            .unwrap()
            .unwrap();
        assert!(count > 0, "the connection ended after {text:?}");
        text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
    text
}

/// Whether the server ends the connection before `PATIENCE` is over.
async fn ends(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .is_ok()
}

#[tokio::test]
async fn the_system_asks_whether_a_client_is_still_there() {
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    set_options(&stream).unwrap();
    assert!(sockopt::socket_keepalive(&stream).unwrap());
    assert_eq!(sockopt::tcp_keepidle(&stream).unwrap(), Duration::from_secs(60));
    assert_eq!(sockopt::tcp_keepintvl(&stream).unwrap(), Duration::from_secs(15));
    assert_eq!(sockopt::tcp_keepcnt(&stream).unwrap(), 4);
}

#[tokio::test]
async fn readers_that_never_read_make_room_for_others() {
    let server = Server::start(128, DEADLINES);
    let mut readers = Vec::new();
    for _ in 0..140 {
        readers.push(server.connect(ENDLESS).await);
    }
    let mut other = server.connect(SHORT).await;
    read_until(&mut other, "short").await;
    drop(other);
    server
        .until("all that never read are cut off", |server| server.open() == 0)
        .await;
    drop(readers);
}

#[tokio::test]
async fn a_slow_reader_is_not_cut_off() {
    let server = Server::start(8, DEADLINES);
    let mut reader = server.connect(ENDLESS).await;
    let started = Instant::now();
    let mut piece = vec![0; 64 * 1024];
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    while started.elapsed() < DEADLINES.response_piece * 4 {
        pace.tick().await;
        reader.read_exact(&mut piece).await.unwrap();
    }
}

#[tokio::test]
async fn a_head_that_does_not_arrive_in_time_ends_the_connection() {
    let server = Server::start(8, DEADLINES);
    let mut silent = server.connect(b"").await;
    let mut half = server.connect(b"GET /short HTTP/1.1\r\nhos").await;
    assert!(ends(&mut silent).await && ends(&mut half).await);
    // One byte at a time, each in time: the head as a whole is not.
    let mut dripping = server.connect(b"GET /short HTTP/1.1\r\nx: ").await;
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    let started = Instant::now();
    while dripping.write_all(b"y").await.is_ok() {
        pace.tick().await;
        assert!(started.elapsed() < PATIENCE, "the server still reads");
    }
    let mut second = server.connect(SHORT).await;
    read_until(&mut second, "short").await;
    second.write_all(b"GET /short HTTP/1.1\r\n").await.unwrap();
    assert!(
        ends(&mut second).await,
        "the second head of a connection has a deadline, too"
    );
}

#[tokio::test]
async fn an_idle_connection_and_a_slow_handler_outlast_the_deadlines_of_heads() {
    let server = Server::start(8, DEADLINES);
    let mut idle = server.connect(SHORT).await;
    read_until(&mut idle, "short").await;
    let mut waiting = server.connect(b"GET /never HTTP/1.1\r\nhost: x\r\n\r\n").await;
    // A head that is begun now is cut off when the two would have been, were they bound by the same deadline.
    let mut later = server.connect(b"GET").await;
    assert!(ends(&mut later).await);
    let mut last = server.connect(b"GET").await;
    assert!(ends(&mut last).await);
    idle.write_all(SHORT).await.unwrap();
    read_until(&mut idle, "short").await;
    assert_eq!(
        waiting.try_read(&mut [0; 16]).unwrap_err().kind(),
        io::ErrorKind::WouldBlock
    );
    waiting.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_body_of_which_nothing_more_comes_is_given_up() {
    let server = Server::start(8, DEADLINES);
    let mut stalled = server
        .connect(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc")
        .await;
    assert!(ends(&mut stalled).await);
    let mut slow = server
        .connect(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 40\r\n\r\n")
        .await;
    let mut pace = tokio::time::interval(DEADLINES.body_piece / 10);
    for _ in 0..40 {
        pace.tick().await;
        slow.write_all(b"z").await.unwrap();
    }
    read_until(&mut slow, &"z".repeat(40)).await;
}

#[tokio::test]
async fn a_body_that_comes_byte_by_byte_is_given_up_as_a_whole() {
    let deadlines = ClientDeadlines {
        body: DEADLINES.body_piece * 2,
        ..DEADLINES
    };
    let server = Server::start(8, deadlines);
    let mut slow = server
        .connect(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n")
        .await;
    let mut pace = tokio::time::interval(DEADLINES.body_piece / 10);
    let writing = async {
        loop {
            pace.tick().await;
            if slow.write_all(b"z").await.is_err() {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, writing).await.unwrap();
}

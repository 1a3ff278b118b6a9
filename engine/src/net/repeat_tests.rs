//! Which requests are repeated, against servers that say exactly what they do, byte by byte or frame by frame.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use h2::{Reason, server::SendResponse};
use receivers::raw::{RawServer, Reply};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    send_error::SendError,
    tests::{PATIENCE, machine, open, post, text, tls_config},
    *,
};

/// What a server does with the requests of one connection, in order; it closes the connection after the last.
type Script = &'static [&'static str];

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// An HTTP/1.1 server that plays one script per connection.
async fn serve(scripts: Vec<Script>) -> RawServer {
    machine();
    RawServer::start(move |request| {
        let script = scripts[request.connection];
        let answer = script[request.number].to_owned();
        if request.number + 1 == script.len() {
            Reply::SendAndClose(answer)
        } else {
            Reply::Send(answer)
        }
    })
    .await
}

fn client(url: &str) -> GuardedClient {
    let clients = GuardedClients::new(open());
    clients.client_for(&url.parse().unwrap(), PATIENCE).unwrap()
}

#[tokio::test]
async fn a_used_connection_that_closes_without_a_response_costs_a_repeat() {
    let server = serve(vec![&[OK, ""], &[OK]]).await;
    let (client, url) = (client(&server.url()), server.url());
    for _ in 0..2 {
        assert_eq!(text(post(&client, &url).await.unwrap()).await, "ok");
    }
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn it_is_repeated_once_and_not_again() {
    let server = serve(vec![&[OK, ""], &[""], &[OK]]).await;
    let (client, url) = (client(&server.url()), server.url());
    assert_eq!(text(post(&client, &url).await.unwrap()).await, "ok");
    let failed = post(&client, &url).await;
    assert!(matches!(failed, Err(SendError::Exchange(_))));
    assert_eq!(server.requests(), 3);
    assert_eq!(text(post(&client, &url).await.unwrap()).await, "ok");
}

#[tokio::test]
async fn a_fresh_connection_that_closes_is_a_failure() {
    let server = serve(vec![&[""], &[OK]]).await;
    let failed = post(&client(&server.url()), &server.url()).await;
    assert!(matches!(failed, Err(SendError::Exchange(_))));
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_response_that_has_begun_is_not_asked_for_again() {
    for start in ["H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n"] {
        let script: Script = Vec::leak(vec![OK, start]);
        let server = serve(vec![script, &[OK]]).await;
        let (client, url) = (client(&server.url()), server.url());
        assert_eq!(text(post(&client, &url).await.unwrap()).await, "ok");
        let failed = post(&client, &url).await;
        assert!(matches!(failed, Err(SendError::Exchange(_))), "{start}");
        assert_eq!(server.requests(), 2, "{start}");
    }
}

#[tokio::test]
async fn a_response_that_is_not_read_to_its_end_costs_its_connection() {
    const LONG: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nthe start";
    let server = serve(vec![&[LONG], &[OK]]).await;
    let (client, url) = (client(&server.url()), server.url());
    let mut response = post(&client, &url).await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "the start");
    drop(response);
    assert_eq!(text(post(&client, &url).await.unwrap()).await, "ok");
    assert_eq!(server.requests(), 2);
}

/// What an HTTP/2 server does with a request.
#[derive(Clone, Copy, Debug)]
enum Play {
    Answer,
    Reset(Reason),
    /// Closes the connection without a word.
    Cut,
    /// Leaves the connection open and answers nothing on it any more.
    Stall,
}

type Arrived = (http::Request<h2::RecvStream>, SendResponse<Bytes>);

/// An HTTP/2 server that plays one script per connection; the number of requests that reached it, and its client.
async fn serve_http2(scripts: Vec<&'static [Play]>) -> (GuardedClient, String, mpsc::UnboundedReceiver<usize>) {
    serve_http2_within(scripts, PATIENCE).await
}

async fn serve_http2_within(
    scripts: Vec<&'static [Play]>,
    deadline: Duration,
) -> (GuardedClient, String, mpsc::UnboundedReceiver<usize>) {
    let (config, root) = tls_config(b"h2");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/in", listener.local_addr().unwrap().port());
    let (arrived, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for (connection, script) in scripts.into_iter().enumerate() {
            let (stream, _) = listener.accept().await.unwrap();
            let stream = acceptor.accept(stream).await.unwrap();
            play(stream, script, || arrived.send(connection).unwrap()).await;
        }
    });
    let clients = GuardedClients::trusting(open(), vec![root]);
    let client = clients.client_for(&url.parse().unwrap(), deadline).unwrap();
    (client, url, requests)
}

async fn play(stream: TlsStream<TcpStream>, script: &[Play], mut arrived: impl FnMut()) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    for action in script {
        let Some(request) = connection.accept().await else {
            return;
        };
        let (_request, mut response): Arrived = request.unwrap();
        arrived();
        match action {
            Play::Answer => {
                response.send_response(http::Response::new(()), true).unwrap();
            }
            Play::Reset(reason) => response.send_reset(*reason),
            Play::Cut => return,
            Play::Stall => {
                tokio::spawn(async move {
                    let _held = (connection, response);
                    std::future::pending::<()>().await;
                });
                return;
            }
        }
    }
    // Sends what is still to be sent.
    while connection.accept().await.is_some() {}
}

fn count(requests: &mut mpsc::UnboundedReceiver<usize>) -> usize {
    std::iter::from_fn(|| requests.try_recv().ok()).count()
}

#[tokio::test]
async fn a_stream_that_was_refused_is_sent_again() {
    const REFUSED: Play = Play::Reset(Reason::REFUSED_STREAM);
    let (client, url, mut requests) = serve_http2(vec![&[REFUSED, Play::Answer, REFUSED, Play::Answer]]).await;
    for _ in 0..2 {
        assert_eq!(post(&client, &url).await.unwrap().status(), 200);
        assert_eq!(count(&mut requests), 2);
    }
}

#[tokio::test]
async fn a_server_that_refuses_every_stream_is_not_asked_for_ever() {
    const REFUSED: Play = Play::Reset(Reason::REFUSED_STREAM);
    let (client, url, mut requests) = serve_http2(vec![&[REFUSED; 2], &[REFUSED], &[REFUSED]]).await;
    assert!(matches!(post(&client, &url).await, Err(SendError::Exchange(_))));
    assert_eq!(count(&mut requests), 4);
}

#[tokio::test]
async fn another_reset_is_a_failure() {
    for reason in [
        Reason::INTERNAL_ERROR,
        Reason::CANCEL,
        Reason::NO_ERROR,
        Reason::ENHANCE_YOUR_CALM,
    ] {
        let script: &'static [Play] = Vec::leak(vec![Play::Answer, Play::Reset(reason), Play::Answer]);
        let (client, url, mut requests) = serve_http2(vec![script]).await;
        assert_eq!(post(&client, &url).await.unwrap().status(), 200);
        assert!(post(&client, &url).await.is_err(), "{reason:?}");
        assert_eq!(count(&mut requests), 2, "{reason:?}");
        assert_eq!(
            post(&client, &url).await.unwrap().status(),
            200,
            "the connection goes on"
        );
    }
}

#[tokio::test]
async fn a_used_http2_connection_that_closes_costs_a_repeat_and_a_fresh_one_does_not() {
    let (client, url, mut requests) = serve_http2(vec![&[Play::Answer, Play::Cut], &[Play::Answer]]).await;
    for _ in 0..2 {
        assert_eq!(post(&client, &url).await.unwrap().status(), 200);
    }
    assert_eq!(count(&mut requests), 3);
    let (client, url, mut requests) = serve_http2(vec![&[Play::Cut], &[Play::Answer]]).await;
    assert!(post(&client, &url).await.is_err());
    assert_eq!(count(&mut requests), 1);
}

#[tokio::test]
async fn an_http2_connection_that_went_silent_is_not_used_again() {
    const STALLS: &[Play] = &[Play::Answer, Play::Stall];
    let (client, url, _requests) = serve_http2_within(vec![STALLS, STALLS], Duration::from_millis(500)).await;
    for _ in 0..2 {
        assert_eq!(post(&client, &url).await.unwrap().status(), 200);
        assert!(matches!(post(&client, &url).await, Err(SendError::Late(_))));
    }
}

#[tokio::test]
async fn a_request_that_got_no_connection_in_time_was_not_sent() {
    let (_, root) = tls_config(b"h2");
    // Accepts connections in the system's queue and never answers the TLS handshake.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/in", listener.local_addr().unwrap().port());
    let clients = GuardedClients::trusting(open(), vec![root]);
    let client = clients
        .client_for(&url.parse().unwrap(), Duration::from_millis(300))
        .unwrap();
    for posted in futures::future::join_all((0..3).map(|_| post(&client, &url))).await {
        assert!(matches!(posted, Err(SendError::Unconnected(_))), "{posted:?}");
    }
}

/// Reads up to the first request and says that it is not processed, in bytes: no library sends this on demand.
async fn go_away(mut stream: TlsStream<TcpStream>, reason: Reason) {
    const PREFACE_BYTES: usize = 24;
    const HEADERS: u8 = 1;
    const EMPTY_SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let mut preface = [0; PREFACE_BYTES];
    stream.read_exact(&mut preface).await.unwrap();
    stream.write_all(&EMPTY_SETTINGS).await.unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut payload).await.unwrap();
        if head[3] == HEADERS {
            break;
        }
    }
    let mut frame = vec![0, 0, 8, 7, 0, 0, 0, 0, 0];
    let last_stream_id = 0_u32;
    frame.extend(last_stream_id.to_be_bytes());
    frame.extend(u32::from(reason).to_be_bytes());
    stream.write_all(&frame).await.unwrap();
    // Until the client closes.
    drop(stream.read_to_end(&mut Vec::new()).await);
}

#[tokio::test]
async fn what_a_server_that_goes_away_has_not_processed_is_sent_again() {
    for reason in [Reason::NO_ERROR, Reason::ENHANCE_YOUR_CALM] {
        let (config, root) = tls_config(b"h2");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}/in", listener.local_addr().unwrap().port());
        let (answered, mut requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let leaving = acceptor.accept(stream).await.unwrap();
            tokio::spawn(go_away(leaving, reason));
            let (stream, _) = listener.accept().await.unwrap();
            let staying = acceptor.accept(stream).await.unwrap();
            play(staying, &[Play::Answer; 8], || answered.send(1).unwrap()).await;
        });
        let clients = GuardedClients::trusting(open(), vec![root]);
        let client = clients.client_for(&url.parse().unwrap(), PATIENCE).unwrap();
        // Side by side, so that they share the connection that goes away and the one after it.
        let posts = futures::future::join_all((0..8).map(|_| post(&client, &url))).await;
        for posted in posts {
            assert_eq!(posted.unwrap().status(), 200, "{reason:?}");
        }
        assert_eq!(count(&mut requests), 8);
    }
}

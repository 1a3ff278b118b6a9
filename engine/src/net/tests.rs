//! Against real TLS servers with a certificate of their own, and servers that stall or close.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use domain::{
    policy::{Outcome, TlsFailure, Unreached},
    probe::{Stage, StageName, StageState},
};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::{send_error::SendError, tls::Trust, *};
use crate::sink::error_report;

/// Longer than anything here takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn open() -> NetworkRules {
    NetworkRules {
        allow_local_network: true,
        ..NetworkRules::default()
    }
}

/// A traced client for one port, and what it records.
pub(super) struct Traced {
    pub(super) client: GuardedClient,
    trace: Trace,
}

pub(super) fn traced(trust: Trust, port: u16, deadline: Duration) -> Traced {
    let (clients, trace) = GuardedClients::trusting(open(), trust).traced();
    let url = format!("http://localhost:{port}/").parse().unwrap();
    let client = clients.client_for(&url, deadline).unwrap();
    Traced { client, trace }
}

pub(super) fn machine() -> Trust {
    drop(rustls::crypto::ring::default_provider().install_default());
    Trust::of_this_machine().unwrap()
}

pub(super) async fn post(client: &GuardedClient, url: &str) -> Result<Response, SendError> {
    let body = Bytes::from_static(b"{\"id\":1}");
    client.post(&url.parse().unwrap(), http::HeaderMap::new(), body).await
}

pub(super) async fn text(mut response: Response) -> String {
    let mut text = Vec::new();
    while let Some(chunk) = response.chunk().await.unwrap() {
        text.extend_from_slice(&chunk);
    }
    String::from_utf8(text).unwrap()
}

/// A TLS server with a certificate of its own for `localhost`.
pub(super) fn tls_acceptor(alpn: &[u8]) -> (TlsAcceptor, CertificateDer<'static>) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let certificate = made.cert.der().clone();
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    config.alpn_protocols = vec![alpn.to_vec()];
    (TlsAcceptor::from(Arc::new(config)), certificate)
}

/// Answers over TLS, by what both sides speak; gives its port and its certificate.
async fn serve_tls(alpn: &'static [u8]) -> (u16, CertificateDer<'static>) {
    let (acceptor, certificate) = tls_acceptor(alpn);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let service = service_fn(async |request: http::Request<Incoming>| {
                    let seen = format!("{:?} {}", request.version(), request.uri().path());
                    Ok::<_, hyper::Error>(http::Response::new(Full::new(Bytes::from(seen))))
                });
                let io = TokioIo::new(stream);
                if alpn == b"h2" {
                    drop(
                        hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                            .serve_connection(io, service)
                            .await,
                    );
                } else {
                    drop(
                        hyper::server::conn::http1::Builder::new()
                            .serve_connection(io, service)
                            .await,
                    );
                }
            });
        }
    });
    (port, certificate)
}

/// Accepts, says what it is given, and nothing more.
async fn serve_start_of_answer(start: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = [0; 4_096];
        assert!(stream.read(&mut seen).await.unwrap() > 0);
        stream.write_all(start).await.unwrap();
        std::future::pending::<()>().await;
    });
    port
}

fn stages(client: &Traced) -> Vec<Stage> {
    client.trace.requests().remove(0).stages
}

fn stage(client: &Traced, name: StageName) -> Stage {
    stages(client).into_iter().find(|stage| stage.name == name).unwrap()
}

fn states(client: &Traced) -> Vec<StageState> {
    stages(client).iter().map(|stage| stage.state).collect()
}

#[tokio::test]
async fn each_stage_of_a_request_over_tls_is_written_down() {
    for (alpn, version) in [(&b"http/1.1"[..], "HTTP/1.1"), (b"h2", "HTTP/2.0")] {
        let (port, root) = serve_tls(alpn).await;
        let client = traced(Trust::with_root(root).unwrap(), port, PATIENCE);
        let answer = post(&client.client, &format!("https://localhost:{port}/in"))
            .await
            .unwrap();
        assert_eq!(text(answer).await, format!("{version} /in"));
        assert_eq!(states(&client), [StageState::Done; 6], "{:?}", stages(&client));
        let tls = stage(&client, StageName::Tls).detail;
        assert!(
            tls.starts_with("TLS 1.3; certificate for localhost, issued by CN="),
            "{tls}"
        );
        assert!(
            tls.ends_with("T00:00:00.000Z."),
            "it says until when it is valid: {tls}"
        );
        assert!(stage(&client, StageName::Address).detail.contains("127.0.0.1"));
        let stages = stages(&client);
        for pair in stages.windows(2) {
            assert!(pair[0].started_us + pair[0].took_us <= pair[1].started_us, "{stages:?}");
        }
        let sent = client.trace.requests().remove(0);
        let host = sent.headers.iter().find(|header| header.name == "host").unwrap();
        assert_eq!(host.value, format!("localhost:{port}"));
        assert_eq!(sent.answer.unwrap().1, format!("{version} /in").into_bytes());
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_fails_the_stage_that_shows_it() {
    let (port, _) = serve_tls(b"h2").await;
    let client = traced(machine(), port, PATIENCE);
    let error = post(&client.client, &format!("https://localhost:{port}/in"))
        .await
        .unwrap_err();
    let report = error_report(&error, std::time::Instant::now(), PATIENCE);
    assert_eq!(
        report.outcome,
        Outcome::Unreached(Unreached::Tls(TlsFailure::UnknownIssuer))
    );
    let tls = stage(&client, StageName::Tls);
    assert_eq!(tls.state, StageState::Failed);
    assert!(
        tls.detail.contains("UnknownIssuer") && tls.detail.contains("certificate for localhost"),
        "{}",
        tls.detail
    );
    assert_eq!(stage(&client, StageName::Request).state, StageState::Skipped);
}

#[tokio::test]
async fn a_name_that_the_certificate_does_not_have_is_refused() {
    let (port, root) = serve_tls(b"h2").await;
    let client = traced(Trust::with_root(root).unwrap(), port, PATIENCE);
    let error = post(&client.client, &format!("https://127.0.0.1:{port}/in"))
        .await
        .unwrap_err();
    assert!(
        crate::causes(&error).contains("not valid for name"),
        "{}",
        crate::causes(&error)
    );
    assert!(
        stage(&client, StageName::Tls)
            .detail
            .contains("certificate for localhost")
    );
}

#[tokio::test]
async fn the_deadline_holds_for_the_head_and_for_the_body_of_an_answer() {
    let brief = Duration::from_millis(300);
    let port = serve_start_of_answer(b"").await;
    let silent = traced(machine(), port, brief);
    let error = post(&silent.client, &format!("http://127.0.0.1:{port}/in"))
        .await
        .unwrap_err();
    let report = error_report(&error, std::time::Instant::now(), brief);
    assert_eq!(report.outcome, Outcome::Unreached(Unreached::Timeout));
    use StageState::{Done, Failed, Skipped};
    assert_eq!(states(&silent), [Done, Done, Done, Skipped, Done, Failed]);

    let port = serve_start_of_answer(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nthe start").await;
    let breaking = traced(machine(), port, brief);
    let mut answer = post(&breaking.client, &format!("http://127.0.0.1:{port}/in"))
        .await
        .unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "the start");
    let error = answer.chunk().await.unwrap_err();
    let report = error_report(&error, std::time::Instant::now(), brief);
    assert_eq!(report.outcome, Outcome::Unreached(Unreached::Timeout));
    drop(answer);
    assert_eq!(stage(&breaking, StageName::Answer).state, Failed);
}

/// The type of the first record of a handshake.
const TLS_HANDSHAKE: &[u8] = &[0x16];

/// Reads what comes, answers with this, and hangs up.
async fn serve_and_hang_up(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // What is left unread when a connection closes resets it, and that is told in other words.
            let (mut seen, mut chunk) = (Vec::new(), [0; 4_096]);
            while !seen.ends_with(b"{}") && !seen.starts_with(TLS_HANDSHAKE) {
                let read = stream.read(&mut chunk).await.unwrap();
                assert!(read > 0, "the other side closed first");
                seen.extend_from_slice(&chunk[..read]);
            }
            drop(stream.write_all(answer).await);
        }
    });
    port
}

/// What a sink would report of a request to this URL.
async fn reported(clients: &GuardedClients, url: &str, deadline: Duration) -> (Outcome, String) {
    let url: Url = url.parse().unwrap();
    let client = clients.client_for(&url, deadline).unwrap();
    let body = Bytes::from_static(b"{}");
    let error = client.post(&url, http::HeaderMap::new(), body).await.unwrap_err();
    let report = error_report(&error, std::time::Instant::now(), deadline);
    (report.outcome, report.reason)
}

#[tokio::test]
async fn trouble_is_told_in_the_same_words_as_by_the_pooled_client() {
    machine();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refusing = closed.local_addr().unwrap().port();
    drop(closed);
    let (tls, _) = serve_tls(b"h2").await;
    let (cutting, junk) = (
        serve_and_hang_up(b"").await,
        serve_and_hang_up(b"220 mail.example ESMTP\r\n").await,
    );
    let (open, strict) = (
        GuardedClients::new(open()),
        GuardedClients::new(NetworkRules::default()),
    );
    let troubles = [
        (
            &open,
            "http://nowhere.invalid/".to_owned(),
            Outcome::Unreached(Unreached::Dns),
        ),
        (
            &open,
            format!("http://127.0.0.1:{refusing}/"),
            Outcome::Unreached(Unreached::Connect),
        ),
        (
            &open,
            format!("https://localhost:{tls}/"),
            Outcome::Unreached(Unreached::Tls(TlsFailure::UnknownIssuer)),
        ),
        (
            &open,
            format!("https://127.0.0.1:{junk}/"),
            Outcome::Unreached(Unreached::Tls(TlsFailure::Other)),
        ),
        (
            &open,
            format!("http://127.0.0.1:{cutting}/"),
            Outcome::Unreached(Unreached::Interrupted),
        ),
        (
            &open,
            format!("http://127.0.0.1:{junk}/"),
            Outcome::Unreached(Unreached::Interrupted),
        ),
        (&strict, format!("http://127.0.0.1:{junk}/"), Outcome::Blocked),
        (&strict, format!("http://localhost:{junk}/"), Outcome::Blocked),
    ];
    for (clients, url, outcome) in troubles {
        let pooled = reported(clients, &url, PATIENCE).await;
        let traced = reported(&clients.traced().0, &url, PATIENCE).await;
        assert_eq!(traced, pooled, "{url}");
        assert_eq!(traced.0, outcome, "{url}");
    }
    let silent = serve_start_of_answer(b"").await;
    let url = format!("http://127.0.0.1:{silent}/");
    let late = reported(&open, &url, Duration::from_secs(1)).await;
    let silent = serve_start_of_answer(b"").await;
    let url = format!("http://127.0.0.1:{silent}/");
    assert_eq!(reported(&open.traced().0, &url, Duration::from_secs(1)).await, late);
}

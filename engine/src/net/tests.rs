//! Against real TLS servers with a certificate of their own, and servers that stall or close.

use std::time::Duration;

use bytes::Bytes;
use domain::{
    connection_test::{Stage, StageName, StageState},
    policy::{Outcome, TlsFailure, Unreached},
};
use receivers::{Answer, Receiver, raw::RawServer, unused_address};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use url::Url;

use super::{send_error::SendError, *};
use crate::sink::error_report;

/// Longer than anything here takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

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

pub(super) fn traced(roots: Vec<CertificateDer<'static>>, port: u16, deadline: Duration) -> Traced {
    let (clients, trace) = GuardedClients::trusting(open(), roots).traced();
    let url = format!("http://localhost:{port}/").parse().unwrap();
    let client = clients.client_for(&url, deadline).unwrap();
    Traced { client, trace }
}

/// Nothing is trusted beside the certificates of the machine.
pub(super) fn machine() -> Vec<CertificateDer<'static>> {
    drop(rustls::crypto::ring::default_provider().install_default());
    Vec::new()
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

/// The configuration of a TLS server with a self-signed certificate for `localhost`, and the certificate.
pub(super) fn tls_config(alpn: &[u8]) -> (ServerConfig, CertificateDer<'static>) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let certificate = made.cert.der().clone();
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    config.alpn_protocols = vec![alpn.to_vec()];
    (config, certificate)
}

/// Answers over TLS with the version and the path of each request; returns its certificate, too.
async fn serve_tls(alpn: &[u8]) -> (Receiver, CertificateDer<'static>) {
    let (config, certificate) = tls_config(alpn);
    let receiver = Receiver::start_tls(config).await;
    receiver.script(|request| {
        let text = format!("{:?} {}", request.version, request.path());
        Some(Answer::new(200, "text/plain", text).into())
    });
    (receiver, certificate)
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
        let (receiver, root) = serve_tls(alpn).await;
        let port = receiver.port();
        let client = traced(vec![root], port, PATIENCE);
        let answer = post(&client.client, &receiver.url()).await.unwrap();
        assert_eq!(text(answer).await, format!("{version} /in"));
        assert_eq!(states(&client), [StageState::Done; 6], "{:?}", stages(&client));
        let tls = stage(&client, StageName::Tls).detail;
        assert!(
            tls.starts_with("TLS 1.3; certificate for localhost, issued by CN="),
            "{tls}"
        );
        assert!(tls.ends_with("-01-01."), "it says until when it is valid: {tls}");
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
    let (receiver, _) = serve_tls(b"h2").await;
    let client = traced(machine(), receiver.port(), PATIENCE);
    let error = post(&client.client, &receiver.url()).await.unwrap_err();
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
    let (receiver, root) = serve_tls(b"h2").await;
    let port = receiver.port();
    let client = traced(vec![root], port, PATIENCE);
    let error = post(&client.client, &format!("https://127.0.0.1:{port}/in"))
        .await
        .unwrap_err();
    assert!(
        crate::error_chain(&error).contains("not valid for name"),
        "{}",
        crate::error_chain(&error)
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
    let server = RawServer::hanging_after("").await;
    let silent = traced(machine(), server.port(), brief);
    let error = post(&silent.client, &server.url()).await.unwrap_err();
    let report = error_report(&error, std::time::Instant::now(), brief);
    assert_eq!(report.outcome, Outcome::Unreached(Unreached::Timeout));
    use StageState::{Done, Failed, Skipped};
    assert_eq!(states(&silent), [Done, Done, Done, Skipped, Done, Failed]);

    let server = RawServer::hanging_after("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nthe start").await;
    let breaking = traced(machine(), server.port(), brief);
    let mut answer = post(&breaking.client, &server.url()).await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "the start");
    let error = answer.chunk().await.unwrap_err();
    let report = error_report(&error, std::time::Instant::now(), brief);
    assert_eq!(report.outcome, Outcome::Unreached(Unreached::Timeout));
    drop(answer);
    assert_eq!(stage(&breaking, StageName::Answer).state, Failed);
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
    let refusing = unused_address().unwrap().port();
    let (tls, _) = serve_tls(b"h2").await;
    let (closing, junk) = (
        RawServer::closing_after("").await,
        RawServer::closing_after("220 mail.example ESMTP\r\n").await,
    );
    let (tls, closing, junk) = (tls.port(), closing.port(), junk.port());
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
            format!("http://127.0.0.1:{closing}/"),
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
    let silent = RawServer::hanging_after("").await;
    let late = reported(&open, &silent.url(), Duration::from_secs(1)).await;
    assert_eq!(
        reported(&open.traced().0, &silent.url(), Duration::from_secs(1)).await,
        late
    );
}

#[tokio::test]
async fn a_connection_is_used_for_an_hour_at_most() {
    machine();
    let receiver = Receiver::start().await;
    let client = GuardedClients::new(open())
        .client_for(&receiver.url().parse().unwrap(), PATIENCE)
        .unwrap();
    // It is never idle for long.
    for _ in 0..80 {
        text(post(&client, &receiver.url()).await.unwrap()).await;
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(50)).await;
        tokio::time::resume();
    }
    let connections: Vec<usize> = receiver.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections[..72], [0; 72]);
    assert_eq!(connections[72..], [1; 8]);
}

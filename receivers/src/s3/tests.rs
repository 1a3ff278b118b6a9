use std::fmt::Write as _;

use http::StatusCode;
use ring::hmac;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;

const ACCESS_KEY_ID: &str = "AKIDEXAMPLE12345";
const SECRET: &str = "secret";
const PATIENCE: Duration = Duration::from_secs(10);

async fn server() -> (TempDir, S3Server) {
    let folder = tempfile::tempdir().unwrap();
    let server = S3Server::start(folder.path(), ACCESS_KEY_ID, SECRET).await.unwrap();
    server.make_bucket("audit").unwrap();
    (folder, server)
}

/// What comes back over a connection that is not kept; `headers` end with a line break, if there are any.
async fn exchange(server: &S3Server, method_and_path: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method_and_path} HTTP/1.1\r\nhost: s3\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// A put that is signed for us-east-1.
async fn put(server: &S3Server, path: &str, secret: &str, body: &str) -> String {
    let headers = signature(path, secret, body);
    exchange(server, &format!("PUT {path}"), &headers, body).await
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>
fn signature(path: &str, secret: &str, body: &str) -> String {
    let now = OffsetDateTime::from_unix_timestamp(crate::clock::now()).unwrap();
    let day = format!("{:04}{:02}{:02}", now.year(), u8::from(now.month()), now.day());
    let at = format!("{day}T{:02}{:02}{:02}Z", now.hour(), now.minute(), now.second());
    let hash = format!("{:x}", Sha256::digest(body));
    let names = "host;x-amz-content-sha256;x-amz-date";
    let request = format!("PUT\n{path}\n\nhost:s3\nx-amz-content-sha256:{hash}\nx-amz-date:{at}\n\n{names}\n{hash}");
    let scope = format!("{day}/us-east-1/s3/aws4_request");
    let to_sign = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{:x}", Sha256::digest(request));
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in scope.split('/').chain([to_sign.as_str()]) {
        let signer = hmac::Key::new(hmac::HMAC_SHA256, &key);
        key = hmac::sign(&signer, part.as_bytes()).as_ref().to_vec();
    }
    let mut signature = String::new();
    for byte in key {
        write!(signature, "{byte:02x}").unwrap();
    }
    format!(
        "x-amz-date: {at}\r\nx-amz-content-sha256: {hash}\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential={ACCESS_KEY_ID}/{scope}, SignedHeaders={names}, Signature={signature}\r\n"
    )
}

#[tokio::test]
async fn what_is_signed_is_stored() {
    let (_folder, server) = server().await;
    let answer = put(&server, "/audit/2026/11/a.json", SECRET, r#"{"id":"a"}"#).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let objects = server.objects("audit").unwrap();
    assert_eq!(objects["2026/11/a.json"], br#"{"id":"a"}"#);
    assert_eq!(objects.len(), 1);
}

#[tokio::test]
async fn what_is_not_signed_or_wrongly_is_refused() {
    let (_folder, server) = server().await;
    let answer = exchange(&server, "PUT /audit/2026/a%20b.json", "", "{}").await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.contains("<Code>AccessDenied</Code>"), "{answer}");
    let answer = put(&server, "/audit/b.json", "guessed", "{}").await;
    assert!(answer.contains("<Code>SignatureDoesNotMatch</Code>"), "{answer}");
    assert!(server.objects("audit").unwrap().is_empty());

    let seen = server.requests();
    assert_eq!(seen[0].served, Some(StatusCode::FORBIDDEN));
    assert_eq!(seen[0].put.as_ref().unwrap().key, "2026/a b.json");
    assert_eq!((server.put_count(), server.puts_by_key()["b.json"].times), (2, 1));
}

#[tokio::test]
async fn a_bucket_that_was_not_made_is_not_there() {
    let (_folder, server) = server().await;
    let answer = put(&server, "/elsewhere/a.json", SECRET, "{}").await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(answer.contains("<Code>NoSuchBucket</Code>"), "{answer}");
    assert!(server.objects("elsewhere").is_err());
}

#[tokio::test]
async fn trouble_is_answered_as_s3_words_it() {
    let (_folder, server) = server().await;
    let region = "eu-central-1".to_owned();
    server.answer_next(1, Refusal::PermanentRedirect { region });
    server.answer_next(1, Fault::Close);
    let answer = put(&server, "/audit/a.json", SECRET, "{}").await;
    assert!(answer.starts_with("HTTP/1.1 301"), "{answer}");
    assert!(answer.contains("x-amz-bucket-region: eu-central-1"), "{answer}");
    assert_eq!(put(&server, "/audit/a.json", SECRET, "{}").await, "");
    let received = exchange(&server, "GET /_received", "", "").await;
    assert!(received.contains(r#""buckets":{"audit":{}}"#), "{received}");
    let puts = &server.puts_by_key()["a.json"];
    assert_eq!((puts.times, puts.bodies.len()), (2, 1));
}

#[tokio::test]
async fn an_object_can_be_stored_and_its_answer_lost() {
    let (_folder, server) = server().await;
    server.answer_next(1, Fault::CloseAfterStoring);
    assert_eq!(put(&server, "/audit/a.json", SECRET, "{}").await, "");
    exchange(&server, "POST /_faults/hang_after_storing/1", "", "").await;
    let is_stored = |seen: &[SeenRequest]| seen.iter().all(|request| request.served == Some(StatusCode::OK));
    tokio::select! {
        answer = put(&server, "/audit/b.json", SECRET, "{}") => panic!("answered: {answer}"),
        in_time = server.wait_until(PATIENCE, |seen| seen.len() == 2 && is_stored(seen)) => assert!(in_time),
    }
    assert_eq!(server.objects("audit").unwrap().len(), 2);
}

//! Starting, being watched, and stopping.

use std::{io::Read, process::Stdio, time::Duration};

use serde_json::json;

use crate::instance::{Answer, Instance, PASSWORD, binary, command, folder, until};

#[tokio::test]
async fn a_supervisor_sees_that_it_works() {
    let instance = Instance::start();
    let health = instance.get("/healthz").await;
    assert_eq!((health.status, health.text.as_str()), (200, "ok"));
    let ready = instance.get("/readyz").await;
    assert_eq!(
        (ready.status, ready.json()),
        (
            200,
            json!({"ready": true, "log": "running", "store": "running", "delivery": "running"})
        )
    );
}

#[tokio::test]
async fn it_stops_when_asked_and_finishes_what_is_in_progress() {
    let mut instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    // A request whose body is still on its way when the signal comes.
    let (body, arriving) = tokio::sync::mpsc::channel::<Result<&'static str, std::io::Error>>(1);
    let chunks = futures_of(arriving);
    let request = instance.ingest(&token).body(reqwest::Body::wrap_stream(chunks));
    let posting = tokio::spawn(Answer::try_of(request));
    // More than lies in any buffer on the way: when the next part is taken, the server has read of this one.
    let spaces: &'static str = " ".repeat(8 << 20).leak();
    body.send(Ok(spaces)).await.unwrap();
    body.send(Ok(r#"{"event_type":"#)).await.unwrap();
    body.reserve().await.unwrap();
    let address = instance.address().to_owned();
    instance.terminate();
    until("it takes no more connections", || {
        std::net::TcpStream::connect(&address).err()
    })
    .await;
    body.send(Ok(r#""user_created"}"#)).await.unwrap();
    drop(body);
    let answer = posting.await.unwrap().unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert!(instance.ended().await.success());
    instance.restart();
    let mut browser = crate::browser::Browser::signed_in(&instance).await;
    assert!(browser.read("events/list").await.text.contains("user_created"));
}

fn futures_of<T: Send + 'static>(
    receiver: tokio::sync::mpsc::Receiver<T>,
) -> impl futures::Stream<Item = T> + Send + 'static {
    futures::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|item| (item, receiver))
    })
}

#[tokio::test]
async fn idle_connections_do_not_keep_it_from_stopping() {
    let mut instance = Instance::start();
    instance.get("/healthz").await;
    let _idle = std::net::TcpStream::connect(instance.address()).unwrap();
    let started = std::time::Instant::now();
    assert!(instance.shut_down().await.success());
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut_off_at_the_deadline() {
    let mut instance = Instance::start_with(&[("AUDIT_STREAMS_SHUTDOWN_DEADLINE", "1")]);
    let token = instance.token("app", &["ingest"]);
    let (body, arriving) = tokio::sync::mpsc::channel::<Result<&'static str, std::io::Error>>(1);
    let request = instance
        .ingest(&token)
        .body(reqwest::Body::wrap_stream(futures_of(arriving)));
    let posting = tokio::spawn(Answer::try_of(request));
    body.send(Ok("{")).await.unwrap();
    body.reserve().await.unwrap();
    assert!(instance.shut_down().await.success());
    assert!(posting.await.unwrap().is_err());
}

#[tokio::test]
async fn two_servers_never_share_a_data_folder() {
    let instance = Instance::start();
    let second = command(instance.data_dir(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(
        complaint.contains("another server is running on the data folder"),
        "{complaint}"
    );
}

#[tokio::test]
async fn settings_that_make_no_sense_stop_the_start() {
    let folder = folder();
    let output = command(
        folder.path(),
        &["serve", "--public-url", "audit.example.com", "--retention-days", "0"],
    );
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        complaint.contains("--public-url (AUDIT_STREAMS_PUBLIC_URL) must be an absolute URL"),
        "{complaint}"
    );
    assert!(
        complaint.contains("--retention-days (AUDIT_STREAMS_RETENTION_DAYS) must be from 1 to 36500"),
        "{complaint}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[tokio::test]
async fn the_first_password_is_shown_once_and_not_in_the_log() {
    let folder = folder();
    let start = || {
        let mut serve = binary();
        serve.args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
        serve
            .env("AUDIT_STREAMS_DATA_DIR", folder.path())
            .env_remove("AUDIT_STREAMS_ROOT_PASSWORD");
        serve.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut printed = Vec::new();
    for _ in 0..2 {
        let mut process = start();
        let mut stdout = process.stdout.take().unwrap();
        let mut text = String::new();
        while !text.contains("Tokens") {
            let mut bytes = [0; 512];
            let count = stdout.read(&mut bytes).unwrap();
            assert!(count > 0, "{text}");
            text.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        process.kill().unwrap();
        let log = String::from_utf8(process.wait_with_output().unwrap().stderr).unwrap();
        assert!(log.lines().all(|line| line.starts_with('{')), "{log}");
        printed.push((text, log));
    }
    let (first, log) = &printed[0];
    let password = first
        .lines()
        .skip_while(|line| !line.contains("shown once"))
        .nth(1)
        .unwrap()
        .trim();
    assert_eq!(password.len(), 24, "{first}");
    assert!(!log.contains(password));
    assert!(
        !printed[1].0.contains(password) && printed[1].0.contains("reset-password"),
        "{}",
        printed[1].0
    );
    assert_ne!(password, PASSWORD);
}

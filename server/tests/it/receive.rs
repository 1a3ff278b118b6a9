//! The receiver that comes with the server, at the other end of a real stream.

use std::{
    io::BufRead,
    process::{Child, Command},
    sync::mpsc::{Receiver, channel},
};

use serde_json::{Value, json};

use crate::{
    api_client::Client,
    browser::Browser,
    instance::{Answer, Instance, PATIENCE, binary, spawn_binary},
};

const TOKEN: &str = "0123456789abcdef";

struct Listening {
    process: Child,
    lines: Receiver<String>,
    url: String,
}

impl Listening {
    fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, |_| {})
    }

    fn start_with(arguments: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        let mut command = binary();
        command.args(["receive", "--listen", "127.0.0.1:0"]).args(arguments);
        change(&mut command);
        let (process, stdout) = spawn_binary(command);
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            stdout
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        let first = lines.recv_timeout(PATIENCE).unwrap();
        let url = first.strip_prefix("Listening on ").unwrap().to_owned();
        Self { process, lines, url }
    }

    fn next_line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[tokio::test]
async fn it_verifies_what_the_server_sends() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    // The secrets are known only once there is a destination, the address only once the receiver listens.
    let draft = |url: &str, token: Option<&str>| json!({"name": "Receiver", "target": {"http": {"url": url, "verification_token": token}}});
    let first = json!({"draft": draft("http://127.0.0.1:9/", Some(TOKEN))});
    let created = browser.call("destinations/create", &first).await.json();
    let id = &created["id"];
    let secret = browser
        .call("destinations/secret", &json!({"id": id, "secret": "signing"}))
        .await
        .json();
    let secret = secret.as_str().unwrap();
    let receiver = Listening::start(&["--show-body", "--token", TOKEN, "--signing-secret", secret]);
    let moved = json!({"id": id, "version": 1, "draft": draft(&receiver.url, None)});
    let moved = browser.call("destinations/update", &moved).await;
    assert_eq!(moved.status, 200, "{}", moved.text);
    let token = instance.token("app", &["ingest"]);
    instance
        .post(&token, r#"{"id":"e1","event_type":"user_created"}"#)
        .await;
    let mut line = receiver.next_line();
    while !line.contains("user_created  id app:e1") {
        line = receiver.next_line();
    }
    assert!(line.contains("token ok, signature ok"), "{line}");
    assert!(receiver.next_line().starts_with(r#"{"id":"e1","#));
}

/// Without a restart: it knows both tokens and both secrets.
#[tokio::test]
async fn during_a_rotation_it_accepts_the_previous_values_and_the_new_ones() {
    const PATH: &str = "/api/v1/destinations/1";
    let instance = Instance::start();
    let admin = Client::with_scope(&instance, "admin");
    let input = json!({"name": "Receiver", "http": {"url": "http://127.0.0.1:9/"}});
    let created = admin.post("/api/v1/destinations", &input).await.json();
    let signing = admin.get(&format!("{PATH}/signing_secret")).await.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let old = [&created["http"]["verification_token"], &signing["signing_secret"]].map(text);
    let rotate = async |secret: &str| {
        let rotated = admin.post(&format!("{PATH}/{secret}/rotate"), &Value::Null).await;
        text(&rotated.json()["value"])
    };
    let new = [rotate("verification_token").await, rotate("signing_secret").await];
    let secrets = ["--signing-secret", &old[1], "--signing-secret", &new[1]];
    let both = Listening::start_with(&secrets, |command| {
        command.env("AUDIT_STREAMS_RECEIVE_TOKEN", format!("{} {}", old[0], new[0]));
    });
    let token = instance.token("app", &["ingest"]);
    let arrives = async |receiver: &Listening, id: &str| {
        let body = json!({"id": id, "event_type": "user_created"}).to_string();
        instance.post(&token, body).await;
        let mut line = receiver.next_line();
        while !line.contains(&format!("app:{id} ")) {
            line = receiver.next_line();
        }
        assert!(line.contains("token ok, signature ok"), "{line}");
    };
    let move_to = async |receiver: &Listening| {
        let moved = admin.patch(PATH, &json!({"http": {"url": receiver.url}})).await;
        assert_eq!(moved.status, 200, "{}", moved.text);
    };
    move_to(&both).await;
    arrives(&both, "during").await;
    for secret in ["verification_token", "signing_secret"] {
        let ended = admin.delete(&format!("{PATH}/{secret}/previous")).await;
        assert_eq!(ended.status, 200, "{}", ended.text);
    }
    arrives(&both, "after").await;
    let new_only = Listening::start(&["--token", &new[0], "--signing-secret", &new[1]]);
    move_to(&new_only).await;
    arrives(&new_only, "at-last").await;
}

#[tokio::test]
async fn it_refuses_what_it_can_not_verify() {
    let receiver = Listening::start(&["--token", "0123456789abcdef", "--signing-secret", "whsec_AAAA"]);
    let client = crate::instance::client();
    let answer = Answer::of(
        client
            .post(&receiver.url)
            .header("x-gitlab-event-streaming-token", "wrong")
            .body("{}"),
    )
    .await;
    assert_eq!(answer.status, 401);
    assert!(receiver.next_line().contains("token WRONG, signature MISSING"));
}

#[tokio::test]
async fn a_blank_value_does_not_switch_a_check_off() {
    for (flag, variable) in [
        ("--token", "AUDIT_STREAMS_RECEIVE_TOKEN"),
        ("--signing-secret", "AUDIT_STREAMS_RECEIVE_SIGNING_SECRET"),
    ] {
        let mut by_flag = binary();
        by_flag.args(["receive", flag, " "]);
        let mut by_variable = binary();
        by_variable.arg("receive").env(variable, "\n");
        for mut command in [by_flag, by_variable] {
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{command:?}");
            let complaint = String::from_utf8(output.stderr).unwrap();
            assert!(
                complaint.contains(flag) && complaint.contains("is blank"),
                "{complaint}"
            );
        }
    }
}

#[tokio::test]
async fn a_malformed_secret_stops_it() {
    let output = binary()
        .args(["receive", "--signing-secret", "hunter2"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.contains("must be whsec_ followed by base64") && !complaint.contains("hunter2"),
        "{complaint}"
    );
}

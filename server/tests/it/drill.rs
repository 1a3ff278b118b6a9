//! The drill that comes with the server, against a server that is killed, and one that loses events.

use std::{
    io::BufRead,
    process::{Child, Command},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, channel},
    },
    time::Duration,
};

use receivers::unused_address;
use serde_json::{Value, json};

use crate::instance::{Answer, Instance, LISTEN, PATIENCE, binary, client, folder, spawn_binary};

/// A drill in progress.
struct Drill {
    process: Child,
    lines: Receiver<String>,
    text: Arc<Mutex<String>>,
}

impl Drill {
    fn start(url: &str, token: &str, arguments: &[&str]) -> Self {
        let mut command = binary();
        command
            .args(["drill", "--url", url, "--rate", "50"])
            .args(arguments)
            .env("AUDIT_STREAMS_DRILL_TOKEN", token);
        let (process, stdout) = spawn_binary(command);
        let (sender, lines) = channel();
        let text = Arc::<Mutex<String>>::default();
        let kept = Arc::clone(&text);
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                {
                    let mut text = kept.lock().unwrap();
                    text.push_str(&line);
                    text.push('\n');
                }
                drop(sender.send(line));
            }
        });
        Self { process, lines, text }
    }

    fn wait_for_line(&self, start: &str) {
        while !self.lines.recv_timeout(PATIENCE).unwrap().starts_with(start) {}
    }

    /// Ctrl-C.
    fn interrupt(&self) {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -INT {}", self.process.id())])
            .status();
        assert!(sent.unwrap().success());
    }

    /// The exit code, and all that it printed.
    async fn end(mut self) -> (Option<i32>, String) {
        // Its own limits, together, are longer than those of other waits.
        let ended = tokio::time::timeout(10 * PATIENCE, async {
            loop {
                if let Some(status) = self.process.try_wait().unwrap() {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let status = ended.await.expect("the drill ends");
        self.wait_for_line("verdict: ");
        let text = self.text.lock().unwrap().clone();
        (status.code(), text)
    }
}

impl Drop for Drill {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Starts on a port that it has again after a restart.
fn instance() -> Instance {
    let address = unused_address().unwrap().to_string();
    // The tests ask without a pause.
    Instance::start_on(folder(), &[(LISTEN, &address), ("AUDIT_STREAMS_API_RATE", "0")])
}

/// How many events of drills are in the log; `None` if a connection is used that the last kill closed.
async fn stored(instance: &Instance, token: &str) -> Option<usize> {
    let path = "/api/v1/audit_events?event_type=audit_streams_drill&per_page=100";
    let request = instance.client().get(instance.url(path)).bearer_auth(token);
    let answer = Answer::try_of(request).await.ok()?;
    assert_eq!(answer.status, 200, "{}", answer.text);
    Some(answer.json()["items"].as_array()?.len())
}

async fn wait_until_stored(instance: &Instance, token: &str, count: usize) {
    let waiting = async { while stored(instance, token).await < Some(count) {} };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    waited.expect("events are stored in time");
}

async fn destinations(instance: &Instance, token: &str) -> Vec<Value> {
    // With a new client: connections of the other one may have ended with a kill.
    let request = client().get(instance.url("/api/v1/destinations"));
    let answer = Answer::of(request.bearer_auth(token)).await;
    answer.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_server_that_is_killed_passes() {
    let mut instance = instance();
    let token = instance.token("drill", &["admin"]);
    // Ended by the interrupt.
    let drill = Drill::start(&instance.url(""), &token, &["--minutes", "60"]);
    for count in [1, 30, 90] {
        wait_until_stored(&instance, &token, count).await;
        instance.kill();
        instance.restart();
    }
    assert_eq!(destinations(&instance, &token).await.len(), 1);
    drill.interrupt();
    let (code, text) = drill.end().await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("verdict: ok: every acknowledged event arrived"), "{text}");
    assert!(
        destinations(&instance, &token).await.is_empty(),
        "the destination stays"
    );
}

#[tokio::test]
async fn events_that_a_destination_never_gets_are_named() {
    let instance = instance();
    let admin = instance.token("administrator", &["admin"]);
    let receiver = unused_address().unwrap().to_string();
    let input = json!({"name": "Lossy", "http": {"url": format!("http://{receiver}/")}, "active": false});
    let request = instance.client().post(instance.url("/api/v1/destinations"));
    let request = request.bearer_auth(&admin).header("content-type", "application/json");
    let answer = Answer::of(request.body(input.to_string())).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let token = instance.token("drill", &["ingest"]);
    let arguments = [
        "--minutes",
        "60",
        "--existing-destination",
        "--receiver-listen",
        &receiver,
        "--wait",
        "1",
    ];
    let drill = Drill::start(&instance.url(""), &token, &arguments);
    // More than the four producers can have in flight: some are acknowledged.
    wait_until_stored(&instance, &admin, 100).await;
    drill.interrupt();
    let (code, text) = drill.end().await;
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("  missing: drill-") && text.contains("verdict: FAILED: "),
        "{text}"
    );
    assert_eq!(
        destinations(&instance, &admin).await.len(),
        1,
        "it is the operator's own"
    );
}

#[tokio::test]
async fn a_token_that_can_not_add_a_destination_is_reported() {
    let instance = instance();
    let token = instance.token("drill", &["ingest"]);
    let output = binary()
        .args(["drill", "--url", &instance.url(""), "--minutes", "1"])
        .env("AUDIT_STREAMS_DRILL_TOKEN", &token)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.contains("the server did not add a destination") && complaint.contains("403"),
        "{complaint}"
    );
    assert!(!complaint.contains(&token), "{complaint}");
}

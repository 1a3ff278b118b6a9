//! `docs/api.md`, line for line: each of its commands is run against a real server, and answers as it says there.

use std::{process::Command, time::Duration};

use domain::{
    destination::{DestinationDraft, DestinationSettings, StreamState},
    instance_event::Author,
    policy::Refusal,
};
use receivers::{Receiver, google::GoogleServer};
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    browser::Browser,
    instance::{Answer, Instance, PATIENCE, folder, open_engine},
};

const GUIDE: &str = include_str!("../../../docs/api.md");

/// A command and the answer that stands below it.
#[derive(Debug, Default)]
struct Example {
    line: usize,
    command: String,
    answer: Option<String>,
}

/// Every `sh` block that sends something, with the `json` block that follows it, if one does.
fn examples() -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let (mut block, mut text, mut start) = (None, String::new(), 0);
    for (number, line) in GUIDE.lines().enumerate() {
        match (block, line.strip_prefix("```")) {
            (None, Some(language)) => {
                (block, start) = (Some(language), number + 2);
                text.clear();
            }
            (Some("sh"), Some(_)) => {
                examples.push(Example {
                    line: start,
                    command: std::mem::take(&mut text),
                    answer: None,
                });
                block = None;
            }
            (Some("json"), Some(_)) => {
                let example = examples.last_mut().expect("an answer follows a command");
                assert!(example.answer.is_none(), "line {start}: two answers to one command");
                example.answer = Some(std::mem::take(&mut text));
                block = None;
            }
            (Some(_), Some(_)) => block = None,
            (Some(_), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    examples.retain(|example| example.command.contains("curl"));
    examples
}

/// What makes a refusal a failure, and keeps what is printed to the answer.
const CURL_SETTINGS: &str = "fail-with-body\nsilent\nshow-error\n";

/// Runs a command as it stands in the guide. Returns what it printed.
fn run(example: &Example, variables: &[(&str, String)]) -> String {
    let mut shell = Command::new("sh");
    shell.args(["-euc", &example.command]);
    shell.envs(variables.iter().map(|(name, value)| (name, value)));
    let output = shell.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    let (line, command) = (example.line, &example.command);
    assert!(
        output.status.success(),
        "docs/api.md, line {line}:\n{command}\n{printed}{complaint}"
    );
    let is_graphql = command.contains("/api/graphql");
    assert!(
        !is_graphql || printed.contains(r#""errors":[]"#) || !printed.contains(r#""errors""#),
        "docs/api.md, line {line}:\n{command}\n{printed}"
    );
    printed
}

/// Where the two differ in shape: other fields, or a value of another type.
fn difference(path: &str, shown: &Value, real: &Value) -> Option<String> {
    match (shown, real) {
        (Value::Object(shown), Value::Object(real)) => {
            let missing = shown.keys().find(|key| !real.contains_key(*key));
            let unsaid = real.keys().find(|key| !shown.contains_key(*key));
            if let Some(key) = missing.or(unsaid) {
                return Some(format!("{path}.{key}"));
            }
            shown
                .iter()
                .find_map(|(key, value)| difference(&format!("{path}.{key}"), value, &real[key]))
        }
        (Value::Array(shown), Value::Array(real)) => match (shown.first(), real.first()) {
            (Some(shown), Some(real)) => difference(&format!("{path}[0]"), shown, real),
            (Some(_), None) => Some(format!("{path} is empty")),
            (None, _) => None,
        },
        (Value::Null, _) | (_, Value::Null) => None,
        _ if std::mem::discriminant(shown) == std::mem::discriminant(real) => None,
        _ => Some(format!("{path}: {shown} is {real}")),
    }
}

fn compare(example: &Example, printed: &str) {
    let Some(shown) = &example.answer else { return };
    let line = example.line;
    let shown: Value = serde_json::from_str(shown).unwrap_or_else(|error| panic!("below line {line}: {error}"));
    let real: Value = serde_json::from_str(printed).unwrap_or_else(|error| panic!("line {line}: {error}: {printed}"));
    if let Some(difference) = difference("answer", &shown, &real) {
        panic!("docs/api.md, below line {line}: {difference}\nreal answer: {printed}");
    }
}

/// Method and path of each request to this server, with the values that the command gives.
fn requests(example: &Example) -> Vec<(String, String)> {
    let commands = example.command.split("curl").skip(1);
    let request = |command: &str| {
        let (_, rest) = command.split_once("\"$AUDIT_STREAMS")?;
        let path = rest.split(['"', '?']).next()?.to_owned();
        let method = match command.split_once("-X ") {
            Some((_, rest)) => rest.split_whitespace().next()?,
            None if command.contains("-d '") => "POST",
            None => "GET",
        };
        Some((method.to_owned(), path))
    };
    commands.filter_map(request).collect()
}

/// Whether a path of the OpenAPI document, with names in braces, is this one.
fn is_template_of(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    let is_same = |(template, segment): (&&str, &&str)| template == segment || template.starts_with('{');
    template.len() == path.len() && template.iter().zip(&path).all(is_same)
}

#[test]
fn the_guide_shows_every_operation() {
    let document: Value = serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    let shown: Vec<(String, String)> = examples().iter().flat_map(requests).collect();
    for (template, operations) in document["paths"].as_object().unwrap() {
        for method in operations
            .as_object()
            .unwrap()
            .keys()
            .map(|method| method.to_uppercase())
        {
            let is_shown = shown
                .iter()
                .any(|(shown, path)| *shown == method && is_template_of(template, path));
            assert!(
                is_shown || method == "PARAMETERS",
                "docs/api.md does not show {method} {template}"
            );
        }
    }
    let schema = include_str!("../../../docs/schema.graphql");
    // Every other piece is a description of several lines.
    let schema: String = schema.split("\"\"\"").step_by(2).collect();
    let fields = schema
        .split("\n}")
        .filter(|part| part.contains("type Mutation {") || part.contains("type Query {"))
        .flat_map(str::lines)
        .filter(|line| line.starts_with(' ') && !line.trim().is_empty() && !line.trim_start().starts_with('"'));
    let names: Vec<&str> = fields.filter_map(|line| line.trim().split(['(', ':']).next()).collect();
    assert!(names.len() >= 26, "{names:?}");
    for name in names {
        assert!(GUIDE.contains(name), "docs/api.md does not show {name}");
    }
}

/// A folder with a destination that has refused its first two events for good.
pub(crate) async fn folder_with_parked_events(url: String) -> tempfile::TempDir {
    let folder = folder();
    let engine = open_engine(folder.path()).await;
    // Nothing is sent in here, so nothing else changes its cursor.
    let paused = DestinationSettings {
        stream_state: Some(StreamState {
            active: true,
            paused: true,
        }),
        ..DestinationDraft::http("Prepared", url).parse_new().unwrap()
    };
    let author = Author::command_line();
    let id = engine.create_destination(&author, paused).await.unwrap().destination.id;
    let (now, last) = (engine.clock().now().unix_ms(), engine.log().last_seq().get());
    engine.shutdown(Duration::from_secs(10)).await;
    let store = rusqlite::Connection::open(folder.path().join("audit-streams.db")).unwrap();
    let reason = "Answered 422 Unprocessable Entity.";
    let refusal = json!(Refusal::Status(422)).to_string();
    for seq in [1, 2] {
        store
            .execute(
                "INSERT INTO refused_events (destination_id, seq, tries, reason, response, refusal, refused_at) \
                 VALUES (?, ?, 5, ?, 'no such index', ?, ?)",
                (id.get(), seq, reason, &refusal, now),
            )
            .unwrap();
    }
    store
        .execute(
            "INSERT INTO attempts (destination_id, seq, events, started_at, duration_ms, status, reason, response) \
             VALUES (?, 1, 1, ?, 12, 422, ?, 'no such index')",
            (id.get(), now, reason),
        )
        .unwrap();
    store
        .execute(
            "UPDATE cursors SET acknowledged_seq = ? WHERE destination_id = ?",
            (last, id.get()),
        )
        .unwrap();
    folder
}

/// An instance whose first destination backs off because of one event, its receiver, and the position of that event.
async fn stuck_instance() -> (Instance, Receiver, i64) {
    let (instance, receiver) = (Instance::start(), Receiver::start().await);
    receiver.answer_bodies_with(r#""event_type":"stuck""#, 503);
    let admin = Client::with_scope(&instance, "admin");
    let input = json!({"name": "SIEM", "http": {"url": receiver.url()}, "event_types": ["stuck"]});
    admin.post("/api/v1/destinations", &input).await.expect(201);
    let token = instance.token("app", &["ingest"]);
    instance.post(&token, r#"{"event_type":"stuck"}"#).await;
    let is_stuck = |progress: &Value| progress["health"]["stuck_seq"].is_i64();
    let progress = admin.get_until("/api/v1/destinations/1/health", is_stuck).await;
    let seq = progress["health"]["stuck_seq"].as_i64().unwrap();
    (instance, receiver, seq)
}

// The commands block one thread; receivers have to answer meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_guide_answers_as_it_says() {
    let (receiver, google) = (Receiver::start().await, GoogleServer::start().await.unwrap());
    let instance = Instance::start_on(folder_with_parked_events(receiver.url()).await, &[]);
    drop(Browser::signed_in(&instance).await);
    // It stands where the guide speaks of a GitLab: their APIs for streaming are the same.
    let gitlab = Instance::start();
    let private_key = &google.service_account().private_key_pem;
    let curl_home = folder();
    std::fs::write(curl_home.path().join(".curlrc"), CURL_SETTINGS).unwrap();
    let (stuck, _refusing, stuck_seq) = stuck_instance().await;
    let variables = [
        ("AUDIT_STREAMS", instance.url("")),
        ("TOKEN", instance.token("administration", &["admin"])),
        ("INGEST_TOKEN", instance.token("gitlab-production", &["ingest"])),
        ("PRIVATE_KEY", private_key.replace('\n', "\\n")),
        ("ID", "1".to_owned()),
        ("SESSION", "1".to_owned()),
        ("SEQ", "1".to_owned()),
        ("OTHER_SEQ", "2".to_owned()),
        ("REPLAY", "1".to_owned()),
        ("STUCK_SEQ", stuck_seq.to_string()),
        ("GITLAB", gitlab.url("")),
        ("GITLAB_TOKEN", gitlab.token("administration", &["admin"])),
        ("CURL_HOME", curl_home.path().display().to_string()),
    ];
    let examples = examples();
    assert!(examples.len() > 60, "{}", examples.len());
    let mut of_stuck = variables.clone();
    of_stuck[0].1 = stuck.url("");
    of_stuck[1].1 = stuck.token("administration", &["admin"]);
    for example in &examples {
        let printed = match example.command.contains("/park\"") {
            true => run(example, &of_stuck),
            false => run(example, &variables),
        };
        compare(example, &printed);
    }
    what_the_other_records_arrives_here(&instance, &gitlab).await;
}

/// The guide ends with a GitLab that streams into this server; so it does.
async fn what_the_other_records_arrives_here(instance: &Instance, gitlab: &Instance) {
    drop(Browser::signed_in(gitlab).await);
    let token = instance.token("reader", &["read"]);
    let url = instance.url("/api/v1/audit_events?event_type=authenticated_with_password");
    let client = instance.client();
    let asking = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        loop {
            ticks.tick().await;
            let answer = Answer::of(client.get(&url).bearer_auth(&token)).await.json();
            let items = answer["items"].as_array().unwrap();
            if let Some(item) = items.iter().find(|item| item["source"] == "gitlab-production") {
                return item.clone();
            }
        }
    };
    let arrived = tokio::time::timeout(PATIENCE, asking).await.expect("the event arrives");
    assert_eq!(arrived["event"]["author_name"], "root");
}

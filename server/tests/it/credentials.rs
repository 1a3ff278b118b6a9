//! What must be found nowhere: the credentials of destinations.
//!
//! A server that logs everything gets one destination of each kind, delivers, fails for want of permission and recovers.
//! Then each credential is searched for, byte by byte, in everything that left the server and everything that it wrote.

use std::path::Path;

use receivers::Receiver;
use receivers::{
    google::{GoogleServer, Refusal as GoogleRefusal},
    s3::{Refusal as S3Refusal, S3Server},
};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    instance::{Instance, until},
};

const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const HEADER_VALUE: &str = "Bearer nobody-is-to-find-this";
const BUCKET: &str = "audit-events";

struct Counterparts {
    endpoint: Receiver,
    google: GoogleServer,
    s3: S3Server,
    _objects: tempfile::TempDir,
}

impl Counterparts {
    async fn start() -> Self {
        let objects = tempfile::tempdir().unwrap();
        let s3 = S3Server::start(objects.path(), ACCESS_KEY_ID, SECRET_ACCESS_KEY)
            .await
            .unwrap();
        s3.make_bucket(BUCKET).unwrap();
        Self {
            endpoint: Receiver::start().await,
            google: GoogleServer::start().await.unwrap(),
            s3,
            _objects: objects,
        }
    }

    /// The add forms, filled in.
    fn drafts(&self) -> [Value; 3] {
        let account = self.google.service_account();
        let header = json!({"id": null, "name": "Authorization", "value": HEADER_VALUE, "active": true});
        [
            json!({"name": "Endpoint", "target": {"http": {"url": self.endpoint.url(), "headers": [header]}}}),
            json!({"name": "Cloud", "target": {"gcp": {
                "project_id": account.project_id, "client_email": account.client_email, "log_id": "audit-events",
                "private_key": account.private_key_pem,
            }}}),
            json!({"name": "Bucket", "target": {"aws": {
                "access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY, "region": "us-east-1",
                "bucket": BUCKET, "endpoint_url": self.s3.url(), "layout": "events",
            }}}),
        ]
    }

    /// What to look for: of the key, a line that says it all.
    fn credentials(&self) -> [String; 3] {
        let key = &self.google.service_account().private_key_pem;
        let line = key.lines().max_by_key(|line| line.len()).unwrap();
        [HEADER_VALUE.to_owned(), line.to_owned(), SECRET_ACCESS_KEY.to_owned()]
    }

    /// Whether this event has come to each of them.
    fn have(&self, id: &str) -> bool {
        let in_log = self.google.entries(&self.google.service_account().project_id);
        let objects = self.s3.objects(BUCKET).unwrap();
        self.endpoint.events(|events| events.bodies.contains_key(id))
            && in_log.iter().any(|entry| entry["jsonPayload"]["id"] == id)
            && objects.keys().any(|key| key.contains(id))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_are_found_nowhere() {
    let there = Counterparts::start().await;
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut instance = Instance::start_logging_to(
        log.reopen().unwrap(),
        &[
            ("AUDIT_STREAMS_LOG_LEVEL", "trace"),
            ("AUDIT_STREAMS_GOOGLE_LOGGING_URL", &there.google.url()),
            ("AUDIT_STREAMS_GOOGLE_TOKEN_URL", &there.google.token_url()),
        ],
    );
    let token = instance.token("app", &["ingest"]);
    let answers = exercise(&there, &instance, &token).await;
    assert!(instance.shut_down().await.success());
    let logged = std::fs::read(log.path()).unwrap();
    assert!(logged.len() > 10_000, "everything was logged");
    for credential in there.credentials() {
        let found = |bytes: &[u8]| {
            bytes
                .windows(credential.len())
                .any(|window| window == credential.as_bytes())
        };
        assert!(!found(answers.as_bytes()), "in an answer");
        assert!(!found(answers.replace("\\/", "/").as_bytes()), "in an answer, escaped");
        assert!(!found(&logged), "in the log");
        assert!(!files(instance.data_dir()).iter().any(|file| found(file)), "in a file");
    }
}

/// Everything that an administrator and the three destinations do; returns all that was answered.
async fn exercise(there: &Counterparts, instance: &Instance, token: &str) -> String {
    let mut browser = Browser::signed_in(instance).await;
    let mut answers = String::new();
    for draft in there.drafts() {
        let answer = browser.call("destinations/create", &json!({ "draft": draft })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answers.push_str(&answer.text);
        // The same again is refused: nor does a refusal say it.
        let again = browser.call("destinations/create", &json!({ "draft": draft })).await;
        assert_eq!(again.status, 422);
        answers.push_str(&again.text);
    }
    instance.post(token, event("first")).await;
    until("the first event is everywhere", || there.have("first").then_some(())).await;
    there.google.answer_next(1, GoogleRefusal::PermissionDenied);
    there.s3.answer_next(1, S3Refusal::SignatureDoesNotMatch);
    instance.post(token, event("second")).await;
    until("the second one too", || there.have("second").then_some(())).await;
    answers.push_str(&browser.read("destinations/list").await.text);
    for page in ["/admin/audit_logs?tab=streams", "/admin/audit_logs?tab=log", "/"] {
        answers.push_str(&browser.open(page).await.text);
    }
    answers
}

/// A complete event.
fn event(id: &str) -> String {
    json!({"id": id, "event_type": "project_updated", "entity_type": "Project", "entity_id": 1}).to_string()
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

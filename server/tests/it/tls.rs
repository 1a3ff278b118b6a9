//! Streams over TLS to a real nginx, whose certificate a private CA vouches for.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::Path,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use receivers::nginx::{Nginx, Options};
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    graphql_client::GraphqlClient,
    https,
    instance::{Instance, PATIENCE},
};

const TEST: &str = "/api/v1/destinations/1/test";
const HEALTH: &str = "/api/v1/destinations/1/health";

/// A certificate of its own for `localhost`, and its key, in PEM.
fn certificate() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = made.signing_key.serialize_der();
    (pem("CERTIFICATE", made.cert.der()), pem("PRIVATE KEY", &key))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .filter_map(|start| text.get(start..text.len().min(start + 64)))
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn nginx(keepalive_requests: u32, (certificate, key): &(String, String)) -> Nginx {
    Nginx::start(&Options {
        keepalive_requests,
        tls: Some((certificate, key)),
        client_ca: None,
        says_495_and_496: false,
    })
    .unwrap()
}

async fn add(admin: &Client<'_>, nginx: &Nginx) {
    let url = format!("https://localhost:{}/in", nginx.port());
    let input = json!({"name": "nginx", "http": {"url": url}, "event_types": ["user_created"]});
    admin.post("/api/v1/destinations", &input).await.expect(201);
}

async fn post(instance: &Instance, token: &str, ids: std::ops::Range<usize>) {
    let event = |id: usize| json!({"event_type": "user_created", "id": id, "entity_id": id % 50});
    instance.post(token, Value::from_iter(ids.map(event)).to_string()).await;
}

/// The metrics of the only destination.
async fn metrics(admin: &Client<'_>) -> BTreeMap<String, f64> {
    let text = admin.get("/metrics").await.text;
    let lines = text
        .lines()
        .filter(|line| line.starts_with("audit_streams_destination_"));
    let series = lines.map(|line| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap())
    });
    series.collect()
}

fn sum(metrics: &BTreeMap<String, f64>, name: &str) -> f64 {
    let name = format!("audit_streams_destination_{name}{{");
    let named = metrics.iter().filter(|(series, _)| series.starts_with(&name));
    named.map(|(_, value)| value).sum()
}

async fn wait_until(what: &str, condition: impl AsyncFn() -> bool) {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let waiting = async {
        while !condition().await {
            ticks.tick().await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(waited.is_ok(), "waited in vain until {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_sends_goaway_after_a_number_of_requests_and_nothing_fails() {
    const EVENTS: usize = 5_000;
    for keepalive_requests in [100, 1_000] {
        let made = certificate();
        let folder = crate::instance::folder();
        let trusted = folder.path().join("trusted.pem");
        fs::write(&trusted, &made.0).unwrap();
        let instance = Instance::start_with(&[("SSL_CERT_FILE", trusted.to_str().unwrap())]);
        let (admin, nginx) = (Client::with_scope(&instance, "admin"), nginx(keepalive_requests, &made));
        add(&admin, &nginx).await;
        let token = instance.token("app", &["ingest"]);
        for batch in 0..EVENTS / 500 {
            post(&instance, &token, batch * 500..(batch + 1) * 500).await;
        }
        wait_until("everything is delivered", async || {
            sum(&metrics(&admin).await, "delivered_events_total") == 5_000.0
        })
        .await;
        let metrics = metrics(&admin).await;
        let accepted = metrics
            .iter()
            .find(|(series, _)| series.contains("_requests_total{") && series.contains(r#"outcome="accepted""#));
        assert_eq!(
            sum(&metrics, "requests_total"),
            *accepted.unwrap().1,
            "a request failed"
        );
        for name in ["backoffs_total", "parked_events", "retrying_events"] {
            assert_eq!(sum(&metrics, name), 0.0, "{name}");
        }
        let requests = nginx.requests().unwrap();
        assert!(
            !requests.is_empty()
                && requests
                    .iter()
                    .all(|request| request.protocol == "HTTP/2.0" && request.status == 200)
        );
        assert_eq!(nginx.deliveries().unwrap().len(), EVENTS);
        let connections: HashSet<u64> = requests.iter().map(|request| request.connection).collect();
        assert!(connections.len() >= EVENTS / usize::try_from(keepalive_requests).unwrap());
    }
}

async fn health(admin: &Client<'_>) -> Value {
    admin.get(HEALTH).await.expect(200)["health"].clone()
}

fn replace(file: &Path, text: &str) {
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(&new, file).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ca_that_is_trusted_later_reaches_the_running_stream_and_one_that_no_longer_is_stops_it() {
    let (ours, theirs) = (certificate(), certificate());
    let folder = crate::instance::folder();
    let trusted = folder.path().join("trusted.pem");
    fs::write(&trusted, &theirs.0).unwrap();
    let instance = Instance::start_with(&[("SSL_CERT_FILE", trusted.to_str().unwrap())]);
    let (admin, nginx) = (Client::with_scope(&instance, "admin"), nginx(1_000, &ours));
    add(&admin, &nginx).await;
    let token = instance.token("app", &["ingest"]);
    post(&instance, &token, 0..10).await;
    wait_until("it backs off", async || health(&admin).await["state"] == "retrying").await;
    assert_eq!(nginx.deliveries().unwrap().len(), 0);

    replace(&trusted, &(theirs.0.clone() + &ours.0));
    wait_until("it is healthy", async || health(&admin).await["state"] == "healthy").await;
    wait_until("nginx has logged them", async || {
        nginx.deliveries().unwrap().len() == 10
    })
    .await;
    let tested = admin.post(TEST, &json!({})).await.expect(200);
    assert_eq!(tested["accepted"], true, "{tested}");
    let before = nginx.deliveries().unwrap().len();

    replace(&trusted, &theirs.0);
    let tested = async || admin.post(TEST, &json!({})).await.expect(200);
    wait_until("the test finds it", async || tested().await["accepted"] == false).await;
    // The supervisor has closed the connection when it has seen the change as well.
    wait_until("it backs off again", async || {
        let next = instance.post(&token, json!({"event_type": "user_created"}).to_string());
        drop(next.await);
        health(&admin).await["state"] == "retrying"
    })
    .await;
    assert!(nginx.deliveries().unwrap().len() >= before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_nginx_that_requires_a_client_certificate_is_recognised() {
    let made = certificate();
    let folder = crate::instance::folder();
    let trusted = folder.path().join("trusted.pem");
    fs::write(&trusted, &made.0).unwrap();
    let instance = Instance::start_with(&[("SSL_CERT_FILE", trusted.to_str().unwrap())]);
    let nginx = Nginx::start(&Options {
        keepalive_requests: 1_000,
        tls: Some((&made.0, &made.1)),
        client_ca: Some(&made.0),
        says_495_and_496: false,
    })
    .unwrap();
    let admin = Client::with_scope(&instance, "admin");
    add(&admin, &nginx).await;
    let tested = admin.post(TEST, &json!({})).await.expect(200);
    let summary = "The server requires a client certificate: it answered with status 400.";
    assert_eq!(
        (&tested["accepted"], &tested["summary"]),
        (&json!(false), &json!(summary))
    );
    let asks = "The server asks for a client certificate. Add one that it accepts";
    let says_so = |next_step: &Value| next_step.as_str().is_some_and(|next_step| next_step.starts_with(asks));
    assert!(says_so(&tested["next_step"]), "{tested}");
    post(&instance, &instance.token("app", &["ingest"]), 0..1).await;
    wait_until("it backs off", async || health(&admin).await["state"] == "retrying").await;
    let health = health(&admin).await;
    assert_eq!(health["trouble"], "client certificate required");
    assert!(says_so(&health["next_step"]), "{health}");
    let requests = nginx.requests().unwrap();
    assert!(!requests.is_empty() && requests.iter().all(|request| request.status == 400));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_api_says_when_the_certificates_of_a_destination_expire() {
    let (of_server, of_client) = (https::certificate(2_090), https::certificate(2_095));
    let nginx = nginx(1_000, &of_server);
    let instance = Instance::start();
    let admin = Client::with_scope(&instance, "admin");
    let url = format!("https://localhost:{}/in", nginx.port());
    let input = json!({"name": "nginx", "http": {
        "url": url, "tls_ca_certificates": of_server.0,
        "tls_client_certificate": of_client.0, "tls_client_key": of_client.1,
    }});
    admin.post("/api/v1/destinations", &input).await.expect(201);
    let is_known = |health: &Value| health["server_certificate_expires_at"].is_string();
    wait_until("it has connected", async || is_known(&health(&admin).await)).await;
    let (client, server) = ("2095-01-01T00:00:00.000Z", "2090-01-01T00:00:00.000Z");
    let shown = health(&admin).await;
    assert_eq!(shown["ca_certificate_expires_at"], server, "it vouches for itself");
    assert_eq!(shown["client_certificate_expires_at"], client);
    assert_eq!(shown["server_certificate_expires_at"], server);
    let graphql = GraphqlClient::new(&instance, "admin");
    let query = "{ instanceExternalAuditEventDestinations { nodes { health { caCertificateExpiresAt \
                 clientCertificateExpiresAt serverCertificateExpiresAt } } } }";
    let answer = graphql.ask(query).await;
    assert_eq!(
        answer["data"]["instanceExternalAuditEventDestinations"]["nodes"][0]["health"],
        json!({
            "caCertificateExpiresAt": server, "clientCertificateExpiresAt": client, "serverCertificateExpiresAt": server,
        })
    );
    let metrics = metrics(&admin).await;
    let expiry = |certificate: &str| {
        let name = "audit_streams_destination_certificate_expiry_timestamp_seconds";
        metrics[&format!(r#"{name}{{destination_id="1",kind="http",certificate="{certificate}"}}"#)]
    };
    let years = ["ca", "client", "server"].map(expiry);
    assert_eq!(years, [3_786_912_000.0, 3_944_678_400.0, 3_786_912_000.0]);
}

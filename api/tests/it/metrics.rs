//! `/metrics`: who may read it, what it counts, and that all of it is documented. `end2end/api` reads it with the parsers of
//! Prometheus' own client.

use api::web::{AddressRanges, TrustedProxies};
use axum::http::Method;
use domain::{
    Timestamp,
    alerts::{CertificateHolder, InstanceCertificate, Validity},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    time::Duration,
};

use receivers::Receiver;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    api_client::Client,
    instance::{Answer, Instance, PATIENCE},
};

const PATH: &str = "/metrics";
const OPEN_METRICS: &str = "application/openmetrics-text";

/// A CA that expires when the century ends.
const CA: &str = "-----BEGIN CERTIFICATE-----\n\
MIIBcTCCARegAwIBAgIBATAKBggqhkjOPQQDAjAnMRMwEQYDVQQDDApFeGFtcGxl\n\
IENBMRAwDgYDVQQKDAdFeGFtcGxlMCAXDTIwMDEwMTAwMDAwMFoYDzIxMDAwMTAx\n\
MDAwMDAwWjAnMRMwEQYDVQQDDApFeGFtcGxlIENBMRAwDgYDVQQKDAdFeGFtcGxl\n\
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUvDqtGAK5FYuT13C0oWBHcqv6HUE\n\
7G0byDhCNJPjAOtkNYiIRbGzsQ3anNBQCOlTkf9tMEfvLZ1BD2SkNPvoEqMyMDAw\n\
DwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQU44aOXIhbJnI9UnQuKkrCe0+dG4Ew\n\
CgYIKoZIzj0EAwIDSAAwRQIgaKq+1dO91LbViwh8Y0mmEzPcW1ihWBA9n3rcdJvh\n\
i4ICIQDqiK8cnzNVZPGx6PXbntnW8O4numkhsc5UKYE3b6m3ig==\n\
-----END CERTIFICATE-----\n";
const CA_EXPIRES: f64 = 4_102_444_800.0;

/// Value of each series, by its name and labels as they are written.
struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    async fn of(reader: &Client<'_>) -> Self {
        let answer = reader.get(PATH).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let lines = answer.text.lines().filter(|line| !line.starts_with('#'));
        let series = lines.map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        });
        Self(series.collect())
    }

    /// Scrapes until what is told is enough.
    async fn until(reader: &Client<'_>, what: &str, is_enough: impl Fn(&Self) -> bool) -> Self {
        let asking = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(50));
            loop {
                ticks.tick().await;
                let scrape = Self::of(reader).await;
                if is_enough(&scrape) {
                    return scrape;
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking)
            .await
            .unwrap_or_else(|_| panic!("waited in vain until {what}"))
    }

    fn of_name(&self, name: &str) -> f64 {
        *self.0.get(name).unwrap_or_else(|| panic!("no {name}"))
    }

    /// A series of a destination of kind `http`.
    fn of_destination(&self, name: &str, id: u32, more: &str) -> f64 {
        self.of_name(&format!(
            r#"audit_streams_destination_{name}{{destination_id="{id}",kind="http"{more}}}"#
        ))
    }
}

#[tokio::test]
async fn a_token_that_may_read_may_scrape_and_nobody_else() {
    let instance = Instance::start_with(|options| options.api.api_rate = NonZeroU32::new(600)).await;
    let missing = instance.get(PATH).await;
    assert_eq!(missing.error(), (401, "missing_token".into()));
    assert_eq!(
        missing.header("www-authenticate"),
        Some(r#"Bearer realm="audit-streams""#)
    );
    let unknown = Client::with_token(&instance, "ast_none").get(PATH).await;
    assert_eq!(unknown.error(), (401, "unknown_token".into()));
    let ingest = Client::with_scope(&instance, "ingest").await.get(PATH).await;
    assert_eq!(ingest.error(), (403, "insufficient_scope".into()));
    for scope in ["read", "admin"] {
        let answer = Client::with_scope(&instance, scope).await.get(PATH).await;
        assert_eq!((answer.status, answer.header("ratelimit-limit")), (200, Some("600")));
    }
    let cookie = instance.session_cookie().await;
    let session = instance.request(Method::GET, PATH);
    let session = Answer::of(session.header("cookie", &cookie)).await;
    assert_eq!(session.error(), (401, "missing_token".into()));
}

#[tokio::test]
async fn an_allowed_address_needs_no_token_but_a_stranger_behind_a_proxy_does() {
    let instance = Instance::start_with(|options| {
        options.api.metrics_allow = AddressRanges::parse("10.0.0.0/8, 127.0.0.1").unwrap();
    })
    .await;
    assert_eq!(instance.get(PATH).await.status, 200);
    let from = |forwarded: &'static str| {
        let request = instance.request(Method::GET, PATH);
        Answer::of(request.header("x-forwarded-for", forwarded))
    };
    assert_eq!(from("127.0.0.1").await.error(), (401, "missing_token".into()));
    let instance = Instance::start_with(|options| {
        options.api.metrics_allow = AddressRanges::parse("198.51.100.0/24").unwrap();
        options.api.trusted_proxies = TrustedProxies::parse("127.0.0.1").unwrap();
    })
    .await;
    let from = |forwarded: &'static str| {
        let request = instance.request(Method::GET, PATH);
        Answer::of(request.header("x-forwarded-for", forwarded))
    };
    assert_eq!(from("198.51.100.7").await.status, 200);
    assert_eq!(
        from("203.0.113.7, 198.51.100.7").await.status,
        200,
        "the last hop counts"
    );
    assert_eq!(from("198.51.100.7, 203.0.113.7").await.status, 401);
    assert_eq!(instance.get(PATH).await.status, 401);
}

#[tokio::test]
async fn each_reader_gets_the_format_that_it_asks_for() {
    let instance = Instance::start().await;
    let reader = Client::with_scope(&instance, "read").await;
    let classic = reader.get(PATH).await;
    assert_eq!(
        classic.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    assert_eq!(classic.header("cache-control"), Some("no-store"));
    assert!(!classic.text.contains("# EOF"));
    let open = Answer::of(reader.request(Method::GET, PATH).header("accept", OPEN_METRICS));
    let open = open.await;
    assert_eq!(
        open.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    assert!(open.text.ends_with("# EOF\n"), "{}", open.text);
}

async fn add(admin: &Client<'_>, name: &str, url: &str) {
    let input = json!({"name": name, "http": {"url": url}, "event_types": ["user_created"]});
    admin.post("/api/v1/destinations", &input).await.expect(201);
}

#[tokio::test]
async fn it_counts_what_is_posted_and_what_becomes_of_it() {
    let instance = Instance::start().await;
    let (admin, receiver) = (Client::with_scope(&instance, "admin").await, Receiver::start().await);
    let refusing = Receiver::start().await;
    refusing.answer_all(422);
    add(&admin, "Accepting", &receiver.url()).await;
    add(&admin, "Refusing \"all\"", &refusing.url()).await;
    add(&admin, "Gone", "http://127.0.0.1:9/").await;

    let token = instance.token("app", &["ingest"]).await;
    let event = |id: u32| json!({"event_type": "user_created", "id": id, "entity_id": id});
    let (first, second) = (Value::from_iter((0..5).map(event)), Value::from_iter((4..7).map(event)));
    instance.post(&token, first.to_string()).await;
    instance.post(&token, second.to_string()).await;
    let refused = Answer::of(instance.ingest(&token).body("{}")).await;
    assert_eq!(refused.status, 422);
    assert_eq!(Answer::of(instance.ingest("ast_none").body("{}")).await.status, 401);
    receiver
        .wait_for_events("all seven have arrived", |events| events.bodies.len() == 7)
        .await;

    let scrape = Scrape::until(&admin, "all seven are acknowledged", |scrape| {
        scrape.of_destination("delivered_events_total", 1, "") == 7.0
            && scrape.of_destination("backlog_events", 1, "") == 0.0
            && scrape.of_destination("retrying_events", 2, "") == 7.0
            && scrape.of_destination("state", 3, r#",state="retrying""#) == 1.0
    })
    .await;
    let ingest = |name: &str| scrape.of_name(&format!("audit_streams_ingest_{name}"));
    assert_eq!(ingest(r#"requests_total{outcome="accepted"}"#), 2.0);
    assert_eq!(ingest(r#"requests_total{outcome="invalid"}"#), 1.0);
    assert_eq!(ingest(r#"requests_total{outcome="unauthorised"}"#), 1.0);
    assert_eq!(ingest(r#"events_total{result="stored"}"#), 7.0);
    assert_eq!(ingest(r#"events_total{result="repeated"}"#), 1.0);
    let bytes = first.to_string().len() + second.to_string().len();
    assert_eq!(ingest("bytes_total").to_string(), bytes.to_string());
    assert_eq!(ingest("duration_seconds_count"), 2.0);
    assert_eq!(ingest(r#"duration_seconds_bucket{le="+Inf"}"#), 2.0);

    let log = |name: &str| scrape.of_name(&format!("audit_streams_log_{name}"));
    assert!(log("events") >= 10.0, "three destinations were added, too");
    assert!(log("events") <= log("appended_events_total"));
    assert!(log("commit_duration_seconds_count") >= 2.0);
    assert!(log("size_bytes") > 0.0 && log("size_bytes") < log("size_limit_bytes"));
    assert_eq!((log("queue_bytes"), log("full")), (0.0, 0.0));

    let of = |name: &str, id: u32| scrape.of_destination(name, id, "");
    let outcome =
        |id: u32, outcome: &str| scrape.of_destination("requests_total", id, &format!(r#",outcome="{outcome}""#));
    assert_eq!((outcome(1, "accepted"), outcome(1, "client_error")), (7.0, 0.0));
    assert_eq!(of("request_duration_seconds_count", 1), 7.0);
    assert!(of("request_duration_seconds_sum", 1) > 0.0);
    assert_eq!((of("lag_seconds", 1), of("backoffs_total", 1)), (0.0, 0.0));
    assert_eq!((of("delivered_events_total", 2), outcome(2, "accepted")), (0.0, 0.0));
    assert!(
        outcome(2, "client_error") >= 7.0,
        "each is refused, and tried again later"
    );
    assert_eq!((of("parked_events", 2), of("backoffs_total", 2)), (0.0, 0.0));
    assert!(outcome(3, "connect") >= 1.0);
    assert_eq!(of("backoffs_total", 3), 1.0);
    assert!(of("lag_seconds", 3) > 0.0);
    let health = admin.get("/api/v1/destinations/3/health").await.expect(200);
    assert_eq!(health["health"]["waiting"].as_f64(), Some(of("backlog_events", 3)));
    let name = r#",name="Refusing \"all\"""#;
    assert_eq!(scrape.of_destination("info", 2, name), 1.0);
}

#[tokio::test]
async fn what_a_denylist_leaves_out_is_neither_delivered_nor_in_the_backlog() {
    let instance = Instance::start().await;
    let (admin, receiver) = (Client::with_scope(&instance, "admin").await, Receiver::start().await);
    let token = instance.token("app", &["ingest"]).await;
    let input = json!({"name": "SIEM", "http": {"url": receiver.url()}, "event_type_denylist": ["user_created", "add_gpg_key"]});
    admin.post("/api/v1/destinations", &input).await.expect(201);
    let types = ["user_created", "other", "user_created", "new", "add_gpg_key", "other"];
    let events = types.map(|event_type| json!({"event_type": event_type}));
    instance.post(&token, Value::from_iter(events).to_string()).await;
    let count = |of: &[&str]| {
        receiver.events(|events| {
            let is_meant = |body: &&String| {
                of.iter()
                    .any(|name| body.contains(&format!(r#""event_type":"{name}""#)))
            };
            events.bodies.values().filter(is_meant).count()
        })
    };
    // Audit events of this instance itself are no types that are denied, so they are delivered as well.
    let delivered = || receiver.events(|events| events.bodies.len().to_string());
    let scrape = Scrape::until(&admin, "all of it is acknowledged", |scrape| {
        count(&["other", "new"]) == 3
            && scrape.of_destination("delivered_events_total", 1, "").to_string() == delivered()
            && scrape.of_destination("backlog_events", 1, "") == 0.0
    })
    .await;
    assert_eq!(count(&["user_created", "add_gpg_key"]), 0);
    let of = |name: &str, more: &str| scrape.of_destination(name, 1, more);
    assert_eq!(of("requests_total", r#",outcome="accepted""#).to_string(), delivered());
    assert_eq!((of("retrying_events", ""), of("parked_events", "")), (0.0, 0.0));
    assert_eq!(of("lag_seconds", ""), 0.0);
}

#[tokio::test]
async fn it_tells_what_is_parked_and_paused_and_nothing_of_urls() {
    let instance = Instance::with_parked_events("http://127.0.0.1:9/in?key=s3cret").await;
    let admin = Client::with_scope(&instance, "admin").await;
    let scrape = Scrape::until(&admin, "the stream has started", |scrape| {
        scrape.of_destination("state", 1, r#",state="paused""#) == 1.0
    })
    .await;
    assert_eq!(scrape.of_destination("parked_events", 1, ""), 2.0);
    assert_eq!(
        scrape.of_destination("parked_total", 1, ""),
        0.0,
        "that was before the start"
    );
    let text = admin.get(PATH).await.text;
    assert!(!text.contains("s3cret") && !text.contains("127.0.0.1"), "{text}");
    admin.delete("/api/v1/destinations/1").await.expect(204);
    let text = admin.get(PATH).await.text;
    assert!(!text.contains("destination_id"), "{text}");
}

#[tokio::test]
async fn each_certificate_is_served_with_the_time_at_which_it_expires() {
    let certificate = |holder, until| InstanceCertificate {
        holder,
        name: "audit.example".into(),
        validity: Validity {
            from: Timestamp::from_unix_ms(0),
            until: Timestamp::from_unix_ms(until),
        },
    };
    let both = |until| {
        vec![
            certificate(CertificateHolder::Listener, until),
            certificate(CertificateHolder::ClientCa, 4_200_000_000_000),
        ]
    };
    let (shown, certificates) = watch::channel(both(4_000_000_000_000));
    let instance = Instance::start_with(|options| options.engine.listener_certificates = Some(certificates)).await;
    let admin = Client::with_scope(&instance, "admin").await;
    let input = json!({"name": "SIEM", "http": {"url": "https://127.0.0.1:9", "tls_ca_certificates": CA}});
    admin.post("/api/v1/destinations", &input).await.expect(201);
    let of_listener =
        r#"audit_streams_certificate_expiry_timestamp_seconds{certificate="listener",name="audit.example"}"#;
    let scraped = Scrape::of(&admin).await;
    assert_eq!(scraped.of_name(of_listener), 4_000_000_000.0);
    let of_clients = of_listener.replace("listener", "client_ca");
    assert_eq!(scraped.of_name(&of_clients), 4_200_000_000.0);
    let of_ca = scraped.of_destination("certificate_expiry_timestamp_seconds", 1, r#",certificate="ca""#);
    assert_eq!(of_ca, CA_EXPIRES);
    shown.send_replace(both(4_100_000_000_000));
    assert_eq!(Scrape::of(&admin).await.of_name(of_listener), 4_100_000_000.0);
    let text = admin.get(PATH).await.text;
    assert!(!text.contains(r#"certificate="client""#), "it has none: {text}");
}

/// Names of all that is served, with what a histogram adds to its own.
async fn served() -> (BTreeSet<String>, BTreeSet<String>) {
    let instance = Instance::start().await;
    let text = Client::with_scope(&instance, "read").await.get(PATH).await.text;
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let (mut names, mut series) = (BTreeSet::new(), BTreeSet::new());
    for (name, kind) in types.map(|line| line.split_once(' ').unwrap()) {
        names.insert(name.to_owned());
        let suffixes: &[&str] = match kind {
            "histogram" => &["_bucket", "_sum", "_count"],
            _ => &[""],
        };
        series.extend(suffixes.iter().map(|suffix| format!("{name}{suffix}")));
    }
    assert!(names.len() >= 28, "{names:?}");
    (names, series)
}

/// Everything in a text that looks like the name of a metric.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    let names = words.filter(|word| word.starts_with("audit_streams_") || word.starts_with("process_"));
    names.map(str::to_owned).collect()
}

#[tokio::test]
async fn every_metric_is_documented_and_every_documented_one_is_there() {
    let guide = include_str!("../../../docs/metrics.md");
    let rows = guide.lines().filter(|line| line.starts_with("| `"));
    let documented: BTreeSet<String> = rows.flat_map(|row| named(row.split('|').nth(1).unwrap())).collect();
    let (names, series) = served().await;
    assert_eq!(documented, names);
    let elsewhere = named(guide);
    let unknown: Vec<_> = elsewhere
        .iter()
        .filter(|name| !names.contains(*name) && !series.contains(*name))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[tokio::test]
async fn the_dashboard_asks_only_for_what_there_is_and_leaves_nothing_out() {
    let dashboard: Value = serde_json::from_str(include_str!("../../../docs/grafana-dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let expressions: Vec<&str> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
    let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
    let queries = variables.filter_map(|variable| variable["query"]["query"].as_str());
    let asked = named(
        &expressions
            .iter()
            .copied()
            .chain(queries)
            .collect::<Vec<_>>()
            .join("\n"),
    );
    let (names, series) = served().await;
    let unknown: Vec<_> = asked.iter().filter(|name| !series.contains(*name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let shown = |name: &&String| asked.iter().any(|asked| asked.starts_with(name.as_str()));
    let left_out: Vec<_> = names.iter().filter(|name| !shown(name)).collect();
    assert!(left_out.is_empty(), "{left_out:?}");
}

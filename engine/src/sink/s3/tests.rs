//! What the SDK puts on the wire, and what is made of answers and of none.

use std::sync::Mutex;

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, Uri},
};
use domain::{
    Timestamp,
    destination::{S3Draft, SecretAccessKey},
    event::{EventId, EventType},
    ids::Seq,
};
use tokio::net::TcpListener;

use super::*;
use crate::net::NetworkRules;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

const ACCEPTED: Outcome = Outcome::Answered {
    status: 200,
    retry_after: None,
};

struct Seen {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

/// A server that answers everything alike and remembers what it was asked.
struct Server {
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    async fn answering(status: u16, headers: &'static [(&'static str, &'static str)], body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let record = Arc::clone(&seen);
        let answer = async move |method, uri, request_headers, request_body| {
            record.lock().unwrap().push(Seen {
                method,
                uri,
                headers: request_headers,
                body: request_body,
            });
            let headers = headers.iter().map(|(name, value)| {
                let name = axum::http::HeaderName::from_static(name);
                (name, axum::http::HeaderValue::from_static(value))
            });
            (
                StatusCode::from_u16(status).unwrap(),
                HeaderMap::from_iter(headers),
                body,
            )
        };
        let router = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, seen }
    }
}

fn sink_at(endpoint_url: &str, layout: ObjectLayout, rules: NetworkRules) -> S3Sink {
    // A second one is refused, and the first one stays.
    drop(rustls::crypto::ring::default_provider().install_default());
    let target = S3Target {
        settings: S3Settings::parse(&S3Draft {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
            region: "eu-central-1".into(),
            bucket: "audit-events".into(),
            endpoint_url: endpoint_url.into(),
            key_prefix: "it's-(a)/b*c".into(),
            layout,
            ..S3Draft::default()
        })
        .unwrap(),
        secret_access_key: SecretAccessKey::parse(SECRET).unwrap(),
    };
    let services = SinkServices::usual().unwrap();
    S3Sink::new(&target, &GuardedClients::new(rules), &services).unwrap()
}

fn local_sink(server: &Server, layout: ObjectLayout) -> S3Sink {
    sink_at(
        &server.url,
        layout,
        NetworkRules {
            allow_local_network: true,
            ..NetworkRules::default()
        },
    )
}

fn event(id: &str, body: &'static str) -> Arc<LoggedEvent> {
    Arc::new(LoggedEvent {
        seq: Seq::new(7),
        source: "tests".into(),
        id: EventId::parse(id).unwrap(),
        event_type: EventType::parse("user created").unwrap(),
        entity_type: "Project".into(),
        entity_id: "7".into(),
        entity_path: String::new(),
        created_at: Timestamp::from_unix_ms(1_694_442_309_820),
        received_at: Timestamp::from_unix_ms(0),
        body: Bytes::from_static(body.as_bytes()),
    })
}

async fn send_one(sink: &S3Sink) -> Report {
    let report = sink.send(&[event("a/1", r#"{"id":"a/1"}"#)], None).await;
    assert!(report.parts.is_empty());
    report.whole
}

const TAG: (&str, &str) = ("etag", "\"9b2cf535f27731c974343645a3985328\"");

#[tokio::test]
async fn an_object_is_put_signed_whole_and_with_a_checksum() {
    let server = Server::answering(200, &[TAG], "").await;
    let report = send_one(&local_sink(&server, ObjectLayout::Events)).await;
    assert_eq!((report.outcome, report.reason.as_str()), (ACCEPTED, ""));
    let seen = server.seen.lock().unwrap();
    let [request] = seen.as_slice() else {
        panic!("not one request")
    };
    assert_eq!(request.method, Method::PUT);
    assert_eq!(
        request.uri.path(),
        "/audit-events/it%27s-%28a%29/b%2Ac/project/2023/09/user%2520created_tests_a%252F1_1694442309820.json"
    );
    assert_eq!(request.body, r#"{"id":"a/1"}"#);
    let header = |name| request.headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header("content-type"), Some("application/json"));
    assert_eq!(header("content-length"), Some("12"));
    assert_eq!(header("x-amz-meta-audit-streams-source"), Some("tests"));
    assert!(header("x-amz-checksum-crc32").is_some());
    assert_eq!(header("x-amz-content-sha256").map(str::len), Some(64), "a signed body");
    let authorization = header("authorization").unwrap();
    assert!(authorization.contains("AKIAIOSFODNN7EXAMPLE/"), "{authorization}");
    assert!(
        authorization.contains("/eu-central-1/s3/aws4_request"),
        "{authorization}"
    );
    for absent in [
        "expect",
        "content-encoding",
        "transfer-encoding",
        "x-amz-trailer",
        "x-amz-security-token",
    ] {
        assert_eq!(header(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn a_path_of_the_endpoint_url_stands_before_the_bucket() {
    let server = Server::answering(200, &[TAG], "").await;
    for slash in ["", "/"] {
        let endpoint_url = format!("{}/storage/v1/s3{slash}", server.url);
        let rules = NetworkRules {
            allow_local_network: true,
            ..NetworkRules::default()
        };
        let report = send_one(&sink_at(&endpoint_url, ObjectLayout::Events, rules)).await;
        assert_eq!(report.outcome, ACCEPTED, "{report:?}");
    }
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    for request in seen.iter() {
        assert!(
            request.uri.path().starts_with("/storage/v1/s3/audit-events/it%27s"),
            "{}",
            request.uri
        );
    }
}

#[tokio::test]
async fn a_batch_is_a_gzip_file() {
    let server = Server::answering(200, &[TAG], "").await;
    let sink = local_sink(&server, ObjectLayout::Batches);
    assert!(matches!(
        sink.batching(),
        Batching::Runs {
            events: 10_000,
            bytes: 5_242_880,
            ..
        }
    ));
    let run = Run {
        first: Seq::new(7),
        last: Seq::new(9),
        closed_at: Timestamp::from_unix_ms(1_694_442_309_820),
    };
    let sent = sink.send(&[event("a", "{}"), event("b", "{}")], Some(run)).await;
    assert_eq!(sent.whole.outcome, ACCEPTED);
    let seen = server.seen.lock().unwrap();
    let [request] = seen.as_slice() else {
        panic!("not one request")
    };
    assert!(request.uri.path().ends_with("/2023/09/11/14/7-9.jsonl.gz"));
    assert_eq!(request.headers.get("content-type").unwrap(), "application/gzip");
    assert!(!request.headers.contains_key("content-encoding"));
    assert_eq!(request.body.get(..2), Some([0x1f, 0x8b].as_slice()));
}

#[tokio::test]
async fn a_refusal_is_told_once_and_without_secrets() {
    const BODY: &str = "<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AKIAIOSFODNN7EXAMPLE</AWSAccessKeyId>\
                        <Odd>wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY</Odd></Error>";
    let server = Server::answering(403, &[("content-type", "application/xml")], BODY).await;
    let report = send_one(&local_sink(&server, ObjectLayout::Events)).await;
    assert_eq!(
        report.outcome,
        Outcome::Answered {
            status: 403,
            retry_after: None
        }
    );
    assert!(
        report.reason.starts_with("The secret access key does not belong"),
        "{report:?}"
    );
    assert_eq!(
        report.response,
        "<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>••••</AWSAccessKeyId><Odd>••••</Odd></Error>"
    );
    assert_eq!(server.seen.lock().unwrap().len(), 1, "the SDK does not retry");
}

#[tokio::test]
async fn trouble_is_not_retried_by_the_sdk() {
    const BODY: &str = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
    let server = Server::answering(503, &[("retry-after", "7")], BODY).await;
    let report = send_one(&local_sink(&server, ObjectLayout::Events)).await;
    let retry_after = Some(Duration::from_secs(7));
    assert_eq!(
        report.outcome,
        Outcome::Answered {
            status: 503,
            retry_after
        }
    );
    assert_eq!(report.reason, "The service asks for fewer requests.");
    assert_eq!(server.seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_success_that_is_none_is_told_from_one() {
    const ERROR: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>InternalError</Code></Error>";
    for (headers, body, status, start) in [
        (
            [].as_slice(),
            "<html>Welcome!</html>",
            404,
            "What answers there is no S3 service",
        ),
        ([].as_slice(), "", 404, "What answers there is no S3 service"),
        ([TAG].as_slice(), ERROR, 503, "The service can't take objects"),
    ] {
        let server = Server::answering(200, headers, body).await;
        let report = send_one(&local_sink(&server, ObjectLayout::Events)).await;
        assert!(
            matches!(report.outcome, Outcome::Answered { status: told, .. } if told == status),
            "{report:?}"
        );
        assert!(report.reason.starts_with(start), "{report:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    const HEADERS: &[(&str, &str)] = &[
        ("location", "http://127.0.0.1:1/"),
        ("x-amz-bucket-region", "eu-west-1"),
    ];
    let server = Server::answering(301, HEADERS, "").await;
    let report = send_one(&local_sink(&server, ObjectLayout::Events)).await;
    assert!(
        matches!(report.outcome, Outcome::Answered { status: 301, .. }),
        "{report:?}"
    );
    assert!(
        report.reason.contains("is in eu-west-1, not in eu-central-1"),
        "{report:?}"
    );
}

#[tokio::test]
async fn without_an_answer_the_cause_is_told() {
    let server = Server::answering(200, &[TAG], "").await;
    let blocked = send_one(&sink_at(&server.url, ObjectLayout::Events, NetworkRules::default())).await;
    assert_eq!(blocked.outcome, Outcome::Blocked, "{blocked:?}");
    assert!(
        blocked
            .reason
            .starts_with("Requests to loopback addresses are not allowed"),
        "{blocked:?}"
    );
    assert!(server.seen.lock().unwrap().is_empty());

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = Server {
        url: format!("http://{}", listener.local_addr().unwrap()),
        seen: Arc::default(),
    };
    drop(listener);
    let refused = send_one(&local_sink(&closed, ObjectLayout::Events)).await;
    assert_eq!(refused.outcome, Outcome::Unreached(Unreached::Connect), "{refused:?}");

    let unknown = send_one(&sink_at(
        "https://s3.invalid",
        ObjectLayout::Events,
        NetworkRules::default(),
    ))
    .await;
    assert_eq!(unknown.outcome, Outcome::Unreached(Unreached::Dns), "{unknown:?}");
}

/// Elements in elements, deeper than any stack, on a thread whose stack is a small part of what streams have.
#[test]
fn an_answer_that_nests_without_end_is_read_without_recursion() {
    let thread = std::thread::Builder::new().stack_size(crate::THREAD_STACK / 8);
    let reading = thread.spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            for (status, open, close) in [
                (200, "<a>", "</a>"),
                (400, "<Error>", "</Error>"),
                (403, "<Error><Code>", ""),
                (503, "<!--", "-->"),
                (301, "<a b='", "'/>"),
                (500, "<![CDATA[", "]]>"),
                (409, "<!DOCTYPE a [<!ENTITY b \"", "\">]>"),
            ] {
                let body = format!("<?xml version=\"1.0\"?>{}{}", open.repeat(50_000), close.repeat(50_000));
                let server = Server::answering(status, &[], body.leak()).await;
                let report = send_one(&local_sink(&server, ObjectLayout::Events)).await;
                assert!(!matches!(report.outcome, ACCEPTED), "{status}: {report:?}");
            }
        });
    });
    reading.unwrap().join().unwrap();
}

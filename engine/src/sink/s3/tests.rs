//! What the SDK puts on the wire, and what is made of answers and of none.

use bytes::Bytes;
use domain::{
    Timestamp,
    destination::{DestinationKind, FieldMap},
    event::{EventId, EventType},
    ids::Seq,
};
use http::Method;
use receivers::{Answer, Receiver, Request, unused_address};

use super::*;
use crate::net::NetworkRules;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

const ACCEPTED: Outcome = Outcome::Answered {
    status: 200,
    retry_after: None,
};

type Headers = &'static [(&'static str, &'static str)];

async fn answering(status: u16, headers: Headers, body: &'static str) -> Receiver {
    answering_each(&[(status, headers, body)]).await
}

/// Gives these answers one after the other, and the last of them to all later requests.
async fn answering_each(answers: &[(u16, Headers, &'static str)]) -> Receiver {
    let receiver = Receiver::start().await;
    for (status, headers, body) in answers {
        let mut answer = Answer::from(*status);
        answer.headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        (*body).clone_into(&mut answer.body);
        receiver.answer_next(1, answer.clone());
        receiver.answer_all(answer);
    }
    receiver
}

/// Method, whether `If-None-Match: *` was sent, and the end of the path.
fn requests(receiver: &Receiver) -> Vec<(String, bool, String)> {
    let request = |request: &Request| {
        let is_conditional = request.headers.get("if-none-match").is_some_and(|value| value == "*");
        let name = request.path().rsplit('/').next().unwrap().to_owned();
        (request.method.to_string(), is_conditional, name)
    };
    receiver.requests().iter().map(request).collect()
}

fn url(receiver: &Receiver) -> String {
    format!("http://127.0.0.1:{}", receiver.port())
}

fn values(endpoint_url: &str, layout: ObjectLayout) -> FieldMap {
    FieldMap::from([
        (Field::AccessKeyId, "AKIAIOSFODNN7EXAMPLE"),
        (Field::SecretAccessKey, SECRET),
        (Field::Region, "eu-central-1"),
        (Field::Bucket, "audit-events"),
        (Field::EndpointUrl, endpoint_url),
        (Field::KeyPrefix, "it's-(a)/b*c"),
        (Field::ObjectLayout, layout.as_str()),
    ])
}

fn sink_at(endpoint_url: &str, layout: ObjectLayout, rules: NetworkRules) -> S3Sink {
    sink_of(values(endpoint_url, layout), rules)
}

fn sink_of(values: FieldMap, rules: NetworkRules) -> S3Sink {
    // A second one is refused, and the first one stays.
    drop(rustls::crypto::ring::default_provider().install_default());
    let target = Target {
        kind: DestinationKind::AmazonS3,
        values,
        headers: Vec::new(),
        previous: Vec::new(),
    };
    let services = SinkServices::usual().unwrap();
    S3Sink::new(&target, &GuardedClients::new(rules), &services, Clock::machine()).unwrap()
}

fn local() -> NetworkRules {
    NetworkRules {
        allow_local_network: true,
        ..NetworkRules::default()
    }
}

fn local_sink(server: &Receiver, layout: ObjectLayout) -> S3Sink {
    sink_at(&url(server), layout, local())
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
    let server = answering(200, &[TAG], "").await;
    let report = send_one(&local_sink(&server, ObjectLayout::Events)).await;
    assert_eq!((report.outcome, report.reason.as_str()), (ACCEPTED, ""));
    let seen = server.requests();
    let [request] = seen.as_slice() else {
        panic!("not one request")
    };
    assert_eq!(request.method, Method::PUT);
    assert_eq!(
        request.path(),
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
    let server = answering(200, &[TAG], "").await;
    for slash in ["", "/"] {
        let endpoint_url = format!("{}/storage/v1/s3{slash}", url(&server));
        let report = send_one(&sink_at(&endpoint_url, ObjectLayout::Events, local())).await;
        assert_eq!(report.outcome, ACCEPTED, "{report:?}");
    }
    let seen = server.requests();
    assert_eq!(seen.len(), 2);
    for request in &seen {
        assert!(
            request.path().starts_with("/storage/v1/s3/audit-events/it%27s"),
            "{}",
            request.uri
        );
    }
}

#[tokio::test]
async fn a_batch_is_a_gzip_file() {
    let server = answering(200, &[TAG], "").await;
    let sink = local_sink(&server, ObjectLayout::Batches);
    assert!(matches!(
        sink.batching(),
        Batching::Batches {
            events: 10_000,
            bytes: 5_242_880,
            ..
        }
    ));
    let batch = Batch {
        first: Seq::new(7),
        last: Seq::new(9),
        closed_at: Timestamp::from_unix_ms(1_694_442_309_820),
    };
    let sent = sink.send(&[event("a", "{}"), event("b", "{}")], Some(batch)).await;
    assert_eq!(sent.whole.outcome, ACCEPTED);
    let seen = server.requests();
    let [request] = seen.as_slice() else {
        panic!("not one request")
    };
    assert!(request.path().ends_with("/2023/09/11/14/7-9.jsonl.gz"));
    assert_eq!(request.headers.get("content-type").unwrap(), "application/gzip");
    assert!(!request.headers.contains_key("content-encoding"));
    assert_eq!(request.body.get(..2), Some([0x1f, 0x8b].as_slice()));
}

#[tokio::test]
async fn a_refusal_is_told_once_and_without_secrets() {
    const BODY: &str = "<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AKIAIOSFODNN7EXAMPLE</AWSAccessKeyId>\
                        <Odd>wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY</Odd></Error>";
    let server = answering(403, &[("content-type", "application/xml")], BODY).await;
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
    assert_eq!(server.requests().len(), 1, "the SDK does not retry");
}

#[tokio::test]
async fn trouble_is_not_retried_by_the_sdk() {
    const BODY: &str = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
    let server = answering(503, &[("retry-after", "7")], BODY).await;
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
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_success_that_is_none_is_told_from_one() {
    const ERROR: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>InternalError</Code></Error>";
    for (headers, body, status, start) in [
        (
            [].as_slice(),
            "<html>Welcome!</html>",
            404,
            "The endpoint returned no ETag",
        ),
        ([].as_slice(), "", 404, "The endpoint returned no ETag"),
        ([TAG].as_slice(), ERROR, 503, "The service can't accept objects"),
    ] {
        let server = answering(200, headers, body).await;
        let report = send_one(&local_sink(&server, ObjectLayout::Events)).await;
        assert!(
            matches!(report.outcome, Outcome::Answered { status: reported, .. } if reported == status),
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
    let server = answering(301, HEADERS, "").await;
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
    let server = answering(200, &[TAG], "").await;
    let blocked = send_one(&sink_at(&url(&server), ObjectLayout::Events, NetworkRules::default())).await;
    assert_eq!(blocked.outcome, Outcome::Blocked, "{blocked:?}");
    assert!(
        blocked
            .reason
            .starts_with("Requests to loopback addresses are not allowed"),
        "{blocked:?}"
    );
    assert!(server.requests().is_empty());

    let closed = format!("http://{}", unused_address().unwrap());
    let refused = send_one(&sink_at(&closed, ObjectLayout::Events, local())).await;
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
                let server = answering(status, &[], body.leak()).await;
                let report = send_one(&local_sink(&server, ObjectLayout::Events)).await;
                assert!(!matches!(report.outcome, ACCEPTED), "{status}: {report:?}");
            }
        });
    });
    reading.unwrap().join().unwrap();
}

/// SHA-256 of the body that `send_one` sends.
const SAME: Headers = &[
    TAG,
    (
        "x-amz-meta-audit-streams-sha256",
        "bcc0978bea90a0274f73fe838505455af7c02d1f5538f93839280812ff0ee2d4",
    ),
];
const OTHER: Headers = &[TAG, ("x-amz-meta-audit-streams-sha256", "00")];
const NAME: &str = "user%2520created_tests_a%252F1_1694442309820.json";
const BESIDE: &str = "user%2520created_tests_a%252F1_1694442309820.bcc0978bea90a027.json";

fn request(method: &str, is_conditional: bool, name: &str) -> (String, bool, String) {
    (method.to_owned(), is_conditional, name.to_owned())
}

#[tokio::test]
async fn an_object_is_put_only_if_nothing_is_there() {
    let server = answering(200, &[TAG], "").await;
    assert_eq!(
        send_one(&local_sink(&server, ObjectLayout::Events)).await.outcome,
        ACCEPTED
    );
    assert_eq!(requests(&server), [request("PUT", true, NAME)]);
}

#[tokio::test]
async fn an_object_that_is_there_already_is_accepted_and_left_alone() {
    // The second has no digest: its length and MD5 tell.
    const BY_TAG: Headers = &[
        ("etag", "\"d1c2c5b38929a681f1e7c274d52b9211\""),
        ("content-length", "12"),
    ];
    static WITH_DIGEST: &[(u16, Headers, &str)] = &[(412, &[], ""), (200, SAME, "")];
    static WITHOUT: &[(u16, Headers, &str)] = &[(412, &[], ""), (200, BY_TAG, "")];
    for answers in [WITH_DIGEST, WITHOUT] {
        let server = answering_each(answers).await;
        let report = send_one(&local_sink(&server, ObjectLayout::Events)).await;
        assert_eq!(report.outcome, ACCEPTED, "{report:?}");
        assert_eq!(
            requests(&server),
            [request("PUT", true, NAME), request("HEAD", false, NAME)]
        );
    }
}

#[tokio::test]
async fn an_object_of_other_content_is_kept_and_ours_is_put_beside_it() {
    static FIRST: &[(u16, Headers, &str)] = &[(412, &[], ""), (200, OTHER, ""), (200, &[TAG], "")];
    static REPEAT: &[(u16, Headers, &str)] = &[(412, &[], ""), (200, OTHER, ""), (412, &[], "")];
    for answers in [FIRST, REPEAT] {
        let server = answering_each(answers).await;
        let report = send_one(&local_sink(&server, ObjectLayout::Events)).await;
        assert_eq!(report.outcome, ACCEPTED, "{report:?}");
        assert_eq!(
            requests(&server),
            [
                request("PUT", true, NAME),
                request("HEAD", false, NAME),
                request("PUT", true, BESIDE)
            ]
        );
    }
}

#[tokio::test]
async fn what_can_t_be_compared_is_put_again() {
    static FORBIDDEN: &[(u16, Headers, &str)] = &[(412, &[], ""), (403, &[], ""), (200, &[TAG], "")];
    static GONE: &[(u16, Headers, &str)] = &[(412, &[], ""), (404, &[], ""), (200, &[TAG], "")];
    for answers in [FORBIDDEN, GONE] {
        let server = answering_each(answers).await;
        let report = send_one(&local_sink(&server, ObjectLayout::Events)).await;
        assert_eq!(report.outcome, ACCEPTED, "{report:?}");
        assert_eq!(
            requests(&server),
            [
                request("PUT", true, NAME),
                request("HEAD", false, NAME),
                request("PUT", false, NAME)
            ]
        );
    }
}

#[tokio::test]
async fn a_service_in_trouble_while_comparing_is_tried_again_later() {
    let server = answering_each(&[(412, &[], ""), (503, &[("retry-after", "7")], "")]).await;
    let report = send_one(&local_sink(&server, ObjectLayout::Events)).await;
    let retry_after = Some(Duration::from_secs(7));
    assert_eq!(
        report.outcome,
        Outcome::Answered {
            status: 503,
            retry_after
        }
    );
}

#[tokio::test]
async fn a_service_without_the_condition_is_remembered() {
    const NOT_IMPLEMENTED: &str = "<Error><Code>NotImplemented</Code><Message>A header you provided implies \
                                   functionality that is not implemented.</Message><Header>If-None-Match</Header></Error>";
    const UNKNOWN: &str =
        "<Error><Code>InvalidArgument</Code><Message>Unsupported header if-none-match</Message></Error>";
    static BY_STATUS: &[(u16, Headers, &str)] = &[(501, &[], NOT_IMPLEMENTED), (200, &[TAG], "")];
    static BY_CODE: &[(u16, Headers, &str)] = &[(400, &[], NOT_IMPLEMENTED), (200, &[TAG], "")];
    static BY_NAME: &[(u16, Headers, &str)] = &[(400, &[], UNKNOWN), (200, &[TAG], "")];
    for answers in [BY_STATUS, BY_CODE, BY_NAME] {
        let server = answering_each(answers).await;
        let sink = local_sink(&server, ObjectLayout::Events);
        for _ in 0..2 {
            assert_eq!(send_one(&sink).await.outcome, ACCEPTED);
        }
        assert_eq!(
            requests(&server),
            [
                request("PUT", true, NAME),
                request("PUT", false, NAME),
                request("PUT", false, NAME)
            ]
        );
    }
}

/// The log has lost events, and others may have got their ids.
#[tokio::test]
async fn after_a_restore_a_service_without_the_condition_keeps_objects_of_other_events() {
    const BODY: &str = "<Error><Code>NotImplemented</Code><Header>If-None-Match</Header></Error>";
    const REFUSED: (u16, Headers, &str) = (501, &[], BODY);
    const PUT: (u16, Headers, &str) = (200, &[TAG], "");
    let cases: [(u16, &str); 3] = [(200, BESIDE), (403, BESIDE), (404, NAME)];
    for (status, key) in cases {
        let stored: (u16, Headers, &str) = (status, &[TAG], "");
        let server = answering_each(&[REFUSED, stored, PUT, stored, PUT]).await;
        let mut sink = local_sink(&server, ObjectLayout::Events);
        sink.restored = Some(Lineage::of_instance("0a1b2c3d4e5f"));
        for _ in 0..2 {
            assert_eq!(send_one(&sink).await.outcome, ACCEPTED, "{status}");
        }
        let (head, put) = (request("HEAD", false, NAME), request("PUT", false, key));
        assert_eq!(
            requests(&server),
            [request("PUT", true, NAME), head.clone(), put.clone(), head, put],
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_service_that_refuses_the_object_for_another_reason_is_not_taken_for_one_without_the_condition() {
    const LOCK: &str = "<Error><Code>NotImplemented</Code><Message>Object Lock is not implemented.</Message></Error>";
    let server = answering(501, &[], LOCK).await;
    let sink = local_sink(&server, ObjectLayout::Events);
    for _ in 0..2 {
        let report = send_one(&sink).await;
        assert!(
            matches!(report.outcome, Outcome::Answered { status: 501, .. }),
            "{report:?}"
        );
        assert!(report.reason.contains("Object Lock is not implemented"), "{report:?}");
    }
    let (put, again) = (request("PUT", true, NAME), request("PUT", false, NAME));
    assert_eq!(requests(&server), [put.clone(), again.clone(), put, again]);
}

#[tokio::test]
async fn options_of_objects_are_headers() {
    let server = answering(200, &[TAG], "").await;
    let values = values(&url(&server), ObjectLayout::Events)
        .with(Field::Encryption, "aws:kms")
        .with(Field::KmsKeyId, "arn:aws:kms:eu-central-1:111122223333:key/1234abcd")
        .with(Field::LockMode, "GOVERNANCE")
        .with(Field::LockDays, "30")
        .with(Field::Partitions, "hive");
    for omit_checksums in [false, true] {
        let values = values.clone().with(Field::Checksums, omit_checksums.to_string());
        assert_eq!(send_one(&sink_of(values, local())).await.outcome, ACCEPTED);
    }
    let seen = server.requests();
    for request in &seen {
        let header = |name| request.headers.get(name).map(|value| value.to_str().unwrap());
        assert!(
            request.path().contains("/project/year%3D2023/month%3D09/"),
            "{}",
            request.uri
        );
        assert_eq!(header("x-amz-server-side-encryption"), Some("aws:kms"));
        assert_eq!(
            header("x-amz-server-side-encryption-aws-kms-key-id"),
            Some("arn:aws:kms:eu-central-1:111122223333:key/1234abcd")
        );
        assert_eq!(header("x-amz-object-lock-mode"), Some("GOVERNANCE"));
        let until = Timestamp::parse(header("x-amz-object-lock-retain-until-date").unwrap()).unwrap();
        let wanted = Clock::machine().now().plus(Duration::from_secs(30 * 86_400));
        assert!(wanted.since(until) < Duration::from_secs(60), "{until}");
    }
    let [with_checksum, without] = seen.as_slice() else {
        panic!("not two requests")
    };
    let names = |request: &Request| -> Vec<String> {
        let names = request.headers.keys().map(ToString::to_string);
        names
            .filter(|name| name.contains("checksum") || name == "content-md5")
            .collect()
    };
    assert!(names(with_checksum).contains(&"x-amz-checksum-crc32".to_owned()));
    assert_eq!(names(without), ["content-md5"], "a lock needs one of them");
}

#[tokio::test]
async fn a_lock_that_the_bucket_does_not_have_is_no_event_s_fault() {
    const BODY: &str =
        "<Error><Code>InvalidRequest</Code><Message>Bucket is missing Object Lock Configuration</Message></Error>";
    let server = answering(400, &[], BODY).await;
    let values = values(&url(&server), ObjectLayout::Events)
        .with(Field::LockMode, "COMPLIANCE")
        .with(Field::LockDays, "1");
    let report = send_one(&sink_of(values, local())).await;
    assert!(
        matches!(report.outcome, Outcome::Answered { status: 403, .. }),
        "{report:?}"
    );
    assert!(report.reason.contains("Bucket is missing Object Lock"), "{report:?}");
    let plain = send_one(&local_sink(&server, ObjectLayout::Events)).await;
    assert!(
        matches!(plain.outcome, Outcome::Answered { status: 400, .. }),
        "{plain:?}"
    );
}

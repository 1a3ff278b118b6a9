use super::*;

const URL: &str = "https://audit.example";

fn stream() -> AlertedStream {
    AlertedStream {
        id: DestinationId::new(3),
        kind: DestinationKind::Http,
        name: "SIEM".into(),
    }
}

#[test]
fn durations_in_their_two_largest_units() {
    for (seconds, text) in [
        (0, "0 seconds"),
        (1, "1 second"),
        (60, "1 minute"),
        (725, "12 minutes 5 seconds"),
        (7_500, "2 hours 5 minutes"),
        (86_400, "1 day"),
        (180_061, "2 days 2 hours"),
    ] {
        assert_eq!(spoken(Duration::from_secs(seconds)), text);
    }
}

#[test]
fn each_kind_as_text_and_as_data() {
    let failing = AlertNews::StreamFailing {
        stream: stream(),
        since: Timestamp::from_unix_ms(0),
        failure: StreamFailure::Retrying(Trouble::Unavailable(503)),
        waiting: 42,
        notified_at: Timestamp::from_unix_ms(600_000),
    };
    assert_eq!(
        failing.summary(),
        "Stream SIEM has been failing for 10 minutes: 503 from server"
    );
    assert!(failing.text(URL).contains("Waiting: 42 audit events"));
    assert_eq!(
        failing.data(),
        json!({
            "destination": {"id": 3, "name": "SIEM", "kind": "http"},
            "since": "1970-01-01T00:00:00.000Z",
            "trouble": "503 from server",
            "waiting": 42,
        })
    );
    let refusing = AlertNews::StreamFailing {
        stream: stream(),
        since: Timestamp::from_unix_ms(0),
        failure: StreamFailure::Refusing("Answered 422.".into()),
        waiting: 0,
        notified_at: Timestamp::from_unix_ms(600_000),
    };
    assert_eq!(
        refusing.summary(),
        "Stream SIEM has been failing for 10 minutes: every event rejected: Answered 422"
    );
    let parked = |newly| AlertNews::EventsParked {
        stream: stream(),
        newly,
        parked: 9,
        reason: "Answered 422.".into(),
    };
    assert_eq!(parked(1).summary(), "1 event of stream SIEM was parked");
    assert_eq!(parked(3).summary(), "3 events of stream SIEM were parked");
    assert!(
        parked(3)
            .text(URL)
            .contains("Parked now: 9 audit events\nReason of the newest: Answered 422.")
    );
    assert_eq!(parked(3).data()["events"], json!(3));
    let recovered = AlertNews::StreamRecovered {
        stream: stream(),
        since: Timestamp::from_unix_ms(0),
        failed_for: Duration::from_secs(720),
    };
    assert_eq!(
        recovered.summary(),
        "Stream SIEM works again after failing for 12 minutes"
    );
    assert_eq!(recovered.data()["failed_seconds"], json!(720));
    let full = AlertNews::LogNearingLimit {
        undelivered_percent: 81,
        limit: LogSize::DEFAULT,
        held_back_by: Some(stream()),
    };
    assert!(
        full.text(URL).contains("Largest backlog: stream SIEM\nLimit: 10GiB"),
        "{}",
        full.text(URL)
    );
    assert_eq!(full.data()["undelivered_percent"], json!(81));
}

/// The links at the end of the text, by what they lead to.
fn links(news: &AlertNews) -> Vec<String> {
    let text = news.text(URL);
    assert_eq!(
        text.lines()
            .last()
            .and_then(|line| line.split_once(": "))
            .map(|(_, url)| url),
        Some(format!("{URL}{}", news.path()).as_str())
    );
    let lines = text.lines().filter(|line| line.contains("://"));
    lines.map(str::to_owned).collect()
}

#[test]
fn each_text_ends_with_a_link_to_where_to_act() {
    let activity = "https://audit.example/admin/audit_logs?tab=streams&stream=3&view=activity";
    let retention = "https://audit.example/admin/settings/retention";
    let failing = |failure| AlertNews::StreamFailing {
        stream: stream(),
        since: Timestamp::from_unix_ms(0),
        failure,
        waiting: 42,
        notified_at: Timestamp::from_unix_ms(600_000),
    };
    let nearing = |held_back_by| AlertNews::LogNearingLimit {
        undelivered_percent: 81,
        limit: LogSize::DEFAULT,
        held_back_by,
    };
    let recovered = AlertNews::StreamRecovered {
        stream: stream(),
        since: Timestamp::from_unix_ms(0),
        failed_for: Duration::from_secs(720),
    };
    let parked = AlertNews::EventsParked {
        stream: stream(),
        newly: 3,
        parked: 9,
        reason: "Answered 422.".into(),
    };
    let expiring = |holder| AlertNews::CertificateExpiring {
        stream: stream(),
        holder,
        expires_at: Timestamp::from_unix_ms(86_400_000),
        notified_at: Timestamp::from_unix_ms(0),
    };
    let of_instance = |holder| AlertNews::InstanceCertificateExpiring {
        holder,
        name: "CN=Example".into(),
        expires_at: Timestamp::from_unix_ms(86_400_000),
        notified_at: Timestamp::from_unix_ms(0),
    };
    let alerts = "https://audit.example/admin/settings/alerts";
    let settings = "https://audit.example/admin/audit_logs?tab=streams&stream=3&view=settings";
    let pruned = AlertNews::EventsPrunedEarly {
        newly: 7,
        limit: LogSize::DEFAULT,
        days: RetentionDays::DEFAULT,
    };
    for (news, expected) in [
        (
            failing(StreamFailure::Retrying(Trouble::Unavailable(503))),
            vec![format!("See its latest failures: {activity}")],
        ),
        (
            failing(StreamFailure::Refusing("Answered 422.".into())),
            vec![format!("See what it answers: {activity}")],
        ),
        (recovered, vec![format!("See its deliveries: {activity}")]),
        (parked, vec![format!("Retry or discard them: {activity}")]),
        (
            expiring(CertificateHolder::Client),
            vec![format!("Change it: {settings}")],
        ),
        (expiring(CertificateHolder::Ca), vec![format!("Change it: {settings}")]),
        (
            expiring(CertificateHolder::Server),
            vec![format!("See the stream: {activity}")],
        ),
        (
            of_instance(CertificateHolder::Listener),
            vec![format!("See open alerts: {alerts}")],
        ),
        (
            of_instance(CertificateHolder::CaFile),
            vec![format!("See open alerts: {alerts}")],
        ),
        (
            of_instance(CertificateHolder::ClientCa),
            vec![format!("See open alerts: {alerts}")],
        ),
        (pruned, vec![format!("Change the limit: {retention}")]),
        (
            nearing(Some(stream())),
            vec![
                format!("See the stream: {activity}"),
                format!("Change the limit: {retention}"),
            ],
        ),
        (nearing(None), vec![format!("Change the limit: {retention}")]),
    ] {
        assert_eq!(links(&news), expected);
    }
}

#[test]
fn an_expired_certificate_is_not_spoken_of_in_the_future() {
    let text = |holder, days: i64| {
        let news = AlertNews::CertificateExpiring {
            stream: stream(),
            holder,
            expires_at: Timestamp::from_unix_ms(86_400_000),
            notified_at: Timestamp::from_unix_ms(86_400_000 * days),
        };
        news.text("https://audit.example")
    };
    for (holder, days, expected) in [
        (CertificateHolder::Client, 0, "the server will reject connections"),
        (
            CertificateHolder::Client,
            1,
            "The server rejects connections until you replace it",
        ),
        (CertificateHolder::Server, 0, "connections to the server will fail"),
        (
            CertificateHolder::Server,
            1,
            "Connections to the server fail until it is renewed",
        ),
        (CertificateHolder::Ca, 0, "The CA certificate of stream "),
        (CertificateHolder::Ca, 0, "servers will have certificates of another CA"),
        (
            CertificateHolder::Ca,
            1,
            "servers should have certificates of another CA",
        ),
    ] {
        let (text, dated) = (text(holder, days), if days == 0 { "Expires: " } else { "Expired: " });
        assert!(text.contains(expected) && text.contains(dated), "{text}");
    }
}

#[test]
fn a_certificate_of_the_instance_is_named_and_leads_to_no_stream() {
    let news = |holder, days: i64| AlertNews::InstanceCertificateExpiring {
        holder,
        name: "audit.example".into(),
        expires_at: Timestamp::from_unix_ms(86_400_000),
        notified_at: Timestamp::from_unix_ms(86_400_000 * days),
    };
    let listener = news(CertificateHolder::Listener, 0);
    assert_eq!(
        listener.summary(),
        "The TLS certificate of this server (audit.example) expires in 1 day"
    );
    assert!(listener.text(URL).contains("will fail to connect"));
    assert!(
        news(CertificateHolder::Listener, 1)
            .text(URL)
            .contains("fail to connect until it is renewed")
    );
    let ca = news(CertificateHolder::CaFile, 1);
    assert_eq!(
        ca.summary(),
        "The CA certificate audit.example in AUDIT_STREAMS_CA_FILE has expired"
    );
    assert_eq!(
        ca.data(),
        json!({
            "destination": null, "certificate": "ca_file", "name": "audit.example",
            "expires_at": "1970-01-02T00:00:00.000Z",
        })
    );
    assert_eq!((listener.stream(), listener.setting()), (None, "tls_certificate"));
    assert_eq!((ca.stream(), ca.setting()), (None, "ca_file"));
    let client_ca = news(CertificateHolder::ClientCa, 0);
    assert_eq!(
        client_ca.summary(),
        "The CA certificate audit.example in AUDIT_STREAMS_CLIENT_CA expires in 1 day"
    );
    assert!(
        client_ca
            .text(URL)
            .contains("clients will have certificates of another CA")
    );
    assert_eq!((client_ca.stream(), client_ca.setting()), (None, "client_ca"));
}

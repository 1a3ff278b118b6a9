//! Whom destinations trust and how they identify themselves, from their fields to the streams, against real TLS servers.

use std::time::Duration;

use domain::{
    Field, FieldErrors, Timestamp,
    alerts::CertificateHolder,
    destination::{DestinationDraft, StreamState},
    health::StreamHealth,
    ids::{DestinationId, Seq},
    policy::{TlsFailure, Trouble, Unreached},
};
use receivers::Receiver;
use rustls::version::TLS13;
use serde_json::Value;

use crate::{
    CaFile, DestinationState, EngineConfig,
    admin::AdminError,
    clock::Clock,
    it::world::{World, author, install_crypto, wait_until},
    net::test_ca::{Ca, Identity},
};

const DAY: Duration = Duration::from_secs(86_400);

fn draft(receiver: &Receiver, values: &[(Field, &str)]) -> DestinationDraft {
    let mut draft = DestinationDraft::http("SIEM", receiver.url());
    set(&mut draft, values);
    draft
}

fn set(draft: &mut DestinationDraft, values: &[(Field, &str)]) {
    for (field, value) in values {
        assert!(draft.target.change_text(*field, (*value).to_owned()));
    }
}

/// At an address where nobody speaks TLS.
fn encrypted(mut draft: DestinationDraft) -> DestinationDraft {
    let url = draft.target.text(Field::Url).replacen("http://", "https://", 1);
    set(&mut draft, &[(Field::Url, &url)]);
    draft
}

async fn serve(identity: &Identity, clients: Option<&Ca>) -> Receiver {
    install_crypto();
    Receiver::start_tls(identity.config(&TLS13, clients)).await
}

async fn change(world: &World, id: DestinationId, values: &[(Field, &str)]) -> Result<DestinationState, AdminError> {
    let stored = world.stored(id).await;
    let mut draft = stored.draft();
    set(&mut draft, values);
    let settings = draft.parse_change().map_err(AdminError::from)?;
    world
        .engine
        .update_destination(&author(), id, stored.version, settings)
        .await
}

async fn wait_for_tls(world: &World, id: DestinationId, failure: TlsFailure) {
    let expected = Trouble::Unreached(Unreached::Tls(failure));
    let is_expected =
        |health: &StreamHealth| matches!(health, StreamHealth::Retrying { trouble, .. } if *trouble == expected);
    world
        .wait_for_health(id, "it says why it is not connected", is_expected)
        .await;
}

async fn arrived(receiver: &Receiver) {
    let what = "an event arrives";
    receiver.wait_for(what, |requests| !requests.is_empty()).await;
}

/// Messages of the instance events so far.
async fn messages(world: &World) -> Vec<String> {
    let (log, mut messages) = (world.engine.log(), Vec::new());
    for seq in 1..=log.last_seq().get() {
        let event = log.show(Seq::new(seq)).await.unwrap().unwrap();
        let body: Value = serde_json::from_str(&event.body).unwrap();
        messages.push(
            body["details"]["custom_message"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        );
    }
    messages
}

#[tokio::test]
async fn a_stream_goes_on_once_it_has_the_ca_of_its_server() {
    let (world, ours) = (World::new().await, Ca::new());
    let receiver = serve(&ours.issue("localhost", 2_000, 2_100), None).await;
    let id = world.add(&draft(&receiver, &[])).await;
    wait_for_tls(&world, id, TlsFailure::UnknownIssuer).await;
    change(&world, id, &[(Field::TlsCaCertificates, &ours.pem())])
        .await
        .unwrap();
    arrived(&receiver).await;
    let messages = messages(&world).await;
    let changed = messages
        .iter()
        .find(|message| message.contains("tls_ca_certificates"))
        .unwrap();
    assert!(
        changed.contains("1 certificate (SHA-256 ") && !changed.contains("BEGIN"),
        "{changed}"
    );
}

#[tokio::test]
async fn a_client_certificate_is_kept_with_its_key_and_goes_with_it() {
    let (world, ours) = (World::new().await, Ca::new());
    let receiver = serve(&ours.issue("localhost", 2_000, 2_100), Some(&ours)).await;
    let client = ours.issue("streams", 2_000, 2_100);
    let (ca, certificate, key) = (ours.pem(), client.certificate_pem(), client.key_pem());
    let id = world.add(&draft(&receiver, &[(Field::TlsCaCertificates, &ca)])).await;
    wait_for_tls(&world, id, TlsFailure::ClientCertificate).await;

    let alone = change(&world, id, &[(Field::TlsClientCertificate, &certificate)]).await;
    assert_eq!(
        message(alone.map(drop), Field::TlsClientKey),
        "Client key can't be blank"
    );
    let both = [
        (Field::TlsClientCertificate, certificate.as_str()),
        (Field::TlsClientKey, &key),
    ];
    change(&world, id, &both).await.unwrap();
    arrived(&receiver).await;

    let mut draft = world.stored(id).await.draft();
    assert_eq!(
        draft.target.values.get(Field::TlsClientKey),
        None,
        "it is not given out"
    );
    draft.name = "Renamed".to_owned();
    let (version, settings) = (world.stored(id).await.version, draft.parse_change().unwrap());
    let renamed = world.engine.update_destination(&author(), id, version, settings).await;
    let renamed = renamed.unwrap().destination.target.values;
    assert!(
        renamed.text(Field::TlsClientKey).contains("PRIVATE KEY"),
        "the stored one stays"
    );
    let secret: String = key.lines().nth(1).unwrap().chars().take(40).collect();
    for text in [format!("{renamed:?}"), messages(&world).await.join("\n")] {
        assert!(!text.contains(&secret), "{text}");
    }
    let sealed = world.with_store(|store| {
        store.query_row(
            "SELECT value IS NULL FROM destination_fields WHERE field = 'tls_client_key'",
            [],
            |row| row.get(0),
        )
    });
    assert_eq!(sealed.await, Ok(true));

    change(&world, id, &[(Field::TlsClientCertificate, "")]).await.unwrap();
    assert_eq!(world.stored(id).await.target.values.get(Field::TlsClientKey), None);
}

#[tokio::test]
async fn a_client_certificate_that_the_server_refuses_is_not_the_events_fault() {
    let ours = Ca::new();
    // It was valid when it was added.
    let world = World::with_clock(
        Clock::set_at(Timestamp::parse("2000-06-01T00:00:00Z").unwrap()),
        |config| config,
    )
    .await;
    let receiver = serve(&ours.issue("localhost", 2_000, 2_100), Some(&ours)).await;
    let client = ours.issue("streams", 2_000, 2_001);
    let draft = draft(
        &receiver,
        &[
            (Field::TlsCaCertificates, &ours.pem()),
            (Field::TlsClientCertificate, &client.certificate_pem()),
            (Field::TlsClientKey, &client.key_pem()),
        ],
    );
    let id = world.add(&draft).await;
    wait_for_tls(&world, id, TlsFailure::ClientCertificateRefused).await;
}

#[tokio::test]
async fn skipping_verification_is_audited_when_it_is_switched_on_and_off() {
    let (world, theirs) = (World::new().await, Ca::new());
    let receiver = serve(&theirs.issue("other.example", 2_000, 2_001), None).await;
    let id = world.add(&draft(&receiver, &[(Field::TlsVerify, "false")])).await;
    arrived(&receiver).await;
    change(&world, id, &[(Field::TlsVerify, "true")]).await.unwrap();
    wait_until("it is switched on, and off again", async || {
        let messages = messages(&world).await;
        let said = |from, to| {
            messages
                .iter()
                .any(|message| *message == format!("Changed tls_verify from {from} to {to}"))
        };
        said("true", "false") && said("false", "true")
    })
    .await;
    world.post("1", ["a".to_owned()]).await;
    wait_for_tls(&world, id, TlsFailure::Expired).await;
}

fn message(refused: Result<(), AdminError>, field: Field) -> String {
    match refused.unwrap_err() {
        AdminError::Invalid(errors) => errors.message_for(field).unwrap_or_default().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn certificates_that_can_not_work_are_refused_at_their_field() {
    let (world, ours) = (World::new().await, Ca::new());
    let receiver = Receiver::start().await;
    let refused = async |field: Field, values: &[(Field, &str)]| {
        let settings = encrypted(draft(&receiver, values)).parse_new().unwrap();
        let tested = world.engine.test_destination(&author(), settings.clone(), None).await;
        let tested = message(tested.map(drop), field);
        let created = world.engine.create_destination(&author(), settings).await;
        assert_eq!(message(created.map(drop), field), tested, "as the test says");
        tested
    };
    let (good, other) = (ours.issue("streams", 2_000, 2_100), ours.issue("streams", 2_000, 2_100));
    let (expired, future) = (ours.issue("streams", 2_000, 2_001), ours.issue("streams", 2_099, 2_100));
    let with = async |field, certificate: &Identity, key: &str| {
        let certificate = certificate.certificate_pem();
        let values = [
            (Field::TlsClientCertificate, certificate.as_str()),
            (Field::TlsClientKey, key),
        ];
        refused(field, &values).await
    };
    assert_eq!(
        with(Field::TlsClientCertificate, &expired, &expired.key_pem()).await,
        "Client certificate expired on 2001-01-01"
    );
    assert_eq!(
        with(Field::TlsClientCertificate, &future, &future.key_pem()).await,
        "Client certificate is not valid before 2099-01-01"
    );
    assert_eq!(
        with(Field::TlsClientKey, &good, &other.key_pem()).await,
        "Client key does not belong to the client certificate, which must come before its intermediate certificates"
    );
    let damaged = crate::net::test_ca::pem("PRIVATE KEY", b"not a key");
    let unusable = with(Field::TlsClientKey, &good, &damaged).await;
    assert!(
        unusable.starts_with("Client key can't be used: it must be an RSA key"),
        "{unusable}"
    );

    assert_eq!(
        with(Field::TlsClientCertificate, &good.of_version_1(), &good.key_pem()).await,
        "Client certificate must be an X.509 version 3 certificate"
    );
    let chain = format!("{}{}", good.certificate_pem(), Ca::valid(2_000, 2_001).pem());
    let values = [
        (Field::TlsClientCertificate, chain.as_str()),
        (Field::TlsClientKey, &good.key_pem()),
    ];
    assert_eq!(
        refused(Field::TlsClientCertificate, &values).await,
        "Client certificate can't be used: intermediate certificate 1 expired on 2001-01-01"
    );

    let ca = |pem: &str| format!("{}{pem}", ours.pem());
    for (pem, expected) in [
        (
            ca(&good.certificate_pem()),
            "CA certificates can't be used: number 2 is not the certificate of a CA",
        ),
        (
            ca(&Ca::valid(2_000, 2_001).pem()),
            "CA certificates can't be used: number 2 expired on 2001-01-01",
        ),
        (
            ca(&crate::net::test_ca::pem("CERTIFICATE", b"not a certificate")),
            "CA certificates can't be read: number 2 is damaged",
        ),
    ] {
        let said = refused(Field::TlsCaCertificates, &[(Field::TlsCaCertificates, &pem)]).await;
        assert_eq!(said, expected);
    }
}

#[tokio::test]
async fn what_has_expired_since_it_was_stored_does_not_keep_other_fields_from_being_changed() {
    let clock = Clock::set_at(Timestamp::parse("2000-12-31T00:00:00Z").unwrap());
    let (world, ours, receiver) = (
        World::with_clock(clock, |config| config).await,
        Ca::valid(2_000, 2_001),
        Receiver::start().await,
    );
    let client = ours.issue("streams", 2_000, 2_001);
    let values = [
        (Field::TlsCaCertificates, ours.pem()),
        (Field::TlsClientCertificate, client.certificate_pem()),
        (Field::TlsClientKey, client.key_pem()),
    ];
    let values: Vec<(Field, &str)> = values.iter().map(|(field, text)| (*field, text.as_str())).collect();
    let id = world.add(&encrypted(draft(&receiver, &values))).await;
    world.engine.clock().advance(DAY * 10);
    change(&world, id, &[(Field::BatchEvents, "7")]).await.unwrap();
    let renewed = ours.issue("streams", 2_000, 2_100);
    let mismatched = change(&world, id, &[(Field::TlsClientCertificate, &renewed.certificate_pem())]).await;
    assert!(message(mismatched.map(drop), Field::TlsClientKey).starts_with("Client key does not belong"));
}

#[tokio::test]
async fn a_ca_file_is_trusted_by_every_destination_and_read_again_when_it_changes() {
    install_crypto();
    let (ours, theirs, folder) = (Ca::new(), Ca::new(), tempfile::tempdir().unwrap());
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, theirs.pem()).unwrap();
    let ca_file = Some(CaFile::open(path.clone()).unwrap());
    let world = World::with(|config| EngineConfig { ca_file, ..config }).await;
    let receiver = serve(&ours.issue("localhost", 2_000, 2_100), None).await;
    let id = world.add(&draft(&receiver, &[])).await;
    wait_for_tls(&world, id, TlsFailure::UnknownIssuer).await;
    std::fs::write(&path, format!("{}{}", theirs.pem(), ours.pem())).unwrap();
    arrived(&receiver).await;
}

#[tokio::test]
async fn certificates_are_notified_of_before_they_expire() {
    let now = Clock::machine().now();
    let (world, ours) = (World::with_clock(Clock::set_at(now), |config| config).await, Ca::new());
    let days = |days: u32| now.plus(DAY * days);
    let from = Timestamp::from_unix_ms(now.unix_ms() - 300 * 86_400_000);
    let receiver = serve(&ours.issue_between(from, days(6)), Some(&ours)).await;
    let client = ours.issue_between(from, days(29));
    let draft = draft(
        &receiver,
        &[
            (Field::TlsCaCertificates, &ours.pem()),
            (Field::TlsClientCertificate, &client.certificate_pem()),
            (Field::TlsClientKey, &client.key_pem()),
        ],
    );
    let id = world.add(&draft).await;
    arrived(&receiver).await;
    let facts = world.engine.find_destination(id).await.unwrap().unwrap().facts;
    // Certificates have whole seconds.
    let seconds = |at: Option<Timestamp>| at.map(Timestamp::unix_seconds);
    assert_eq!(seconds(facts.client_certificate_expires_at), seconds(Some(days(29))));
    assert_eq!(seconds(facts.server_certificate_expires_at), seconds(Some(days(6))));

    let raised = async || {
        world.engine.look_for_alerts().await.unwrap();
        let messages = messages(&world).await.into_iter();
        let messages: Vec<String> = messages
            .filter(|message| message.contains(" certificate of stream "))
            .collect();
        messages
    };
    let first = raised().await;
    assert_eq!(first.len(), 2, "{first:?}");
    assert!(
        first[0].starts_with("The client certificate of stream SIEM expires in 28 days"),
        "{first:?}"
    );
    assert!(
        first[1].starts_with("The server certificate of stream SIEM expires in 5 days"),
        "{first:?}"
    );
    assert_eq!(world.engine.list_alerts().await.unwrap().len(), 2);
    world.engine.clock().advance(DAY * 5);
    let next = raised().await;
    assert_eq!(next.len(), 3, "{next:?}");
    assert!(
        next[2].starts_with("The server certificate of stream SIEM expires in 23 hours"),
        "{next:?}"
    );

    let renewed = ours.issue_between(from, days(200));
    let values = [
        (Field::TlsClientCertificate, renewed.certificate_pem()),
        (Field::TlsClientKey, renewed.key_pem()),
    ];
    let values: Vec<(Field, &str)> = values.iter().map(|(field, text)| (*field, text.as_str())).collect();
    change(&world, id, &values).await.unwrap();
    assert_eq!(raised().await.len(), 3);
    let open = world.engine.list_alerts().await.unwrap();
    assert_eq!(open.len(), 1, "the renewed one is over: {open:?}");
    let are_open = async || {
        assert_eq!(raised().await.len(), 3, "it is no news");
        world.engine.list_alerts().await.unwrap().len()
    };
    for (active, count) in [(false, 0), (true, 1)] {
        let state = StreamState { active, paused: false };
        world.set_stream_state(id, state).await;
        assert_eq!(are_open().await, count, "{active}");
    }
    change(&world, id, &[(Field::TlsVerify, "false")]).await.unwrap();
    assert_eq!(are_open().await, 0, "nobody looks at it");
}

#[tokio::test]
async fn a_chain_expires_with_the_first_of_its_certificates() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let (ours, intermediate) = (Ca::new(), Ca::valid(2_000, 2_090));
    let client = ours.issue("streams", 2_000, 2_100);
    let values = [
        (
            Field::TlsClientCertificate,
            &*format!("{}{}", client.certificate_pem(), intermediate.pem()),
        ),
        (Field::TlsClientKey, &client.key_pem()),
    ];
    let id = world.add(&encrypted(draft(&receiver, &values))).await;
    let facts = world.engine.find_destination(id).await.unwrap().unwrap().facts;
    assert_eq!(
        facts.client_certificate_expires_at,
        Timestamp::parse("2090-01-01T00:00:00Z").ok()
    );
}

#[tokio::test]
async fn a_test_without_verification_is_recorded_as_one() {
    let (world, theirs) = (World::new().await, Ca::new());
    let receiver = serve(&theirs.issue("other.example", 2_000, 2_001), None).await;
    for (verify, end) in [("false", " without certificate verification"), ("true", "")] {
        let settings = draft(&receiver, &[(Field::TlsVerify, verify)]).parse_new().unwrap();
        world.engine.test_destination(&author(), settings, None).await.unwrap();
        let said = messages(&world).await.pop().unwrap();
        assert!(said.starts_with("Sent a test event to https://"), "{said}");
        assert_eq!(
            said.ends_with(" without certificate verification"),
            !end.is_empty(),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_field_error_never_repeats_what_was_pasted() {
    let world = World::new().await;
    let receiver = Receiver::start().await;
    let ours = Ca::new();
    let (one, other) = (ours.issue("streams", 2_000, 2_100), ours.issue("streams", 2_000, 2_100));
    let settings = encrypted(draft(
        &receiver,
        &[
            (Field::TlsClientCertificate, &one.certificate_pem()),
            (Field::TlsClientKey, &other.key_pem()),
        ],
    ));
    let refused = world
        .engine
        .create_destination(&author(), settings.parse_new().unwrap())
        .await;
    let text = format!("{:?}", refused.map(drop).unwrap_err());
    let body = other.key_pem().lines().nth(1).unwrap().to_owned();
    assert!(!text.contains(&body) && !text.contains("BEGIN"), "{text}");
    let errors: FieldErrors = settings.mistakes(false);
    assert!(errors.is_empty(), "the page can't know: {errors:?}");
}

#[tokio::test]
async fn the_first_ca_of_a_destination_is_notified_of_while_it_is_needed() {
    let clock = Clock::set_at(Timestamp::parse("2049-12-10T00:00:00Z").unwrap());
    let world = World::with_clock(clock, |config| config).await;
    let (receiver, cas) = (Receiver::start().await, [Ca::new(), Ca::valid(2_000, 2_050)]);
    let pem = cas.each_ref().map(Ca::pem);
    let values = [(Field::TlsCaCertificates, &*pem.concat())];
    let id = world.add(&encrypted(draft(&receiver, &values))).await;
    let open = async || {
        world.engine.look_for_alerts().await.unwrap();
        let open = world.engine.list_alerts().await.unwrap().into_iter();
        open.filter_map(|alert| alert.certificate).collect::<Vec<_>>()
    };
    assert_eq!(open().await, [CertificateHolder::Ca]);
    let news = messages(&world).await;
    assert!(
        news.iter()
            .any(|message| message == "The CA certificate of stream SIEM expires in 22 days"),
        "{news:?}"
    );
    change(&world, id, &[(Field::TlsVerify, "false")]).await.unwrap();
    assert_eq!(open().await, [], "nobody looks at it");
    change(
        &world,
        id,
        &[(Field::TlsVerify, "true"), (Field::TlsCaCertificates, &pem[0])],
    )
    .await
    .unwrap();
    assert_eq!(open().await, [], "the other one lasts");
}

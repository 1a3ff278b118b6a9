//! Streams through a real tinyproxy.

use domain::{
    Field,
    connection_test::{Stage, StageName, StageState, TestReport},
    destination::DestinationDraft,
    health::StreamHealth,
    ids::{DestinationId, Seq},
    policy::{ProxyFailure, Trouble, Unreached},
    proxy::ProxyUrl,
    settings::AllowEntry,
};
use receivers::{
    Receiver,
    tinyproxy::{Options, Tinyproxy},
    unused_address,
};
use rustls::version::TLS13;

use crate::{
    EngineConfig, FixedSettings, InstanceProxy,
    admin::AdminError,
    it::world::{World, author, install_crypto, wait_until},
    net::test_ca::Ca,
};

fn draft(url: &str, proxy: &str) -> DestinationDraft {
    let mut draft = DestinationDraft::http("SIEM", url);
    assert!(draft.target.set_text(Field::Proxy, proxy.to_owned()));
    draft
}

/// A server with this proxy for all destinations, except for these hosts.
async fn world(proxy: &str, exceptions: &str) -> World {
    let proxy = InstanceProxy {
        url: Some(ProxyUrl::parse(proxy).unwrap()),
        exceptions: exceptions.parse().unwrap(),
    };
    World::with(|config| EngineConfig { proxy, ..config }).await
}

/// A server with this proxy that may connect to these places on the local network alone.
async fn closed_world(proxy: &Tinyproxy, allowed: &[&str]) -> World {
    let allowed = allowed.iter().map(|entry| entry.parse::<AllowEntry>().unwrap());
    let fixed = FixedSettings {
        allow_local_network: Some(false),
        network_allowlist: Some(allowed.collect()),
        ..FixedSettings::default()
    };
    let proxy = InstanceProxy {
        url: Some(ProxyUrl::parse(&proxy.url()).unwrap()),
        ..InstanceProxy::default()
    };
    World::with(|config| EngineConfig { fixed, proxy, ..config }).await
}

async fn test(world: &World, draft: &DestinationDraft) -> TestReport {
    let settings = draft.parse_new().unwrap();
    world.engine.test_destination(&author(), settings, None).await.unwrap()
}

fn stage(report: &TestReport, name: StageName) -> Option<&Stage> {
    report.requests[0].stages.iter().find(|stage| stage.name == name)
}

async fn arrived(receiver: &Receiver) {
    receiver
        .wait_for("an event arrives", |requests| !requests.is_empty())
        .await;
}

async fn wait_for(world: &World, id: DestinationId, failure: ProxyFailure) {
    let expected = Trouble::Unreached(Unreached::Proxy(failure));
    let is_expected =
        |health: &StreamHealth| matches!(health, StreamHealth::Retrying { trouble, .. } if *trouble == expected);
    world.wait_for_health(id, "the proxy refuses", is_expected).await;
}

async fn save_proxy(world: &World, id: DestinationId, proxy: &str) -> Result<(), AdminError> {
    let stored = world.stored(id).await;
    let mut draft = stored.draft();
    draft.target.change_text(Field::Proxy, proxy.to_owned());
    let settings = draft.parse_change().unwrap();
    world
        .engine
        .update_destination(&author(), id, stored.version, settings)
        .await
        .map(drop)
}

#[tokio::test]
async fn events_go_through_the_proxy_that_a_destination_names() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let proxy = Tinyproxy::start(Options {
        credentials: Some(("ada", "s3cret-word")),
        port: None,
    })
    .unwrap();
    let url = format!("http://ada:s3cret-word@127.0.0.1:{}", proxy.port());
    world.add(&draft(&receiver.url(), &url)).await;
    arrived(&receiver).await;
    let target = format!("127.0.0.1:{}", receiver.port());
    wait_until("the proxy has logged it", async || proxy.targets().contains(&target)).await;
}

#[tokio::test]
async fn tls_reaches_through_the_proxy_to_the_receiver() {
    install_crypto();
    let ours = Ca::new();
    let receiver = Receiver::start_tls(ours.issue("localhost", 2_000, 2_100).config(&TLS13, None)).await;
    let proxy = Tinyproxy::start(Options {
        port: Some(receiver.port()),
        ..Options::default()
    })
    .unwrap();
    let world = world(&proxy.url(), "").await;
    let mut draft = draft(&receiver.url(), "default");
    draft.target.set_text(Field::TlsCaCertificates, ours.pem());
    let report = test(&world, &draft).await;
    assert!(report.verdict.accepted, "{report:?}");
    let names: Vec<StageName> = report.requests[0].stages.iter().map(|stage| stage.name).collect();
    use StageName::{Address, Answer, NetworkRule, Prepared, Proxy, Request, Tcp, Tls};
    assert_eq!(
        names,
        [Prepared, Address, NetworkRule, Tcp, Proxy, Tls, Request, Answer]
    );
    assert!(
        report.requests[0]
            .stages
            .iter()
            .all(|stage| stage.state == StageState::Done),
        "{report:?}"
    );
    let said = &stage(&report, Proxy).unwrap().detail;
    assert!(
        said.starts_with(&format!(
            "The proxy 127.0.0.1:{} has connected to localhost:",
            proxy.port()
        )),
        "{said}"
    );
    assert!(
        stage(&report, Tls)
            .unwrap()
            .detail
            .starts_with("TLS 1.3; certificate for localhost")
    );
}

#[tokio::test]
async fn hosts_without_a_proxy_and_destinations_that_want_none_are_reached_directly() {
    let receiver = Receiver::start().await;
    let proxy = Tinyproxy::start(Options::default()).unwrap();
    let excepted = world(&proxy.url(), "127.0.0.0/8").await;
    excepted.add(&draft(&receiver.url(), "default")).await;
    arrived(&receiver).await;
    let receiver = Receiver::start().await;
    let direct = world(&proxy.url(), "").await;
    let draft = draft(&receiver.url(), "direct");
    let report = test(&direct, &draft).await;
    assert!(report.verdict.accepted && stage(&report, StageName::Proxy).is_none());
    direct.add(&draft).await;
    arrived(&receiver).await;
    assert!(proxy.targets().is_empty());
}

#[tokio::test]
async fn a_proxy_that_refuses_says_why() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let proxy = Tinyproxy::start(Options {
        credentials: Some(("ada", "s3cret-word")),
        port: Some(receiver.port()),
    })
    .unwrap();
    let (good, bad) = (
        format!("http://ada:s3cret-word@127.0.0.1:{}", proxy.port()),
        format!("http://ada:wr0ng-word@127.0.0.1:{}", proxy.port()),
    );
    let elsewhere = format!("http://{}/in", unused_address().unwrap());
    let nowhere = format!("http://{}", unused_address().unwrap());
    for (url, proxy, said) in [
        (
            receiver.url(),
            bad.as_str(),
            "requires other credentials: it answered with status 401.",
        ),
        (
            receiver.url(),
            &proxy.url(),
            "requires other credentials: it answered with status 407.",
        ),
        (elsewhere, &good, ": it answered with status 403."),
        (
            receiver.url(),
            &nowhere,
            "can't be connected to: Connection refused (os error 111).",
        ),
    ] {
        let report = test(&world, &draft(&url, proxy)).await;
        let text = serde_json::to_string(&report).unwrap();
        assert!(
            !text.contains("ng-word") && !text.contains("s3cret-word") && !text.contains("YWRh"),
            "{text}"
        );
        assert!(
            !report.verdict.accepted && report.verdict.summary.ends_with(said),
            "{}",
            report.verdict.summary
        );
        assert!(report.verdict.next_step.is_some());
    }
    let id = world.add(&draft(&receiver.url(), &bad)).await;
    wait_for(&world, id, ProxyFailure::Authentication).await;
    save_proxy(&world, id, &good).await.unwrap();
    arrived(&receiver).await;
}

#[tokio::test]
async fn the_network_rules_apply_to_the_host_and_to_the_proxy() {
    let receiver = Receiver::start().await;
    let proxy = Tinyproxy::start(Options::default()).unwrap();
    let (host, proxy_at) = (
        format!("127.0.0.1:{}", receiver.port()),
        format!("127.0.0.1:{}", proxy.port()),
    );
    // What is allowed comes last: after it, the log has whatever was sent before.
    for (allowed, is_accepted) in [
        ([&host, &host], false),
        ([&proxy_at, &proxy_at], false),
        ([&host, &proxy_at], true),
    ] {
        let world = closed_world(&proxy, &allowed.map(String::as_str)).await;
        let report = test(&world, &draft(&receiver.url(), "default")).await;
        assert_eq!(report.verdict.accepted, is_accepted, "{allowed:?}: {report:?}");
        if !is_accepted {
            let rules = stage(&report, StageName::NetworkRule).unwrap();
            assert_eq!(rules.state, StageState::Failed);
        }
    }
    wait_until("the proxy has logged a request", async || !proxy.targets().is_empty()).await;
    assert_eq!(proxy.targets(), [host], "nothing else was sent");
    let closed = FixedSettings {
        allow_local_network: Some(false),
        ..FixedSettings::default()
    };
    let world = World::with(|config| EngineConfig {
        fixed: closed,
        ..config
    })
    .await;
    let settings = draft("https://siem.example", &proxy.url()).parse_new().unwrap();
    let refused = world
        .engine
        .create_destination(&author(), settings)
        .await
        .map(drop)
        .unwrap_err();
    let AdminError::Invalid(errors) = refused else {
        panic!("{refused:?}")
    };
    let said = errors.message_for(Field::Proxy).unwrap();
    assert!(said.starts_with("Proxy is blocked: Requests to l"), "{said}");
}

#[tokio::test]
async fn a_name_that_only_the_proxy_can_resolve_must_be_allowed() {
    // tinyproxy finds no address for it either, but it is asked.
    let proxy = Tinyproxy::start(Options::default()).unwrap();
    for (entry, is_asked) in [("siem.invalid:443", true), ("other.invalid", false)] {
        let proxy_at = format!("127.0.0.1:{}", proxy.port());
        let world = closed_world(&proxy, &[&proxy_at, entry]).await;
        let report = test(&world, &draft("https://siem.invalid/in", "default")).await;
        let rules = stage(&report, StageName::NetworkRule).unwrap();
        assert_eq!(rules.state == StageState::Done, is_asked, "{report:?}");
        assert_eq!(stage(&report, StageName::Proxy).is_some(), is_asked, "{report:?}");
        if !is_asked {
            let why = "Requests to names that only a proxy can resolve are not allowed, because their addresses can't be checked (siem.invalid)";
            assert!(rules.detail.starts_with(why), "{}", rules.detail);
        }
    }
}

#[tokio::test]
async fn a_proxy_that_says_nothing_is_named() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://127.0.0.1:{}", silent.local_addr().unwrap().port());
    let world = world(&url, "").await;
    let report = test(&world, &draft("https://127.0.0.1:9/in", "default")).await;
    let said = &stage(&report, StageName::Proxy).unwrap().detail;
    assert!(said.starts_with("The connection to the proxy 127.0.0.1:"), "{said}");
    assert!(said.ends_with("timed out."), "{said}");
}

#[tokio::test]
async fn a_password_is_sealed_masked_and_kept() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let proxy = Tinyproxy::start(Options {
        credentials: Some(("ada", "s3cret-word")),
        port: None,
    })
    .unwrap();
    let url = format!("http://ada:s3cret-word@127.0.0.1:{}", proxy.port());
    let id = world.add(&draft(&receiver.url(), &url)).await;
    let masked = url.replace("s3cret-word", "••••");
    let origin = format!("http://127.0.0.1:{}", proxy.port());
    assert_eq!(world.stored(id).await.draft().target.text(Field::Proxy), masked);
    let sealed = world.with_store(|store| {
        let sql = "SELECT value IS NULL FROM destination_fields WHERE field = 'proxy'";
        store.query_row(sql, [], |row| row.get::<_, bool>(0)).unwrap()
    });
    assert!(sealed.await);

    save_proxy(&world, id, &masked).await.unwrap();
    assert_eq!(world.stored(id).await.version, 1, "nothing has changed");
    let elsewhere = save_proxy(&world, id, &masked.replace("127.0.0.1", "127.0.0.2"))
        .await
        .unwrap_err();
    let AdminError::Invalid(errors) = elsewhere else {
        panic!("{elsewhere:?}")
    };
    assert_eq!(
        errors.message_for(Field::Proxy),
        Some("Proxy has changed: enter its password again instead of ••••")
    );
    save_proxy(&world, id, &url.replace("s3cret-word", "an0ther-word"))
        .await
        .unwrap();
    wait_for_audit(
        &world,
        &format!("Changed proxy from {origin} to {origin} (other credentials)"),
    )
    .await;
    assert_eq!(
        world.stored(id).await.target.values.text(Field::Proxy),
        url.replace("s3cret-word", "an0ther-word")
    );
}

/// The event is there, and no event has a password.
async fn wait_for_audit(world: &World, message: &str) {
    let log = world.engine.log();
    let mut is_found = false;
    for seq in 1..=log.last_seq().get() {
        let event = log.show(Seq::new(seq)).await.unwrap().unwrap();
        assert!(
            !event.body.contains("s3cret-word") && !event.body.contains("an0ther-word"),
            "{}",
            event.body
        );
        is_found |= event.body.contains(message);
    }
    assert!(is_found, "{message}");
}

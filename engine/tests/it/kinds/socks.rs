//! SOCKS5 proxies between this server and that of each kind: a real microsocks.

use domain::{
    Field,
    connection_test::{StageName, StageState},
    destination::{DestinationDraft, DestinationKind},
    policy::{ProxyFailure, Unreached},
    proxy::ProxyUrl,
};
use receivers::{Receiver, microsocks::Microsocks, unused_address};
use rustls::version::TLS13;

use super::{Server, change, first_stage, stage, test, wait_for};
use crate::{
    EngineConfig, FixedSettings, InstanceProxy,
    it::world::{World, install_crypto, wait_until},
    net::test_ca::Ca,
};

const CREDENTIALS: (&str, &str) = ("ada", "s3cret-word");

fn url(scheme: &str, credentials: &str, proxy: &Microsocks) -> String {
    format!("{scheme}://{credentials}127.0.0.1:{}", proxy.port())
}

fn http(url: &str, proxy: &str) -> DestinationDraft {
    let mut draft = DestinationDraft::http("SIEM", url);
    draft.target.set_text(Field::Proxy, proxy.to_owned());
    draft
}

#[tokio::test]
async fn every_kind_goes_through_a_socks_proxy_by_name_and_by_address() {
    install_crypto();
    for kind in DestinationKind::ALL {
        let ours = Ca::new();
        let server = Server::start_tls(kind, ours.issue("localhost", 2_000, 2_100).config(&TLS13, None)).await;
        let (world, ca) = (server.world().await, ours.pem());
        let proxy = Microsocks::start(Some(CREDENTIALS)).unwrap();
        let draft_with = |proxy: &str| server.draft(&[(Field::TlsCaCertificates, &*ca), (Field::Proxy, proxy)]);
        for (scheme, asked) in [("socks5h", "localhost"), ("socks5", "127.0.0.1")] {
            let report = test(&world, &draft_with(&url(scheme, "ada:s3cret-word@", &proxy))).await;
            assert!(report.verdict.accepted, "{kind:?} {scheme}: {report:?}");
            let said = &stage(&report, StageName::Proxy).detail;
            let expected = format!(
                "The proxy 127.0.0.1:{} has connected to {asked}:{}.",
                proxy.port(),
                server.port()
            );
            assert_eq!(*said, expected, "{kind:?}");
            let target = format!("{asked}:{}", server.port());
            wait_until("the proxy has logged it", async || proxy.targets().contains(&target)).await;
        }
        let id = world.add(&draft_with(&url("socks5h", "ada:wr0ng-word@", &proxy))).await;
        wait_for(&world, id, Unreached::Proxy(ProxyFailure::Authentication)).await;
        change(
            &world,
            id,
            &[(Field::Proxy, &url("socks5h", "ada:s3cret-word@", &proxy))],
        )
        .await
        .unwrap();
        server.arrived().await;
    }
}

#[tokio::test]
async fn a_socks_proxy_that_refuses_says_why_at_its_stage() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let proxy = Microsocks::start(Some(CREDENTIALS)).unwrap();
    let elsewhere = format!("http://{}/in", unused_address().unwrap());
    for (target, proxy_url, said) in [
        (
            receiver.url(),
            url("socks5h", "", &proxy),
            "requires other credentials.",
        ),
        (
            receiver.url(),
            url("socks5", "ada:wr0ng-word@", &proxy),
            "requires other credentials.",
        ),
        (
            elsewhere,
            url("socks5h", "ada:s3cret-word@", &proxy),
            ": the connection was refused.",
        ),
        // It does not speak HTTP.
        (
            receiver.url(),
            url("http", "", &proxy),
            "ended before it had answered: unexpected end of file.",
        ),
    ] {
        let report = test(&world, &http(&target, &proxy_url)).await;
        let stage = first_stage(&report, StageName::Proxy);
        assert_eq!(stage.state, StageState::Failed, "{report:?}");
        assert!(stage.detail.ends_with(said), "{said}: {}", stage.detail);
        assert!(report.verdict.next_step.is_some());
        let text = serde_json::to_string(&report).unwrap();
        assert!(!text.contains("ng-word") && !text.contains("s3cret-word"), "{text}");
    }
    assert!(receiver.requests().is_empty());
}

#[tokio::test]
async fn the_proxy_of_the_instance_can_be_one_and_the_network_rules_apply_to_it() {
    for scheme in ["socks5", "socks5h"] {
        let (receiver, proxy) = (Receiver::start().await, Microsocks::start(None).unwrap());
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
            let fixed = FixedSettings {
                allow_local_network: Some(false),
                network_allowlist: Some(allowed.map(|entry| entry.parse().unwrap()).to_vec()),
                ..FixedSettings::default()
            };
            let instance = InstanceProxy {
                url: Some(ProxyUrl::parse(&url(scheme, "", &proxy)).unwrap()),
                ..InstanceProxy::default()
            };
            let world = World::with(|config| EngineConfig {
                fixed,
                proxy: instance,
                ..config
            })
            .await;
            let report = test(&world, &http(&receiver.url(), "default")).await;
            assert_eq!(report.verdict.accepted, is_accepted, "{scheme} {allowed:?}: {report:?}");
            if !is_accepted {
                let rule = first_stage(&report, StageName::NetworkRule);
                assert_eq!(rule.state, StageState::Failed);
            }
        }
        wait_until("the proxy has logged a request", async || !proxy.targets().is_empty()).await;
        assert_eq!(proxy.targets(), [host], "nothing else was sent");
        assert_eq!(receiver.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_socks_proxy_that_needs_an_address_is_not_asked_without_one() {
    let (world, proxy) = (World::new().await, Microsocks::start(None).unwrap());
    let draft = http("https://siem.invalid/in", &url("socks5", "", &proxy));
    let report = test(&world, &draft).await;
    let address = first_stage(&report, StageName::Address);
    assert_eq!(address.state, StageState::Failed, "{report:?}");
    assert_eq!(address.detail, "No address was found for siem.invalid.");
}

/// A proxy at an address that is not allowed is refused where it is entered, whatever its protocol.
#[tokio::test]
async fn a_socks_proxy_that_is_not_allowed_is_refused_at_its_field() {
    let fixed = FixedSettings {
        allow_local_network: Some(false),
        ..FixedSettings::default()
    };
    let world = World::with(|config| EngineConfig { fixed, ..config }).await;
    for scheme in ["http", "socks5", "socks5h"] {
        let draft = http("https://siem.example", &format!("{scheme}://127.0.0.1:1080"));
        let new = draft.parse_new().unwrap();
        let added = world.engine.create_destination(&crate::it::world::author(), new).await;
        let said = super::message(added.map(drop), Field::Proxy);
        assert!(said.starts_with("Proxy is blocked: "), "{scheme}: {said}");
    }
}

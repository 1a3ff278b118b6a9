//! Proxies between this server and that of each kind: tinyproxy, which is asked by `CONNECT`.

use domain::{
    Field,
    connection_test::{StageName, StageState},
    destination::DestinationKind,
    policy::{ProxyFailure, Unreached},
};
use receivers::tinyproxy::{Options, Tinyproxy};
use rustls::version::TLS13;

use super::{Server, change, first_stage, test, wait_for};
use crate::{it::world::install_crypto, net::test_ca::Ca};

const USER: &str = "ada";
const PASSWORD: &str = "s3cret-word";

/// A proxy that requires credentials and connects to this port alone.
fn proxy_to(port: u16) -> Tinyproxy {
    Tinyproxy::start(Options {
        credentials: Some((USER, PASSWORD)),
        port: Some(port),
    })
    .unwrap()
}

fn url(proxy: &Tinyproxy, credentials: &str) -> String {
    format!("http://{credentials}127.0.0.1:{}", proxy.port())
}

#[tokio::test]
async fn every_kind_goes_through_a_proxy_and_reports_what_it_refuses() {
    install_crypto();
    for kind in DestinationKind::ALL {
        let ours = Ca::new();
        let server = Server::start_tls(kind, ours.issue("localhost", 2_000, 2_100).config(&TLS13, None)).await;
        let world = server.world().await;
        let ca = ours.pem();
        let (open, closed) = (proxy_to(server.port()), proxy_to(1));
        let draft_with = |proxy: &str| server.draft(&[(Field::TlsCaCertificates, &*ca), (Field::Proxy, proxy)]);
        let known = format!("{USER}:{PASSWORD}@");
        for (proxy, said) in [
            (
                url(&open, ""),
                "requires other credentials: it answered with status 407.",
            ),
            (
                url(&open, &format!("{USER}:wr0ng-word@")),
                "requires other credentials: it answered with status 401.",
            ),
            (url(&closed, &known), ": it answered with status 403."),
        ] {
            let report = test(&world, &draft_with(&proxy)).await;
            let stage = first_stage(&report, StageName::Proxy);
            assert_eq!(stage.state, StageState::Failed, "{kind:?}: {report:?}");
            assert!(stage.detail.ends_with(said), "{kind:?}: {}", stage.detail);
            let text = serde_json::to_string(&report).unwrap();
            assert!(!text.contains("ng-word") && !text.contains(PASSWORD), "{text}");
        }
        let id = world.add(&draft_with(&url(&open, ""))).await;
        wait_for(&world, id, Unreached::Proxy(ProxyFailure::Authentication)).await;
        change(&world, id, &[(Field::Proxy, &url(&open, &known))])
            .await
            .unwrap();
        server.arrived().await;
        let report = test(&world, &draft_with(&url(&open, &known))).await;
        assert!(report.verdict.accepted, "{kind:?}: {report:?}");
        for request in &report.requests {
            let stage = request.stages.iter().find(|stage| stage.name == StageName::Proxy);
            assert_eq!(stage.unwrap().state, StageState::Done, "{kind:?}: {request:?}");
        }
    }
}

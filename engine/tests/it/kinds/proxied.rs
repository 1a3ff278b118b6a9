//! Proxies between this server and that of each kind: squid, which is asked by `CONNECT`.

use domain::{
    Field,
    connection_test::{StageName, StageState},
    destination::DestinationKind,
    policy::{ProxyFailure, Unreached},
};
use receivers::squid::{PASSWORD, Squid, USER};
use rustls::version::TLS13;

use super::{Server, change, first_stage, test, wait_for};
use crate::{it::world::install_crypto, net::test_ca::Ca};

fn url(squid: &Squid, credentials: &str) -> String {
    format!("http://{credentials}127.0.0.1:{}", squid.port())
}

#[tokio::test]
async fn every_kind_goes_through_a_proxy_and_reports_what_it_refuses() {
    install_crypto();
    for kind in DestinationKind::ALL {
        let ours = Ca::new();
        let server = Server::start_tls(kind, ours.issue("localhost", 2_000, 2_100).config(&TLS13, None)).await;
        let world = server.world().await;
        let ca = ours.pem();
        let (open, closed) = (Squid::start(server.port()).unwrap(), Squid::start(1).unwrap());
        let draft_with = |proxy: &str| server.draft(&[(Field::TlsCaCertificates, &*ca), (Field::Proxy, proxy)]);
        let known = format!("{USER}:{PASSWORD}@");
        for (proxy, said) in [
            (
                url(&open, ""),
                "requires other credentials: it answered with status 407.",
            ),
            (
                url(&open, &format!("{USER}:wr0ng-word@")),
                "requires other credentials: it answered with status 407.",
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
        let is_through = |stages: &[domain::connection_test::Stage]| {
            let mut stages = stages.iter().filter(|stage| stage.name == StageName::Proxy);
            stages.all(|stage| stage.state == StageState::Done)
        };
        assert!(report.requests.iter().all(|request| is_through(&request.stages)));
    }
}

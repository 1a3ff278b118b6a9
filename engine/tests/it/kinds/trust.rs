//! Whom destinations trust.

use std::time::Duration;

use domain::{
    Field, Timestamp,
    connection_test::{StageName, StageState},
    destination::{DestinationKind, TlsSettings},
    policy::{TlsFailure, Unreached},
};
use rustls::version::TLS13;

use super::{Server, change, first_stage, kinds_with, messages, refused, stage, test, wait_for};
use crate::{
    clock::Clock,
    it::world::{install_crypto, wait_until},
    net::test_ca::Ca,
};

const DAY: Duration = Duration::from_secs(86_400);

async fn serve(kind: DestinationKind, ours: &Ca, name: &str) -> Server {
    install_crypto();
    Server::start_tls(kind, ours.issue(name, 2_000, 2_100).config(&TLS13, None)).await
}

#[tokio::test]
async fn every_kind_goes_on_once_it_has_the_ca_of_its_server() {
    for kind in DestinationKind::ALL {
        let ours = Ca::new();
        let server = serve(kind, &ours, "localhost").await;
        let world = server.world().await;
        let untrusted = server.draft(&[]);
        let report = test(&world, &untrusted).await;
        let tls = first_stage(&report, StageName::Tls);
        assert_eq!(tls.state, StageState::Failed, "{kind:?}: {report:?}");
        assert!(tls.detail.contains("certificate for localhost"), "{}", tls.detail);
        let advice = report.verdict.next_step.unwrap();
        assert!(
            advice.contains("CA") && advice.contains("to the settings of this destination"),
            "{kind:?}: {advice}"
        );
        let id = world.add(&untrusted).await;
        wait_for(&world, id, Unreached::Tls(TlsFailure::UnknownIssuer)).await;

        let report = test(&world, &server.draft(&[(Field::TlsCaCertificates, &ours.pem())])).await;
        assert!(report.verdict.accepted, "{kind:?}: {report:?}");
        for request in &report.requests {
            let tls = request
                .stages
                .iter()
                .find(|stage| stage.name == StageName::Tls)
                .unwrap();
            assert!(
                tls.detail.starts_with("TLS 1.3; certificate for localhost"),
                "{}",
                tls.detail
            );
        }
        change(&world, id, &[(Field::TlsCaCertificates, &ours.pem())])
            .await
            .unwrap();
        server.arrived().await;
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
}

#[tokio::test]
async fn an_expired_certificate_of_a_server_is_reported_at_its_stage_for_every_kind() {
    install_crypto();
    for kind in DestinationKind::ALL {
        let ours = Ca::new();
        let server = Server::start_tls(kind, ours.issue("localhost", 2_000, 2_001).config(&TLS13, None)).await;
        let world = server.world().await;
        let draft = server.draft(&[(Field::TlsCaCertificates, &ours.pem())]);
        let report = test(&world, &draft).await;
        let tls = first_stage(&report, StageName::Tls);
        assert_eq!(tls.state, StageState::Failed, "{kind:?}: {report:?}");
        assert!(
            tls.detail.contains("expired") && tls.detail.contains("valid until 2001-01-01"),
            "{}",
            tls.detail
        );
        let advice = report.verdict.next_step.unwrap();
        assert!(advice.starts_with("The certificate has expired."), "{kind:?}: {advice}");
        let id = world.add(&draft).await;
        wait_for(&world, id, Unreached::Tls(TlsFailure::Expired)).await;
    }
}

#[tokio::test]
async fn a_ca_certificate_that_can_not_work_is_refused_at_its_field_for_every_kind() {
    for kind in DestinationKind::ALL {
        let ours = Ca::new();
        let server = serve(kind, &ours, "localhost").await;
        let world = server.world().await;
        for (pem, problem) in [
            (
                Ca::valid(2_000, 2_001).pem(),
                "CA certificates can't be used: number 1 expired on 2001-01-01",
            ),
            (
                ours.issue("localhost", 2_000, 2_100).certificate_pem(),
                "CA certificates can't be used: number 1 is not the certificate of a CA",
            ),
        ] {
            let draft = server.draft(&[(Field::TlsCaCertificates, &pem)]);
            assert_eq!(
                refused(&world, &draft, Field::TlsCaCertificates).await,
                problem,
                "{kind:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_server_is_known_by_another_name_where_a_kind_allows_it() {
    for kind in kinds_with(Field::TlsServerName) {
        let ours = Ca::new();
        let server = serve(kind, &ours, "siem.internal").await;
        let world = server.world().await;
        let ca = ours.pem();
        let by_host = server.draft(&[(Field::TlsCaCertificates, &ca)]);
        let report = test(&world, &by_host).await;
        assert_eq!(first_stage(&report, StageName::Tls).state, StageState::Failed);
        let advice = report.verdict.next_step.unwrap();
        assert!(advice.contains("server name of this destination"), "{kind:?}: {advice}");
        let by_name = server.draft(&[
            (Field::TlsCaCertificates, ca.as_str()),
            (Field::TlsServerName, "siem.internal"),
        ]);
        let report = test(&world, &by_name).await;
        assert!(report.verdict.accepted, "{kind:?}: {report:?}");
        assert!(
            stage(&report, StageName::Tls)
                .detail
                .ends_with("Server name: siem.internal."),
            "{report:?}"
        );
        world.add(&by_name).await;
        server.arrived().await;
    }
}

#[tokio::test]
async fn skipped_verification_is_marked_and_audited_for_every_kind_that_has_it() {
    for kind in kinds_with(Field::TlsVerify) {
        let theirs = Ca::new();
        install_crypto();
        let config = theirs.issue("other.example", 2_000, 2_001).config(&TLS13, None);
        let server = Server::start_tls(kind, config).await;
        let world = server.world().await;
        let unverified = server.draft(&[(Field::TlsVerify, "false")]);
        let report = test(&world, &unverified).await;
        assert!(report.verdict.accepted, "{kind:?}: {report:?}");
        let tls = &stage(&report, StageName::Tls).detail;
        assert!(tls.ends_with("Its certificate was not verified."), "{tls}");
        let id = world.add(&unverified).await;
        server.arrived().await;
        assert!(TlsSettings::skips_verification(&world.stored(id).await.target.values));
        change(&world, id, &[(Field::TlsVerify, "true")]).await.unwrap();
        wait_until("it is recorded", async || {
            let messages = messages(&world).await;
            let ends = |end: &str| messages.iter().any(|message| message.ends_with(end));
            ends("Changed tls_verify from true to false")
                && ends("Changed tls_verify from false to true")
                && ends(" without certificate verification")
        })
        .await;
    }
}

/// For Google's services, somebody else renews it.
#[tokio::test]
async fn the_expiry_of_a_servers_certificate_is_seen_and_notified_of() {
    for kind in kinds_with(Field::TlsServerName) {
        let now = Clock::machine().now();
        let ours = Ca::new();
        let from = Timestamp::from_unix_ms(now.unix_ms() - 300 * 86_400_000);
        install_crypto();
        let (until, config) = (now.plus(DAY * 6), ours.issue_between(from, now.plus(DAY * 6)));
        let server = Server::start_tls(kind, config.config(&TLS13, None)).await;
        let world = server.world_with(Clock::set_at(now), |config| config).await;
        let id = world
            .add(&server.draft(&[(Field::TlsCaCertificates, &ours.pem())]))
            .await;
        server.arrived().await;
        let facts = world.engine.find_destination(id).await.unwrap().unwrap().facts;
        let seconds = |at: Option<Timestamp>| at.map(Timestamp::unix_seconds);
        assert_eq!(
            seconds(facts.server_certificate_expires_at),
            seconds(Some(until)),
            "{kind:?}"
        );
        world.engine.look_for_alerts().await.unwrap();
        assert_eq!(world.engine.list_alerts().await.unwrap().len(), 1, "{kind:?}");
    }
}

//! How destinations identify themselves: against stunnel in front of the server of each kind, and against nginx, which both verify client
//! certificates.

use domain::{
    Field,
    connection_test::StageName,
    destination::DestinationDraft,
    policy::{TlsFailure, Unreached},
};
use receivers::{
    nginx::{self, Nginx},
    stunnel::{self, Stunnel},
    unused_address,
};

use super::{Server, change, kinds_with, refused, stage, test, wait_for};
use crate::{
    it::world::{World, wait_until},
    net::test_ca::{Ca, Identity},
};

fn stunnel(target: u16, ours: &Ca) -> Stunnel {
    let identity = ours.issue("localhost", 2_000, 2_100);
    Stunnel::start(&stunnel::Options {
        target,
        identity: (&identity.certificate_pem(), &identity.key_pem()),
        client_ca: Some(&ours.pem()),
    })
    .unwrap()
}

/// The destination, but behind a TLS server on this port.
fn behind(mut draft: DestinationDraft, port: u16) -> DestinationDraft {
    for (field, path) in [(Field::Url, "/in"), (Field::EndpointUrl, "")] {
        if draft.kind().spec().field(field).is_some() {
            draft.target.set_text(field, format!("https://localhost:{port}{path}"));
        }
    }
    draft
}

fn identified(draft: &DestinationDraft, client: &Identity, key: &str) -> DestinationDraft {
    let mut draft = draft.clone();
    draft
        .target
        .change_text(Field::TlsClientCertificate, client.certificate_pem());
    draft.target.change_text(Field::TlsClientKey, key.to_owned());
    draft
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_stunnel_in_front_of_each_kind() {
    for kind in kinds_with(Field::TlsClientCertificate) {
        let (ours, theirs) = (Ca::new(), Ca::new());
        let server = Server::start(kind).await;
        let stunnel = stunnel(server.port(), &ours);
        let world = server.world().await;
        let mut anonymous = behind(server.draft(&[]), stunnel.port());
        anonymous.target.set_text(Field::TlsCaCertificates, ours.pem());

        let report = test(&world, &anonymous).await;
        let advice = report.verdict.next_step.unwrap();
        assert!(
            advice.contains("asks for a client certificate. Add one that it accepts"),
            "{kind:?}: {advice}"
        );
        let id = world.add(&anonymous).await;
        wait_for(&world, id, Unreached::Tls(TlsFailure::ClientCertificate)).await;

        let stranger = theirs.issue("stranger", 2_000, 2_100);
        let report = test(&world, &identified(&anonymous, &stranger, &stranger.key_pem())).await;
        let advice = report.verdict.next_step.unwrap();
        assert!(
            advice.starts_with("The server does not accept our client certificate."),
            "{kind:?}: {advice}"
        );

        let client = ours.issue("streams", 2_000, 2_100);
        let report = test(&world, &identified(&anonymous, &client, &client.key_pem())).await;
        assert!(report.verdict.accepted, "{kind:?}: {report:?}");
        let tls = &stage(&report, StageName::Tls).detail;
        assert!(
            tls.contains("Our client certificate is valid until 2100-01-01"),
            "{tls}"
        );
        let values = [
            (Field::TlsClientCertificate, &*client.certificate_pem()),
            (Field::TlsClientKey, &client.key_pem()),
        ];
        change(&world, id, &values).await.unwrap();
        server.arrived().await;
        wait_until("stunnel has accepted the certificate", async || {
            !stunnel.accepted().is_empty()
        })
        .await;
        let facts = world.engine.find_destination(id).await.unwrap().unwrap().facts;
        assert!(facts.client_certificate_expires_at.is_some(), "{kind:?}");
    }
}

#[tokio::test]
async fn a_client_certificate_that_can_not_work_is_refused_at_its_field_for_each_kind() {
    for kind in kinds_with(Field::TlsClientCertificate) {
        let ours = Ca::new();
        let server = Server::start(kind).await;
        let world = server.world().await;
        // It is refused before anything would be sent.
        let draft = behind(server.draft(&[]), unused_address().unwrap().port());
        let (expired, good) = (ours.issue("streams", 2_000, 2_001), ours.issue("streams", 2_000, 2_100));
        let draft_of = |client: &Identity, key: &Identity| identified(&draft, client, &key.key_pem());
        assert_eq!(
            refused(&world, &draft_of(&expired, &expired), Field::TlsClientCertificate).await,
            "Client certificate expired on 2001-01-01",
            "{kind:?}"
        );
        assert_eq!(
            refused(&world, &draft_of(&good, &expired), Field::TlsClientKey).await,
            "Client key does not belong to the client certificate, which must come before its intermediate certificates",
            "{kind:?}"
        );
    }
}

/// nginx ends the handshake well, and answers with a status: 400 and a page of its own, or 496 and 495 if its configuration says so.
#[tokio::test]
async fn what_nginx_says_about_client_certificates_is_understood() {
    let (world, ours, theirs) = (World::new().await, Ca::new(), Ca::new());
    let identity = ours.issue("localhost", 2_000, 2_100);
    for (says_495_and_496, statuses) in [(false, [400, 400]), (true, [496, 495])] {
        let nginx = Nginx::start(&nginx::Options {
            keepalive_requests: 1_000,
            tls: Some((&identity.certificate_pem(), &identity.key_pem())),
            client_ca: Some(&ours.pem()),
            says_495_and_496,
        })
        .unwrap();
        let mut anonymous = DestinationDraft::http("SIEM", format!("https://localhost:{}/in", nginx.port()));
        anonymous.target.set_text(Field::TlsCaCertificates, ours.pem());
        let (stranger, client) = (
            theirs.issue("stranger", 2_000, 2_100),
            ours.issue("streams", 2_000, 2_100),
        );
        for (draft, advice) in [
            (anonymous.clone(), "The server asks for a client certificate. Add one"),
            (
                identified(&anonymous, &stranger, &stranger.key_pem()),
                "The server does not accept our client certificate.",
            ),
        ] {
            let report = test(&world, &draft).await;
            let said = report.verdict.next_step.clone().unwrap_or_default();
            assert!(
                !report.verdict.accepted && said.starts_with(advice),
                "{advice}: {report:?}"
            );
        }
        let has_logged = async || {
            let requests = nginx.requests().unwrap();
            requests.iter().map(|request| request.status).eq(statuses)
        };
        wait_until("nginx has logged both", has_logged).await;
        let report = test(&world, &identified(&anonymous, &client, &client.key_pem())).await;
        assert!(report.verdict.accepted, "{report:?}");
    }
}

//! Each way in which TLS can fail, and each in which a destination says whom to trust, against real servers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use domain::{
    Field,
    connection_test::StageName,
    destination::{FieldMap, TlsSettings},
    policy::{Outcome, TlsFailure, Unreached},
};
use receivers::Receiver;
use rustls::{
    ServerConfig, SupportedProtocolVersion,
    server::{ClientHello, ResolvesServerCert},
    sign::{CertifiedKey, SingleCertAndKey},
    version::{TLS12, TLS13},
};

use super::{
    GuardedClients, TlsOptions,
    send_error::SendError,
    test_ca::{Ca, Identity},
    tests::{PATIENCE, machine, open, post, text, traced},
    tls_options::provider,
};
use crate::sink::error_report;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

fn outcome_of(failed: &SendError) -> Outcome {
    error_report(failed, Instant::now(), PATIENCE).outcome
}

/// How a request to `localhost` ends if it is served like this, with this CA among the trusted ones.
async fn outcome(config: ServerConfig, trusted: &Ca) -> Outcome {
    let receiver = Receiver::start_tls(config).await;
    let client = traced(vec![trusted.root()], receiver.port(), PATIENCE);
    outcome_of(&post(&client.client, &receiver.url()).await.unwrap_err())
}

fn options(values: &[(Field, &str)]) -> TlsOptions {
    let values: FieldMap = values.iter().copied().collect();
    TlsOptions::new(&TlsSettings::parse(&values).unwrap(), values.text(Field::TlsClientKey)).unwrap()
}

/// How a request ends that trusts nothing but the machine and what these values say: with an answer, or not.
async fn outcome_with(config: ServerConfig, values: &[(Field, &str)]) -> Result<String, Outcome> {
    let receiver = Receiver::start_tls(config).await;
    let clients = GuardedClients::new(open()).with_tls(options(values));
    let client = clients.client_for(&receiver.url().parse().unwrap(), PATIENCE).unwrap();
    match post(&client, &receiver.url()).await {
        Ok(response) => Ok(text(response).await),
        Err(failed) => Err(outcome_of(&failed)),
    }
}

const fn failed(failure: TlsFailure) -> Result<String, Outcome> {
    Err(Outcome::Unreached(Unreached::Tls(failure)))
}

#[tokio::test]
async fn each_fault_of_a_certificate_is_a_failure_of_its_own() {
    machine();
    let (ours, theirs) = (Ca::new(), Ca::new());
    for version in VERSIONS {
        let config = |identity: &Identity| identity.config(version, None);
        let cases = [
            (
                config(&theirs.issue("localhost", 2_000, 2_100)),
                TlsFailure::UnknownIssuer,
            ),
            (
                config(&ours.issue("other.example", 2_000, 2_100)),
                TlsFailure::WrongName,
            ),
            (config(&ours.issue("localhost", 2_000, 2_001)), TlsFailure::Expired),
            (config(&ours.issue("localhost", 2_099, 2_100)), TlsFailure::NotYetValid),
            (config(&ours.identity), TlsFailure::CaAsServer),
        ];
        for (config, expected) in cases {
            let expected = Outcome::Unreached(Unreached::Tls(expected));
            assert_eq!(outcome(config, &ours).await, expected, "{version:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_is_told_apart() {
    machine();
    let ours = Ca::new();
    for version in VERSIONS {
        let config = ours.issue("localhost", 2_000, 2_100).config(version, Some(&ours));
        let expected = Outcome::Unreached(Unreached::Tls(TlsFailure::ClientCertificate));
        assert_eq!(outcome(config, &ours).await, expected, "{version:?}");
    }
}

#[tokio::test]
async fn a_private_ca_is_trusted_by_whom_it_was_given() {
    machine();
    let (ours, theirs) = (Ca::new(), Ca::new());
    for version in VERSIONS {
        let server = || ours.issue("localhost", 2_000, 2_100).config(version, None);
        let both = format!("{}{}", theirs.pem(), ours.pem());
        let trusting = async |pem: &str| outcome_with(server(), &[(Field::TlsCaCertificates, pem)]).await;
        assert_eq!(outcome_with(server(), &[]).await, failed(TlsFailure::UnknownIssuer));
        assert_eq!(trusting(&theirs.pem()).await, failed(TlsFailure::UnknownIssuer));
        assert!(trusting(&ours.pem()).await.is_ok(), "{version:?}");
        assert!(trusting(&both).await.is_ok(), "{version:?}");
    }
}

#[tokio::test]
async fn the_server_name_takes_the_place_of_the_host() {
    machine();
    let ours = Ca::new();
    let ca = ours.pem();
    let ca = (Field::TlsCaCertificates, ca.as_str());
    for version in VERSIONS {
        let server = |name: &str| ours.issue(name, 2_000, 2_100).config(version, None);
        for name in ["siem.internal", "10.1.2.3"] {
            assert_eq!(outcome_with(server(name), &[ca]).await, failed(TlsFailure::WrongName));
            let named = outcome_with(server(name), &[ca, (Field::TlsServerName, name)]).await;
            assert!(named.is_ok(), "{version:?} {name}: {named:?}");
        }
        let other = [ca, (Field::TlsServerName, "siem.internal")];
        assert_eq!(
            outcome_with(server("localhost"), &other).await,
            failed(TlsFailure::WrongName)
        );
    }
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_the_server_that_asks_for_it() {
    machine();
    let (ours, theirs) = (Ca::new(), Ca::new());
    let ca = ours.pem();
    for version in VERSIONS {
        let server = || ours.issue("localhost", 2_000, 2_100).config(version, Some(&ours));
        let with = async |client: &Identity| {
            let (certificate, key) = (client.certificate_pem(), client.key_pem());
            let values = [
                (Field::TlsCaCertificates, ca.as_str()),
                (Field::TlsClientCertificate, &certificate),
                (Field::TlsClientKey, &key),
            ];
            outcome_with(server(), &values).await
        };
        let accepted = with(&ours.issue("streams", 2_000, 2_100)).await;
        assert!(accepted.is_ok(), "{version:?}: {accepted:?}");
        for refused in [
            ours.issue("streams", 2_000, 2_001),
            theirs.issue("streams", 2_000, 2_100),
        ] {
            let refused = with(&refused).await;
            assert_eq!(refused, failed(TlsFailure::ClientCertificateRefused), "{version:?}");
        }
    }
}

#[tokio::test]
async fn a_refusal_of_client_certificates_is_the_same_over_http_2() {
    machine();
    let (ours, theirs) = (Ca::new(), Ca::new());
    let ca = ours.pem();
    for version in VERSIONS {
        let server = || {
            let mut config = ours.issue("localhost", 2_000, 2_100).config(version, Some(&ours));
            config.alpn_protocols = vec![b"h2".to_vec()];
            config
        };
        let required = outcome_with(server(), &[(Field::TlsCaCertificates, &ca)]).await;
        assert_eq!(required, failed(TlsFailure::ClientCertificate), "{version:?}");
        let client = theirs.issue("streams", 2_000, 2_100);
        let values = [
            (Field::TlsCaCertificates, ca.as_str()),
            (Field::TlsClientCertificate, &client.certificate_pem()),
            (Field::TlsClientKey, &client.key_pem()),
        ];
        let refused = outcome_with(server(), &values).await;
        assert_eq!(refused, failed(TlsFailure::ClientCertificateRefused), "{version:?}");
    }
}

#[tokio::test]
async fn without_verification_any_certificate_will_do_if_the_server_has_its_key() {
    machine();
    let (theirs, skip) = (Ca::new(), [(Field::TlsVerify, "false")]);
    for version in VERSIONS {
        let expired = theirs.issue("other.example", 2_000, 2_001);
        let accepted = outcome_with(expired.config(version, None), &skip).await;
        assert!(accepted.is_ok(), "{version:?}: {accepted:?}");
        // A certificate that was copied from somebody else.
        let (chain, _) = expired.chain_and_key();
        let (_, other) = theirs.issue("other.example", 2_000, 2_100).chain_and_key();
        let other = provider().unwrap().key_provider.load_private_key(other).unwrap();
        let stolen = SingleCertAndKey::from(CertifiedKey::new(chain, other));
        let builder = ServerConfig::builder_with_protocol_versions(&[version]).with_no_client_auth();
        let config = builder.with_cert_resolver(Arc::new(stolen));
        let refused = outcome_with(config, &skip).await;
        assert!(
            matches!(refused, Err(Outcome::Unreached(Unreached::Tls(_)))),
            "{version:?}: {refused:?}"
        );
    }
}

/// Shows the first certificate until it is renewed.
#[derive(Debug)]
struct Renewed {
    keys: [Arc<CertifiedKey>; 2],
    is_renewed: Arc<AtomicBool>,
}

impl ResolvesServerCert for Renewed {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let position = usize::from(self.is_renewed.load(Ordering::Relaxed));
        Some(Arc::clone(&self.keys[position]))
    }
}

#[tokio::test]
async fn each_connection_notes_the_certificate_that_the_server_has_now() {
    machine();
    let ours = Ca::new();
    for version in VERSIONS {
        let is_renewed = Arc::new(AtomicBool::new(false));
        let keys = [2_099, 2_098].map(|until| {
            let (chain, key) = ours.issue("localhost", 2_000, until).chain_and_key();
            Arc::new(CertifiedKey::from_der(chain, key, &provider().unwrap()).unwrap())
        });
        let resolver = Renewed {
            keys,
            is_renewed: Arc::clone(&is_renewed),
        };
        let builder = ServerConfig::builder_with_protocol_versions(&[version]).with_no_client_auth();
        let receiver = Receiver::start_tls(builder.with_cert_resolver(Arc::new(resolver))).await;
        let url = receiver.url().parse().unwrap();
        let clients = GuardedClients::new(open()).with_tls(options(&[(Field::TlsCaCertificates, &ours.pem())]));
        let until = async || {
            // Another client has connections of its own.
            let client = clients.client_for(&url, PATIENCE).unwrap();
            text(post(&client, &receiver.url()).await.unwrap()).await;
            let until = clients.server_certificate(&url, None, true).unwrap().until.to_string();
            until.chars().take(4).collect::<String>()
        };
        assert_eq!(until().await, "2099", "{version:?}");
        is_renewed.store(true, Ordering::Relaxed);
        assert_eq!(until().await, "2098", "{version:?}");
    }
}

#[tokio::test]
async fn a_test_says_how_the_server_was_trusted_and_until_when_certificates_are_valid() {
    machine();
    let ours = Ca::new();
    let receiver = Receiver::start_tls(ours.issue("siem.internal", 2_000, 2_100).config(&TLS13, Some(&ours))).await;
    let client = ours.issue("streams", 2_000, 2_099);
    let (certificate, key) = (client.certificate_pem(), client.key_pem());
    let (clients, trace) = GuardedClients::new(open())
        .with_tls(options(&[
            (Field::TlsClientCertificate, &certificate),
            (Field::TlsClientKey, &key),
            (Field::TlsServerName, "siem.internal"),
            (Field::TlsVerify, "false"),
        ]))
        .traced();
    let client = clients.client_for(&receiver.url().parse().unwrap(), PATIENCE).unwrap();
    post(&client, &receiver.url()).await.unwrap();
    let stages = trace.requests().remove(0).stages;
    let tls = stages
        .into_iter()
        .find(|stage| stage.name == StageName::Tls)
        .unwrap()
        .detail;
    assert!(
        tls.starts_with("TLS 1.3; certificate for siem.internal, issued by "),
        "{tls}"
    );
    assert!(
        tls.ends_with(
            ", valid until 2100-01-01. Server name: siem.internal. Its certificate was not verified. \
             Our client certificate is valid until 2099-01-01."
        ),
        "{tls}"
    );
}

//! Each way in which TLS can fail, against real servers.

use std::{sync::Arc, time::Instant};

use domain::policy::{Outcome, TlsFailure, Unreached};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use receivers::Receiver;
use rustls::{
    RootCertStore, ServerConfig, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};

use super::{
    tests::{PATIENCE, machine, post, traced},
    tls::Trust,
};
use crate::sink::error_report;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// A certificate and its key.
struct Identity {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Identity {
    fn config(&self, version: &'static SupportedProtocolVersion) -> ServerConfig {
        let builder = ServerConfig::builder_with_protocol_versions(&[version]).with_no_client_auth();
        let (chain, key) = self.chain_and_key();
        builder.with_single_cert(chain, key).unwrap()
    }

    fn chain_and_key(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        (vec![self.certificate.clone()], PrivateKeyDer::from(key))
    }
}

/// A CA whose own certificate is for `localhost`.
struct Ca {
    params: CertificateParams,
    identity: Identity,
}

impl Ca {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self {
            params,
            identity: Identity { certificate, key },
        }
    }

    fn issue(&self, name: &str, from: i32, until: i32) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let issuer = Issuer::from_params(&self.params, &self.identity.key);
        let certificate = params.signed_by(&key, &issuer).unwrap().der().clone();
        Identity { certificate, key }
    }

    fn root(&self) -> CertificateDer<'static> {
        self.identity.certificate.clone()
    }
}

/// How a request to `localhost` ends if it is served like this, with this CA among the trusted ones.
async fn outcome(config: ServerConfig, trusted: &Ca) -> Outcome {
    let receiver = Receiver::start_tls(config).await;
    let client = traced(Trust::with_root(trusted.root()).unwrap(), receiver.port(), PATIENCE);
    let failed = post(&client.client, &receiver.url()).await;
    error_report(&failed.unwrap_err(), Instant::now(), PATIENCE).outcome
}

#[tokio::test]
async fn each_fault_of_a_certificate_is_a_failure_of_its_own() {
    machine();
    let (ours, theirs) = (Ca::new(), Ca::new());
    for version in VERSIONS {
        let cases = [
            (
                theirs.issue("localhost", 2_000, 2_100).config(version),
                TlsFailure::UnknownIssuer,
            ),
            (
                ours.issue("other.example", 2_000, 2_100).config(version),
                TlsFailure::WrongName,
            ),
            (
                ours.issue("localhost", 2_000, 2_001).config(version),
                TlsFailure::Expired,
            ),
            (
                ours.issue("localhost", 2_099, 2_100).config(version),
                TlsFailure::NotYetValid,
            ),
            (ours.identity.config(version), TlsFailure::CaAsServer),
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
    let mut clients = RootCertStore::empty();
    clients.add(ours.root()).unwrap();
    let verifier = WebPkiClientVerifier::builder(Arc::new(clients)).build().unwrap();
    for version in VERSIONS {
        let builder = ServerConfig::builder_with_protocol_versions(&[version]);
        let (chain, key) = ours.issue("localhost", 2_000, 2_100).chain_and_key();
        let builder = builder.with_client_cert_verifier(Arc::clone(&verifier));
        let config = builder.with_single_cert(chain, key).unwrap();
        let expected = Outcome::Unreached(Unreached::Tls(TlsFailure::ClientCertificate));
        assert_eq!(outcome(config, &ours).await, expected, "{version:?}");
    }
}

//! Certificates for tests, issued by a CA of their own.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use domain::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    RootCertStore, ServerConfig, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
};
use x509_cert::{
    Certificate, Version,
    der::{Decode, Encode},
};

/// A certificate and its key.
pub(crate) struct Identity {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Identity {
    /// A server that shows it, and asks for client certificates of this CA.
    pub(crate) fn config(&self, version: &'static SupportedProtocolVersion, clients: Option<&Ca>) -> ServerConfig {
        let builder = ServerConfig::builder_with_protocol_versions(&[version]);
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                roots.add(ca.root()).unwrap();
                builder.with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap())
            }
        };
        let (chain, key) = self.chain_and_key();
        builder.with_single_cert(chain, key).unwrap()
    }

    pub(crate) fn chain_and_key(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        (vec![self.certificate.clone()], PrivateKeyDer::from(key))
    }

    /// The same without what version 3 has brought. Nobody verifies its signature.
    pub(crate) fn of_version_1(&self) -> Self {
        let mut certificate = Certificate::from_der(&self.certificate).unwrap();
        certificate.tbs_certificate.version = Version::V1;
        certificate.tbs_certificate.extensions = None;
        Self {
            certificate: certificate.to_der().unwrap().into(),
            key: KeyPair::try_from(self.key.serialize_der()).unwrap(),
        }
    }

    pub(crate) fn certificate_pem(&self) -> String {
        pem("CERTIFICATE", &self.certificate)
    }

    pub(crate) fn key_pem(&self) -> String {
        pem("PRIVATE KEY", &self.key.serialize_der())
    }
}

/// A CA whose own certificate is for `localhost`.
pub(crate) struct Ca {
    params: CertificateParams,
    pub(crate) identity: Identity,
}

impl Ca {
    pub(crate) fn new() -> Self {
        Self::valid(2_000, 2_100)
    }

    pub(crate) fn valid(from: i32, until: i32) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // No two of them have the same name.
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("Test CA {}", NUMBER.fetch_add(1, Ordering::Relaxed));
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self {
            params,
            identity: Identity { certificate, key },
        }
    }

    /// From the beginning of one year to that of another.
    pub(crate) fn issue(&self, name: &str, from: i32, until: i32) -> Identity {
        self.issue_with(name, |params| {
            params.not_before = date_time_ymd(from, 1, 1);
            params.not_after = date_time_ymd(until, 1, 1);
        })
    }

    /// For `localhost`.
    pub(crate) fn issue_between(&self, from: Timestamp, until: Timestamp) -> Identity {
        let moment = |at: Timestamp| time::OffsetDateTime::from_unix_timestamp(at.unix_seconds()).unwrap();
        self.issue_with("localhost", |params| {
            params.not_before = moment(from);
            params.not_after = moment(until);
        })
    }

    fn issue_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let issuer = Issuer::from_params(&self.params, &self.identity.key);
        let certificate = params.signed_by(&key, &issuer).unwrap().der().clone();
        Identity { certificate, key }
    }

    pub(crate) fn root(&self) -> CertificateDer<'static> {
        self.identity.certificate.clone()
    }

    pub(crate) fn pem(&self) -> String {
        self.identity.certificate_pem()
    }
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let body = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

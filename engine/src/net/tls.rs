//! TLS as the pooled client has it, with an eye on the certificate.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use rustls_platform_verifier::Verifier;

/// What certificates are checked against: what this machine trusts.
#[derive(Clone, Debug)]
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
}

impl Trust {
    /// # Errors
    /// If nothing is trusted on this machine, or no crypto provider was installed.
    pub(super) fn of_this_machine() -> Result<Self, Error> {
        let provider = provider()?;
        let verifier = Arc::new(Verifier::new(Arc::clone(&provider))?);
        Ok(Self { provider, verifier })
    }

    #[cfg(test)]
    pub(super) fn with_root(root: CertificateDer<'static>) -> Result<Self, Error> {
        let provider = provider()?;
        let verifier = Arc::new(Verifier::new_with_extra_roots([root], Arc::clone(&provider))?);
        Ok(Self { provider, verifier })
    }

    /// The settings of one connection, and what will have been seen of its certificate.
    ///
    /// # Errors
    /// If the crypto provider knows no version of TLS.
    pub(super) fn connection(&self) -> Result<(ClientConfig, Arc<Witness>), Error> {
        let witness = Arc::new(Witness {
            verifier: Arc::clone(&self.verifier),
            seen: Mutex::default(),
        });
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::<Witness>::clone(&witness))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok((config, witness))
    }
}

fn provider() -> Result<Arc<CryptoProvider>, Error> {
    let missing = || Error::General("no crypto provider is installed".to_owned());
    CryptoProvider::get_default().cloned().ok_or_else(missing)
}

/// Remembers the certificate, also one that is refused; whether it is, is for the verifier to say.
#[derive(Debug)]
pub(super) struct Witness {
    verifier: Arc<dyn ServerCertVerifier>,
    seen: Mutex<Option<Vec<u8>>>,
}

impl Witness {
    /// In DER form. None if the handshake did not come so far.
    pub(super) fn certificate(&self) -> Option<Vec<u8>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(end_entity.to_vec());
        self.verifier
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

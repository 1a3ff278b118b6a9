//! The TLS settings of all clients, and for traced ones the certificate that the server showed.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use rustls_platform_verifier::Verifier;

use super::{
    tls_options::{TlsOptions, provider},
    unverified::Unverified,
};

/// What certificates are checked against, and what is shown to servers.
#[derive(Clone, Debug)]
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
    options: TlsOptions,
    config: Arc<ClientConfig>,
}

impl Trust {
    /// # Errors
    /// If nothing is trusted on this machine, or no crypto provider was installed.
    pub(super) fn of_this_machine(
        extra_roots: impl IntoIterator<Item = CertificateDer<'static>>,
        options: &TlsOptions,
    ) -> Result<Self, Error> {
        let provider = provider()?;
        let verifier: Arc<dyn ServerCertVerifier> = match options.skips_verification {
            true => Arc::new(Unverified(Arc::clone(&provider))),
            false => {
                let roots = extra_roots.into_iter().chain(options.roots.iter().cloned());
                Arc::new(Verifier::new_with_extra_roots(roots, Arc::clone(&provider))?)
            }
        };
        let config = config(Arc::clone(&provider), Arc::clone(&verifier), options)?;
        Ok(Self {
            provider,
            verifier,
            options: options.clone(),
            config: Arc::new(config),
        })
    }

    /// The settings of a connection.
    pub(super) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// The settings of one connection, and what will have been seen of its certificate.
    ///
    /// # Errors
    /// If the crypto provider knows no version of TLS.
    pub(super) fn witnessed(&self) -> Result<(Arc<ClientConfig>, Arc<Witness>), Error> {
        let witness = Arc::new(Witness {
            verifier: Arc::clone(&self.verifier),
            seen: Mutex::default(),
        });
        let verifier = Arc::<Witness>::clone(&witness);
        let config = config(Arc::clone(&self.provider), verifier, &self.options)?;
        Ok((Arc::new(config), witness))
    }
}

fn config(
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
    options: &TlsOptions,
) -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match options.resolver() {
        Some(resolver) => builder.with_client_cert_resolver(resolver),
        None => builder.with_no_client_auth(),
    };
    // A resumed session has the certificate of the first one. Connections are few and long, so a handshake each costs nothing.
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
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

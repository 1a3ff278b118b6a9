//! The receiver of a kind behind fences: squid, which wants a password, is the proxy, and stunnel, which wants a client certificate, speaks TLS
//! under a private CA. What sinks keep, they keep over all that.

use domain::{Field, destination::DestinationDraft};
use receivers::{
    google::GoogleServer,
    squid::{self, Squid},
    stunnel::{self, Stunnel},
};
use rustls::version::TLS13;
use url::Url;

use super::{
    Counterpart, Ill,
    bucket::{Batches, Objects},
    cloud_logging::CloudLogging,
    endpoint::{Batched, Endpoint, EndpointOfBatches},
};
use crate::{
    it::world::install_crypto,
    net::test_ca::{Ca, Identity},
    sink::SinkServices,
};

/// A receiver that can be put behind fences.
pub(super) trait Fenceable: Counterpart {
    /// Whether it speaks TLS by itself, without client certificates, instead of stunnel.
    const SPEAKS_TLS: bool = false;

    /// With a certificate of this CA if it speaks TLS.
    async fn start_under(_ours: &Ca) -> Self {
        Self::start().await
    }

    /// The port on which it listens.
    fn port(&self) -> u16 {
        let draft = self.draft();
        let (url, endpoint) = (draft.target.text(Field::Url), draft.target.text(Field::EndpointUrl));
        let url = Url::parse(if url.is_empty() { endpoint } else { url });
        url.ok().and_then(|url| url.port()).unwrap()
    }
}

impl Fenceable for Endpoint {}
impl<B: Batched> Fenceable for EndpointOfBatches<B> {}
impl Fenceable for Objects {}
impl Fenceable for Batches {}

/// Google's services ask for no client certificate, and their names are fixed.
impl Fenceable for CloudLogging {
    const SPEAKS_TLS: bool = true;

    async fn start_under(ours: &Ca) -> Self {
        install_crypto();
        let config = ours.issue("localhost", 2_000, 2_100).config(&TLS13, None);
        Self(GoogleServer::start_tls(config).await.unwrap())
    }

    fn port(&self) -> u16 {
        self.0.address().port()
    }
}

pub(super) struct Fenced<C> {
    inner: C,
    ours: Ca,
    client: Identity,
    stunnel: Option<Stunnel>,
    squid: Squid,
}

impl<C: Fenceable> Counterpart for Fenced<C> {
    async fn start() -> Self {
        let ours = Ca::new();
        let inner = C::start_under(&ours).await;
        let identity = ours.issue("localhost", 2_000, 2_100);
        let stunnel = (!C::SPEAKS_TLS).then(|| {
            Stunnel::start(&stunnel::Options {
                target: inner.port(),
                identity: (&identity.certificate_pem(), &identity.key_pem()),
                client_ca: Some(&ours.pem()),
            })
            .unwrap()
        });
        let port = stunnel.as_ref().map_or_else(|| inner.port(), Stunnel::port);
        Self {
            client: ours.issue("streams", 2_000, 2_100),
            squid: Squid::start(port).unwrap(),
            inner,
            ours,
            stunnel,
        }
    }

    fn draft(&self) -> DestinationDraft {
        let mut draft = self.inner.draft();
        let target = &mut draft.target;
        let proxy = format!(
            "http://{}:{}@127.0.0.1:{}",
            squid::USER,
            squid::PASSWORD,
            self.squid.port()
        );
        assert!(target.set_text(Field::Proxy, proxy));
        assert!(target.set_text(Field::TlsCaCertificates, self.ours.pem()));
        if let Some(stunnel) = &self.stunnel {
            let at = format!("https://localhost:{}", stunnel.port());
            assert!(target.set_text(Field::Url, format!("{at}/in")) || target.set_text(Field::EndpointUrl, at));
            assert!(target.set_text(Field::TlsClientCertificate, self.client.certificate_pem()));
            assert!(target.set_text(Field::TlsClientKey, self.client.key_pem()));
        }
        draft
    }

    fn services(&self) -> SinkServices {
        self.inner.services()
    }

    /// That of the proxy.
    fn secret(&self) -> String {
        squid::PASSWORD.to_owned()
    }

    fn fall_ill(&self, ill: Ill) {
        self.inner.fall_ill(ill);
    }

    fn recover(&self) {
        self.inner.recover();
    }

    fn refuse(&self, id: &str) {
        self.inner.refuse(id);
    }

    fn find_one_request_too_large(&self) -> bool {
        self.inner.find_one_request_too_large()
    }

    fn requests(&self) -> usize {
        self.inner.requests()
    }

    fn kept(&self, bodies: &[String]) -> Vec<String> {
        self.inner.kept(bodies)
    }
}

//! The contract also holds through a proxy and mutual TLS: tinyproxy, which requires a password, and stunnel, which requires a client
//! certificate, under a private CA.

use domain::{Field, destination::DestinationDraft};
use receivers::{
    Gate,
    google::GoogleServer,
    stunnel::{self, Stunnel},
    tinyproxy::{self, Tinyproxy},
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
    it::world::{install_crypto, wait_until},
    net::test_ca::{Ca, Identity},
    sink::SinkServices,
};

const USER: &str = "ada";
const PASSWORD: &str = "s3cret-word";

/// A receiver that can be put behind a proxy and TLS.
pub(super) trait Proxiable: Counterpart {
    /// Whether it speaks TLS by itself, without client certificates, instead of stunnel.
    const SPEAKS_TLS: bool = false;

    /// With a certificate of this CA if it speaks TLS.
    async fn start_under(_ours: &Ca) -> Self {
        Self::start().await
    }

    /// How many connections were opened, if it speaks TLS.
    fn connections(&self) -> usize {
        0
    }

    /// The port on which it listens.
    fn port(&self) -> u16 {
        let draft = self.draft();
        let (url, endpoint) = (draft.target.text(Field::Url), draft.target.text(Field::EndpointUrl));
        let url = Url::parse(if url.is_empty() { endpoint } else { url });
        url.ok().and_then(|url| url.port()).unwrap()
    }
}

impl Proxiable for Endpoint {}
impl<B: Batched> Proxiable for EndpointOfBatches<B> {}
impl Proxiable for Objects {}
impl Proxiable for Batches {}

/// Google's services ask for no client certificate, and their names are fixed.
impl Proxiable for CloudLogging {
    const SPEAKS_TLS: bool = true;

    async fn start_under(ours: &Ca) -> Self {
        install_crypto();
        let config = ours.issue("localhost", 2_000, 2_100).config(&TLS13, None);
        Self(GoogleServer::start_tls(config).await.unwrap())
    }

    fn connections(&self) -> usize {
        self.0.connections()
    }

    fn port(&self) -> u16 {
        self.0.address().port()
    }
}

pub(super) struct Proxied<C> {
    inner: C,
    ours: Ca,
    client: Identity,
    stunnel: Option<Stunnel>,
    proxy: Tinyproxy,
}

impl<C: Proxiable> Counterpart for Proxied<C> {
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
        let options = tinyproxy::Options {
            credentials: Some((USER, PASSWORD)),
            port: Some(stunnel.as_ref().map_or_else(|| inner.port(), Stunnel::port)),
        };
        Self {
            client: ours.issue("streams", 2_000, 2_100),
            proxy: Tinyproxy::start(options).unwrap(),
            inner,
            ours,
            stunnel,
        }
    }

    fn draft(&self) -> DestinationDraft {
        let mut draft = self.inner.draft();
        let target = &mut draft.target;
        let proxy = format!("http://{USER}:{PASSWORD}@127.0.0.1:{}", self.proxy.port());
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

    /// Those of the proxy and of the client certificate, too.
    fn secrets(&self) -> Vec<String> {
        let ours = [PASSWORD.to_owned(), self.client.key_pem()];
        self.inner.secrets().into_iter().chain(ours).collect()
    }

    fn fall_ill(&self, ill: Ill) {
        self.inner.fall_ill(ill);
    }

    fn hold(&self, gate: &Gate) {
        self.inner.hold(gate);
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

    /// Connections to the receiver that the proxy was not asked for would be direct ones.
    async fn check_way(&self) {
        let connections = || match &self.stunnel {
            Some(stunnel) => stunnel.connections(),
            None => self.inner.connections(),
        };
        wait_until("the proxy was asked for each connection", async || {
            (1..=self.proxy.targets().len()).contains(&connections())
        })
        .await;
    }
}

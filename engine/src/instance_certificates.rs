//! The certificates that belong to the whole instance, and when they expire.

use domain::alerts::InstanceCertificate;
use tokio::sync::watch;

use crate::net::GuardedClients;

/// Those of the listener, and those of the operator's CA file.
pub(crate) struct InstanceCertificates {
    /// `None` if the listener does not speak TLS.
    listener: Option<watch::Receiver<Vec<InstanceCertificate>>>,
    clients: GuardedClients,
}

impl InstanceCertificates {
    pub(crate) const fn new(
        listener: Option<watch::Receiver<Vec<InstanceCertificate>>>,
        clients: GuardedClients,
    ) -> Self {
        Self { listener, clients }
    }

    /// Those that are in use now, each once.
    pub(crate) fn all(&self) -> Vec<InstanceCertificate> {
        let mut all: Vec<InstanceCertificate> = Vec::new();
        let listener = self.listener.as_ref().map(|listener| listener.borrow().clone());
        for certificate in listener
            .into_iter()
            .flatten()
            .chain(self.clients.ca_file_certificates())
        {
            // Two of one name that end together are as good as one.
            let is_known = all.iter().any(|known| {
                (known.holder, &known.name, known.validity.until)
                    == (certificate.holder, &certificate.name, certificate.validity.until)
            });
            if !is_known {
                all.push(certificate);
            }
        }
        all
    }
}

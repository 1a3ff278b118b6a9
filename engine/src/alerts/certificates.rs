//! Looking at the certificates of destinations, ours and those that servers show, and at those of the whole instance.

use domain::{
    alerts::{
        AlertNews, CertificateAlert, CertificateHolder, CertificateSeen, CertificateStep, InstanceCertificate,
        step_certificate,
    },
    destination::TlsSettings,
};

use super::{Alerts, alerted};
use crate::{
    net::GuardedClients,
    sink::{CertificatesSeen, certificates_of},
    store::{Destination, InstanceCertificateAlert, OpenTroubles, StoreError, StoredAlertSettings, TroubleChange},
};

impl Alerts {
    /// Of destinations, and of the whole instance. Whether administrators are notified of something.
    pub(super) async fn look_at_certificates(
        &self,
        settings: &StoredAlertSettings,
        destinations: &[Destination],
        open: &OpenTroubles,
    ) -> Result<bool, StoreError> {
        let mut is_notified = self.look_at_instance_certificates(settings, open).await?;
        for destination in destinations {
            let seen = needed_certificates(destination, &self.clients);
            for (holder, seen) in [
                (CertificateHolder::Client, seen.client),
                (CertificateHolder::Server, seen.server),
                (CertificateHolder::Ca, seen.ca),
            ] {
                let is_about = |(id, of, _): &&(_, CertificateHolder, _)| *id == destination.id && *of == holder;
                let stored = open.certificates.iter().find(is_about).map(|(.., alert)| *alert);
                if let Some((change, news)) = self.look_at_certificate(destination, holder, stored, seen) {
                    is_notified |= news.is_some();
                    self.store(settings, change, news).await?;
                }
            }
        }
        Ok(is_notified)
    }

    async fn look_at_instance_certificates(
        &self,
        settings: &StoredAlertSettings,
        open: &OpenTroubles,
    ) -> Result<bool, StoreError> {
        let (certificates, mut is_notified) = (self.certificates.all(), false);
        for certificate in &certificates {
            let stored = open
                .instance_certificates
                .iter()
                .find(|alert| alert.is_about(certificate));
            if let Some((change, news)) = self.look_at_instance_certificate(certificate, stored) {
                is_notified |= news.is_some();
                self.store(settings, change, news).await?;
            }
        }
        let is_gone = |alert: &&InstanceCertificateAlert| !certificates.iter().any(|one| alert.is_about(one));
        for gone in open.instance_certificates.iter().filter(is_gone) {
            self.store(settings, TroubleChange::InstanceCertificateGone(gone.clone()), None)
                .await?;
        }
        Ok(is_notified)
    }

    fn look_at_instance_certificate(
        &self,
        certificate: &InstanceCertificate,
        stored: Option<&InstanceCertificateAlert>,
    ) -> Option<(TroubleChange, Option<AlertNews>)> {
        let InstanceCertificate { holder, name, validity } = certificate;
        let now = self.clock.now();
        if holder.is_in_collection() && stored.is_none() && validity.until <= now {
            return None;
        }
        let changed = |alert| {
            let (holder, name) = (*holder, name.clone());
            TroubleChange::InstanceCertificate(InstanceCertificateAlert { holder, name, alert })
        };
        let stored = stored.map(|stored| stored.alert);
        match step_certificate(*holder, stored, CertificateSeen::Valid(*validity), now) {
            CertificateStep::Leave => None,
            CertificateStep::Store(alert) => Some((changed(alert), None)),
            CertificateStep::Raise(alert) => {
                let news = AlertNews::InstanceCertificateExpiring {
                    holder: *holder,
                    name: name.clone(),
                    expires_at: alert.expires_at,
                    notified_at: now,
                };
                Some((changed(alert), Some(news)))
            }
        }
    }

    fn look_at_certificate(
        &self,
        destination: &Destination,
        holder: CertificateHolder,
        stored: Option<CertificateAlert>,
        seen: CertificateSeen,
    ) -> Option<(TroubleChange, Option<AlertNews>)> {
        let (id, now) = (destination.id, self.clock.now());
        match step_certificate(holder, stored, seen, now) {
            CertificateStep::Leave => None,
            CertificateStep::Store(alert) => Some((TroubleChange::Certificate(id, holder, alert), None)),
            CertificateStep::Raise(alert) => {
                let news = AlertNews::CertificateExpiring {
                    stream: alerted(destination),
                    holder,
                    expires_at: alert.expires_at,
                    notified_at: now,
                };
                Some((TroubleChange::Certificate(id, holder, alert), Some(news)))
            }
        }
    }
}

/// The certificates that the stream needs to be valid: none while it is inactive, and not those of the server and its CAs if nobody verifies
/// them.
fn needed_certificates(destination: &Destination, clients: &GuardedClients) -> CertificatesSeen {
    let none = CertificateSeen::None;
    if !destination.stream_state.active {
        return CertificatesSeen {
            ca: none,
            client: none,
            server: none,
        };
    }
    let seen = certificates_of(&destination.target, clients);
    match TlsSettings::skips_verification(&destination.target.values) {
        true => CertificatesSeen {
            ca: none,
            server: none,
            ..seen
        },
        false => seen,
    }
}

//! Looking at the certificates of destinations: ours, and those that servers show.

use domain::{
    alerts::{AlertNews, CertificateAlert, CertificateHolder, CertificateSeen, CertificateStep, step_certificate},
    destination::TlsSettings,
};

use super::{Alerts, alerted};
use crate::{
    net::GuardedClients,
    sink::{CertificatesSeen, certificates_of},
    store::{Destination, OpenTroubles, StoreError, StoredAlertSettings, TroubleChange},
};

impl Alerts {
    /// Whether administrators are notified of something.
    pub(super) async fn look_at_certificates(
        &self,
        settings: &StoredAlertSettings,
        destinations: &[Destination],
        open: &OpenTroubles,
    ) -> Result<bool, StoreError> {
        let mut is_notified = false;
        for destination in destinations {
            let seen = needed_certificates(destination, &self.clients);
            for (holder, seen) in [
                (CertificateHolder::Client, seen.client),
                (CertificateHolder::Server, seen.server),
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

/// The certificates that the stream needs to be valid: none while it is inactive, and not that of the server if nobody verifies it.
fn needed_certificates(destination: &Destination, clients: &GuardedClients) -> CertificatesSeen {
    let none = CertificateSeen::None;
    if !destination.stream_state.active {
        return CertificatesSeen {
            client: none,
            server: none,
        };
    }
    let seen = certificates_of(&destination.target, clients);
    match TlsSettings::skips_verification(&destination.target.values) {
        true => CertificatesSeen { server: none, ..seen },
        false => seen,
    }
}

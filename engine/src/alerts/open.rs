//! The alerts that are open.

use domain::{
    Timestamp,
    alerts::{CertificateAlert, CertificateHolder},
    ids::DestinationId,
};

#[cfg(test)]
use super::LookError;
use crate::{Engine, admin::AdminError};

/// An alert about a stream that administrators were notified of and that is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenAlert {
    /// The destination whose stream it is about.
    pub destination: DestinationId,
    /// When the problem started.
    pub since: Timestamp,
    /// When the alert was raised.
    pub raised_at: Timestamp,
}

/// A certificate that administrators were notified of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiringCertificate {
    /// The destination that it is about.
    pub destination: DestinationId,
    /// Whose certificate it is.
    pub holder: CertificateHolder,
    /// The certificate, and when they were notified.
    pub alert: CertificateAlert,
}

/// A certificate of the whole instance that administrators were notified of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpiringInstanceCertificate {
    /// Which one.
    pub holder: CertificateHolder,
    /// What it is for, or the subject of the CA.
    pub name: String,
    /// The certificate, and when they were notified.
    pub alert: CertificateAlert,
}

/// The open alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenAlerts {
    /// Streams that fail.
    pub streams: Vec<OpenAlert>,
    /// Streams with parked events; `since` is when administrators were notified.
    pub parked: Vec<OpenAlert>,
    /// Certificates that expire soon.
    pub certificates: Vec<ExpiringCertificate>,
    /// The same, of the whole instance.
    pub instance_certificates: Vec<ExpiringInstanceCertificate>,
    /// When administrators were notified that events leave the log before the retention age.
    pub pruning_raised_at: Option<Timestamp>,
    /// When administrators were notified that undelivered events fill the log.
    pub log_raised_at: Option<Timestamp>,
}

impl Engine {
    /// The open alerts, by destination.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub(crate) async fn open_alerts(&self) -> Result<OpenAlerts, AdminError> {
        let open = self.database().open_troubles().await?;
        let streams = open.streams.into_iter().filter_map(|(destination, trouble)| {
            Some(OpenAlert {
                destination,
                since: trouble.since,
                raised_at: trouble.raised_at?,
            })
        });
        let parked = open.parked.into_iter().map(|(destination, alert)| OpenAlert {
            destination,
            since: alert.raised_at,
            raised_at: alert.raised_at,
        });
        let certificates = open.certificates.into_iter();
        let certificates = certificates.filter(|(.., alert)| alert.over_since.is_none());
        let certificates = certificates.map(|(destination, holder, alert)| ExpiringCertificate {
            destination,
            holder,
            alert,
        });
        let of_instance = open.instance_certificates.into_iter();
        let of_instance = of_instance.filter(|stored| stored.alert.over_since.is_none());
        let of_instance = of_instance.map(|stored| ExpiringInstanceCertificate {
            holder: stored.holder,
            name: stored.name,
            alert: stored.alert,
        });
        Ok(OpenAlerts {
            instance_certificates: of_instance.collect(),
            certificates: certificates.collect(),
            streams: streams.collect(),
            parked: parked.collect(),
            pruning_raised_at: open.pruning.raised_at,
            log_raised_at: open.log_raised_at,
        })
    }

    /// Checks every stream and the log once, as the engine does every other second.
    ///
    /// # Errors
    /// [`LookError`]; the next look makes good what was left undone.
    #[cfg(test)]
    pub(crate) async fn look_for_alerts(&self) -> Result<(), LookError> {
        self.alerts().look().await
    }
}

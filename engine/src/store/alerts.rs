//! Alerts: current problems, and the notices that are still to be sent. A change of an alert, its audit event and its notices are stored in
//! one transaction.

mod notices;
mod settings;

use domain::{
    Timestamp,
    alerts::{CertificateAlert, CertificateHolder, InstanceCertificate, ParkedAlert, PruningAlert, StreamTrouble},
    ids::DestinationId,
};
use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};

use self::notices::insert_notice;
pub(crate) use self::{
    notices::{Channel, Notice},
    settings::StoredAlertSettings,
};
use super::{Database, StoreError, instance_events::insert_instance_event};
use crate::instance_events::Recorded;

/// All current problems, whether administrators were notified or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OpenTroubles {
    /// By destination.
    pub streams: Vec<(DestinationId, StreamTrouble)>,
    /// Destinations of which administrators were notified that events are parked.
    pub parked: Vec<(DestinationId, ParkedAlert)>,
    /// Certificates that administrators were notified of, also those that are over.
    pub certificates: Vec<(DestinationId, CertificateHolder, CertificateAlert)>,
    /// The same, of the whole instance.
    pub instance_certificates: Vec<InstanceCertificateAlert>,
    pub pruning: PruningAlert,
    /// When administrators were notified that undelivered events fill the log.
    pub log_raised_at: Option<Timestamp>,
}

/// A certificate of the whole instance that administrators were notified of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InstanceCertificateAlert {
    pub holder: CertificateHolder,
    pub name: String,
    pub alert: CertificateAlert,
}

impl InstanceCertificateAlert {
    /// Whether it is about this one.
    pub(crate) fn is_about(&self, certificate: &InstanceCertificate) -> bool {
        (self.holder, &self.name, self.alert.expires_at)
            == (certificate.holder, &certificate.name, certificate.validity.until)
    }
}

/// What changes about one alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TroubleChange {
    Stream(DestinationId, StreamTrouble),
    StreamOver(DestinationId),
    Parked(DestinationId, ParkedAlert),
    ParkedOver(DestinationId),
    Certificate(DestinationId, CertificateHolder, CertificateAlert),
    InstanceCertificate(InstanceCertificateAlert),
    /// It is not in use any more.
    InstanceCertificateGone(InstanceCertificateAlert),
    Pruning(PruningAlert),
    Log {
        raised_at: Timestamp,
    },
    LogOver,
}

/// What is stored with a change of which administrators are notified.
#[derive(Clone, Debug)]
pub(crate) struct Notification {
    pub instance_event: Recorded,
    pub notices: Vec<Notice>,
}

impl Database {
    pub(crate) async fn open_troubles(&self) -> Result<OpenTroubles, StoreError> {
        let rows = sqlx::query("SELECT * FROM stream_troubles ORDER BY destination_id")
            .fetch_all(self.read()?)
            .await?;
        let parked = sqlx::query("SELECT * FROM parked_alerts ORDER BY destination_id")
            .fetch_all(self.read()?)
            .await?;
        let certificates = sqlx::query("SELECT * FROM certificate_alerts ORDER BY destination_id, holder")
            .fetch_all(self.read()?)
            .await?;
        let of_instance =
            sqlx::query("SELECT * FROM instance_certificate_alerts ORDER BY holder DESC, expires_at, name")
                .fetch_all(self.read()?)
                .await?;
        let pruning = sqlx::query("SELECT * FROM pruning_alerts")
            .fetch_optional(self.read()?)
            .await?;
        let log_raised_at: Option<i64> = sqlx::query_scalar("SELECT raised_at FROM log_alerts")
            .fetch_optional(self.read()?)
            .await?;
        Ok(OpenTroubles {
            streams: rows.iter().map(read_trouble).collect(),
            parked: parked.iter().map(read_parked).collect(),
            certificates: certificates.iter().filter_map(read_certificate).collect(),
            instance_certificates: of_instance.iter().filter_map(read_instance_certificate).collect(),
            pruning: pruning.as_ref().map_or_else(PruningAlert::default, read_pruning),
            log_raised_at: log_raised_at.map(Timestamp::from_unix_ms),
        })
    }

    /// Stores a change together with its notification. Nothing is stored for a deleted destination.
    pub(crate) async fn change_trouble(
        &self,
        change: TroubleChange,
        notification: Option<&Notification>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        if !apply(&mut transaction, change).await? {
            return Ok(());
        }
        if let Some(notification) = notification {
            insert_instance_event(&mut transaction, &notification.instance_event).await?;
            for notice in &notification.notices {
                insert_notice(&mut transaction, notice).await?;
            }
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// False if there is nothing that could be changed.
async fn apply(transaction: &mut Transaction<'static, Sqlite>, change: TroubleChange) -> Result<bool, StoreError> {
    let query = match change {
        TroubleChange::Stream(destination, trouble) => sqlx::query(
            "INSERT INTO stream_troubles (destination_id, since, raised_at, calm_since) \
             SELECT id, ?2, ?3, ?4 FROM destinations WHERE id = ?1 \
             ON CONFLICT (destination_id) DO UPDATE SET since = excluded.since, raised_at = excluded.raised_at, \
             calm_since = excluded.calm_since",
        )
        .bind(destination.get())
        .bind(trouble.since.unix_ms())
        .bind(trouble.raised_at.map(Timestamp::unix_ms))
        .bind(trouble.calm_since.map(Timestamp::unix_ms)),
        TroubleChange::StreamOver(destination) => {
            sqlx::query("DELETE FROM stream_troubles WHERE destination_id = ?").bind(destination.get())
        }
        TroubleChange::Parked(destination, alert) => sqlx::query(
            "INSERT INTO parked_alerts (destination_id, raised_at, reported) SELECT id, ?2, ?3 FROM destinations \
             WHERE id = ?1 \
             ON CONFLICT (destination_id) DO UPDATE SET raised_at = excluded.raised_at, reported = excluded.reported",
        )
        .bind(destination.get())
        .bind(alert.raised_at.unix_ms())
        .bind(i64::try_from(alert.reported).unwrap_or(i64::MAX)),
        TroubleChange::ParkedOver(destination) => {
            sqlx::query("DELETE FROM parked_alerts WHERE destination_id = ?").bind(destination.get())
        }
        TroubleChange::Certificate(destination, holder, alert) => sqlx::query(
            "INSERT INTO certificate_alerts (destination_id, holder, expires_at, days, raised_at, over_since) \
             SELECT id, ?2, ?3, ?4, ?5, ?6 FROM destinations WHERE id = ?1 \
             ON CONFLICT (destination_id, holder) DO UPDATE SET expires_at = excluded.expires_at, days = excluded.days, \
             raised_at = excluded.raised_at, over_since = excluded.over_since",
        )
        .bind(destination.get())
        .bind(holder.as_str())
        .bind(alert.expires_at.unix_ms())
        .bind(i64::from(alert.days))
        .bind(alert.raised_at.unix_ms())
        .bind(alert.over_since.map(Timestamp::unix_ms)),
        TroubleChange::InstanceCertificate(InstanceCertificateAlert { holder, name, alert }) => sqlx::query(
            "INSERT INTO instance_certificate_alerts (holder, name, expires_at, days, raised_at, over_since) \
             VALUES (?, ?, ?, ?, ?, ?) \
             ON CONFLICT (holder, name, expires_at) DO UPDATE SET days = excluded.days, raised_at = excluded.raised_at, \
             over_since = excluded.over_since",
        )
        .bind(holder.as_str())
        .bind(name)
        .bind(alert.expires_at.unix_ms())
        .bind(i64::from(alert.days))
        .bind(alert.raised_at.unix_ms())
        .bind(alert.over_since.map(Timestamp::unix_ms)),
        TroubleChange::InstanceCertificateGone(InstanceCertificateAlert { holder, name, alert }) => {
            sqlx::query("DELETE FROM instance_certificate_alerts WHERE holder = ? AND name = ? AND expires_at = ?")
                .bind(holder.as_str())
                .bind(name)
                .bind(alert.expires_at.unix_ms())
        }
        TroubleChange::Pruning(alert) => sqlx::query(
            "INSERT INTO pruning_alerts (id, reported, raised_at) VALUES (1, ?, ?) \
             ON CONFLICT (id) DO UPDATE SET reported = excluded.reported, raised_at = excluded.raised_at",
        )
        .bind(i64::try_from(alert.reported).unwrap_or(i64::MAX))
        .bind(alert.raised_at.map(Timestamp::unix_ms)),
        TroubleChange::Log { raised_at } => {
            sqlx::query("INSERT INTO log_alerts (id, raised_at) VALUES (1, ?) ON CONFLICT DO NOTHING")
                .bind(raised_at.unix_ms())
        }
        TroubleChange::LogOver => sqlx::query("DELETE FROM log_alerts"),
    };
    Ok(query.execute(&mut **transaction).await?.rows_affected() > 0)
}

fn read_trouble(row: &SqliteRow) -> (DestinationId, StreamTrouble) {
    let moment = |column| row.get::<Option<i64>, _>(column).map(Timestamp::from_unix_ms);
    let trouble = StreamTrouble {
        since: Timestamp::from_unix_ms(row.get("since")),
        raised_at: moment("raised_at"),
        calm_since: moment("calm_since"),
    };
    (DestinationId::new(row.get("destination_id")), trouble)
}

fn read_parked(row: &SqliteRow) -> (DestinationId, ParkedAlert) {
    let reported: i64 = row.get("reported");
    let alert = ParkedAlert {
        raised_at: Timestamp::from_unix_ms(row.get("raised_at")),
        reported: u64::try_from(reported).unwrap_or(0),
    };
    (DestinationId::new(row.get("destination_id")), alert)
}

/// Every holder that can be stored is known.
fn read_certificate(row: &SqliteRow) -> Option<(DestinationId, CertificateHolder, CertificateAlert)> {
    let holder = CertificateHolder::parse(row.get("holder"))?;
    Some((DestinationId::new(row.get("destination_id")), holder, read_alert(row)))
}

fn read_instance_certificate(row: &SqliteRow) -> Option<InstanceCertificateAlert> {
    Some(InstanceCertificateAlert {
        holder: CertificateHolder::parse(row.get("holder"))?,
        name: row.get("name"),
        alert: read_alert(row),
    })
}

fn read_alert(row: &SqliteRow) -> CertificateAlert {
    let days: i64 = row.get("days");
    CertificateAlert {
        expires_at: Timestamp::from_unix_ms(row.get("expires_at")),
        days: u32::try_from(days).unwrap_or(0),
        raised_at: Timestamp::from_unix_ms(row.get("raised_at")),
        over_since: row.get::<Option<i64>, _>("over_since").map(Timestamp::from_unix_ms),
    }
}

fn read_pruning(row: &SqliteRow) -> PruningAlert {
    let reported: i64 = row.get("reported");
    PruningAlert {
        reported: u64::try_from(reported).unwrap_or(0),
        raised_at: row.get::<Option<i64>, _>("raised_at").map(Timestamp::from_unix_ms),
    }
}

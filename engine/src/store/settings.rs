//! What administrators chose on the settings pages.

use domain::settings::{AllowEntry, LogSize, RetentionDays, parse_allowlist};
use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};

use super::{Database, StoreError, UpdateError, instance_events::insert_instance_events};
use crate::instance_events::Recorded;

/// What is stored about the network. None stands at its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredNetwork {
    /// Grows with every change.
    pub version: i64,
    pub allow_local_network: Option<bool>,
    pub allowlist: Option<Vec<AllowEntry>>,
}

/// What is stored about retention. None stands at its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredRetention {
    /// Grows with every change.
    pub version: i64,
    pub days: Option<RetentionDays>,
    pub log_size: Option<LogSize>,
}

impl Database {
    pub(crate) async fn read_settings(&self) -> Result<(StoredNetwork, StoredRetention), StoreError> {
        let row = sqlx::query("SELECT * FROM settings").fetch_one(self.read()?).await?;
        Ok((read_network(&row)?, read_retention(&row)?))
    }

    /// Stores new network settings in the place of those at `new.version`, with the instance events about it.
    ///
    /// # Errors
    /// [`UpdateError::ChangedMeanwhile`], or the store's failure; nothing was stored.
    pub(crate) async fn update_network(
        &self,
        new: &StoredNetwork,
        instance_events: &[Recorded],
    ) -> Result<StoredNetwork, UpdateError> {
        let entries = |list: &Vec<AllowEntry>| list.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        let mut transaction = self.write().await?;
        let row = sqlx::query(
            "UPDATE settings SET network_version = network_version + 1, allow_local_network = ?, network_allowlist = ? \
             WHERE network_version = ? RETURNING *",
        )
        .bind(new.allow_local_network)
        .bind(new.allowlist.as_ref().map(entries))
        .bind(new.version)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(StoreError::from)?;
        let stored = read_network(&row.ok_or(UpdateError::ChangedMeanwhile)?)?;
        commit(transaction, instance_events).await?;
        Ok(stored)
    }

    /// Stores new retention settings in the place of those at `new.version`, with the instance events about it.
    ///
    /// # Errors
    /// [`UpdateError::ChangedMeanwhile`], or the store's failure; nothing was stored.
    pub(crate) async fn update_retention(
        &self,
        new: &StoredRetention,
        instance_events: &[Recorded],
    ) -> Result<StoredRetention, UpdateError> {
        let mut transaction = self.write().await?;
        let row = sqlx::query(
            "UPDATE settings SET retention_version = retention_version + 1, retention_days = ?, log_size_limit = ? \
             WHERE retention_version = ? RETURNING *",
        )
        .bind(new.days.map(RetentionDays::get))
        .bind(new.log_size.map(|size| i64::try_from(size.bytes()).unwrap_or(i64::MAX)))
        .bind(new.version)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(StoreError::from)?;
        let stored = read_retention(&row.ok_or(UpdateError::ChangedMeanwhile)?)?;
        commit(transaction, instance_events).await?;
        Ok(stored)
    }
}

async fn commit(mut transaction: Transaction<'static, Sqlite>, instance_events: &[Recorded]) -> Result<(), StoreError> {
    insert_instance_events(&mut transaction, instance_events).await?;
    transaction.commit().await?;
    Ok(())
}

const fn unreadable(what: &'static str) -> StoreError {
    StoreError::Unreadable {
        table: "settings",
        id: 1,
        what,
    }
}

fn read_network(row: &SqliteRow) -> Result<StoredNetwork, StoreError> {
    let allowlist: Option<String> = row.get("network_allowlist");
    let allowlist = allowlist.map(|text| parse_allowlist(&text)).transpose();
    Ok(StoredNetwork {
        version: row.get("network_version"),
        allow_local_network: row.get("allow_local_network"),
        allowlist: allowlist.map_err(|_| unreadable("allowlist"))?,
    })
}

fn read_retention(row: &SqliteRow) -> Result<StoredRetention, StoreError> {
    let days: Option<u32> = row.get("retention_days");
    let log_size: Option<i64> = row.get("log_size_limit");
    let log_size = log_size.map(|bytes| {
        u64::try_from(bytes)
            .ok()
            .and_then(LogSize::new)
            .ok_or(unreadable("log size"))
    });
    Ok(StoredRetention {
        version: row.get("retention_version"),
        days: days
            .map(|days| RetentionDays::new(days).ok_or(unreadable("days")))
            .transpose()?,
        log_size: log_size.transpose()?,
    })
}

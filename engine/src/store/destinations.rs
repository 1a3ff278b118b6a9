//! Destinations as configured, with their headers and filters. Secrets are sealed; no two destinations share a name within
//! a kind, nor a URL.

mod event_types;
mod headers;

use domain::{
    Field, FieldError, Timestamp,
    destination::{
        DestinationChange, DestinationKind, DestinationName, DestinationUrl, EventFilter, NewDestination,
        VerificationToken, already_taken,
    },
    ids::{DestinationId, Seq},
};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use self::event_types::{read_filters, replace_filter};
pub use self::headers::Header;
use super::{Database, StoreError, error::is_taken, own_events::insert_own_events};
use crate::{log::LogError, own_events::Recorded, vault::Place};

/// A destination as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    pub id: DestinationId,
    /// Grows with each change.
    pub version: i64,
    pub kind: DestinationKind,
    pub name: DestinationName,
    pub url: DestinationUrl,
    pub secrets: DestinationSecrets,
    /// In the order in which they are shown; at most 20.
    pub headers: Vec<Header>,
    pub filter: EventFilter,
    pub created_at: Timestamp,
}

/// What only the receiver and this instance know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationSecrets {
    pub verification_token: VerificationToken,
    /// The key of the Standard Webhooks signature: `whsec_` and base64.
    pub signing_secret: SigningSecret,
}

/// A Standard Webhooks secret. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(String);

impl SigningSecret {
    /// `whsec_` and the base64 of 32 random bytes.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        Self(format!("whsec_{}", STANDARD.encode(bytes)))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SigningSecret(..)")
    }
}

/// Why a change of a destination was not stored.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    #[error("the destination no longer exists")]
    NotFound,
    #[error("the destination was changed in the meantime")]
    ChangedMeanwhile,
    /// A field breaks a rule that only the store or the network rules can check.
    #[error("{}", .0.message)]
    Refused(FieldError),
    #[error("an instance has at most {limit} destinations")]
    TooMany { limit: u32 },
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("the log could not be asked which event types there are")]
    Log(#[from] LogError),
}

impl Database {
    /// Every destination, oldest first.
    pub async fn list_destinations(&self) -> Result<Vec<Destination>, StoreError> {
        // One transaction: the parts of a destination are of one version.
        let mut snapshot = self.read().begin().await?;
        self.read_destinations(&mut snapshot).await
    }

    pub async fn find_destination(&self, id: DestinationId) -> Result<Option<Destination>, StoreError> {
        let destinations = self.list_destinations().await?;
        Ok(destinations.into_iter().find(|destination| destination.id == id))
    }

    /// There are never many destinations, so one is found among all.
    async fn find_in(&self, connection: &mut SqliteConnection, id: DestinationId) -> Result<Destination, UpdateError> {
        let destinations = self.read_destinations(connection).await?;
        let found = destinations.into_iter().find(|destination| destination.id == id);
        found.ok_or(UpdateError::NotFound)
    }

    async fn read_destinations(&self, connection: &mut SqliteConnection) -> Result<Vec<Destination>, StoreError> {
        let mut headers = self.read_headers(connection).await?;
        let mut filters = read_filters(connection).await?;
        let rows = sqlx::query("SELECT * FROM destinations ORDER BY id")
            .fetch_all(connection)
            .await?;
        let destinations = rows.iter().map(|row| {
            let destination = self.read_destination(row)?;
            Ok(Destination {
                headers: headers.remove(&destination.id).unwrap_or_default(),
                filter: filters.remove(&destination.id).unwrap_or_default(),
                ..destination
            })
        });
        destinations.collect()
    }

    /// Stores a destination whose stream begins after `start`, together with the own events made from its id.
    pub async fn insert_destination(
        &self,
        new: &NewDestination,
        secrets: &DestinationSecrets,
        start: Seq,
        limit: u32,
        now: Timestamp,
        own_events: impl FnOnce(DestinationId) -> Vec<Recorded> + Send,
    ) -> Result<Destination, UpdateError> {
        let mut transaction = self.write().await?;
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM destinations")
            .fetch_one(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
        if count >= i64::from(limit) {
            return Err(UpdateError::TooMany { limit });
        }
        let inserted = sqlx::query(
            "INSERT INTO destinations (kind, name, url, verification_token_sealed, signing_secret_sealed, created_at, updated_at) \
             VALUES (?, ?, ?, x'', x'', ?, ?)",
        )
        .bind(DestinationKind::Http.as_str())
        .bind(new.name.as_str())
        .bind(new.url.as_str())
        .bind(now.unix_ms())
        .bind(now.unix_ms())
        .execute(&mut *transaction)
        .await
        .map_err(taken)?;
        let id = DestinationId::new(inserted.last_insert_rowid());
        // The ciphertexts are bound to the row's id, which is known only now.
        let token = self.vault.seal(token_place(id), secrets.verification_token.expose());
        let signing = self.vault.seal(signing_place(id), secrets.signing_secret.expose());
        sqlx::query("UPDATE destinations SET verification_token_sealed = ?, signing_secret_sealed = ? WHERE id = ?")
            .bind(token.map_err(StoreError::from)?)
            .bind(signing.map_err(StoreError::from)?)
            .bind(id.get())
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
        sqlx::query("INSERT INTO cursors (destination_id, acked_seq) VALUES (?, ?)")
            .bind(id.get())
            .bind(start.get())
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
        let headers = self.replace_headers(&mut transaction, id, &[], &new.headers).await?;
        replace_filter(&mut transaction, id, &new.filter).await?;
        insert_own_events(&mut transaction, &own_events(id)).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(Destination {
            id,
            version: 1,
            kind: DestinationKind::Http,
            name: new.name.clone(),
            url: new.url.clone(),
            secrets: secrets.clone(),
            headers,
            filter: new.filter.clone(),
            created_at: now,
        })
    }

    /// Stores a change of the destination as it was at `version`. The own events are made from what it was before.
    pub async fn update_destination(
        &self,
        id: DestinationId,
        version: i64,
        change: &DestinationChange,
        now: Timestamp,
        own_events: impl FnOnce(&Destination) -> Vec<Recorded> + Send,
    ) -> Result<Destination, UpdateError> {
        let mut transaction = self.write().await?;
        let before = self.find_in(&mut transaction, id).await?;
        if before.version != version {
            return Err(UpdateError::ChangedMeanwhile);
        }
        sqlx::query("UPDATE destinations SET name = ?, version = version + 1, updated_at = ? WHERE id = ?")
            .bind(change.name.as_str())
            .bind(now.unix_ms())
            .bind(id.get())
            .execute(&mut *transaction)
            .await
            .map_err(taken)?;
        let headers = self
            .replace_headers(&mut transaction, id, &before.headers, &change.headers)
            .await?;
        replace_filter(&mut transaction, id, &change.filter).await?;
        insert_own_events(&mut transaction, &own_events(&before)).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(Destination {
            version: version + 1,
            name: change.name.clone(),
            headers,
            filter: change.filter.clone(),
            ..before
        })
    }

    /// Removes a destination with its headers, filter, cursor, refused events and attempts.
    pub async fn delete_destination(
        &self,
        id: DestinationId,
        own_event: impl FnOnce(&Destination) -> Recorded + Send,
    ) -> Result<(), UpdateError> {
        let mut transaction = self.write().await?;
        let deleted = self.find_in(&mut transaction, id).await?;
        sqlx::query("DELETE FROM destinations WHERE id = ?")
            .bind(id.get())
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
        insert_own_events(&mut transaction, &[own_event(&deleted)]).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(())
    }

    /// All but the headers and the filter, which are in tables of their own.
    fn read_destination(&self, row: &SqliteRow) -> Result<Destination, StoreError> {
        let row_id: i64 = row.get("id");
        let id = DestinationId::new(row_id);
        let unreadable = |what| StoreError::Unreadable {
            table: "destinations",
            id: row_id,
            what,
        };
        let token = self.vault.open(token_place(id), row.get("verification_token_sealed"))?;
        let signing = self.vault.open(signing_place(id), row.get("signing_secret_sealed"))?;
        let kind = match row.get("kind") {
            "http" => DestinationKind::Http,
            _ => return Err(unreadable("kind")),
        };
        Ok(Destination {
            id,
            version: row.get("version"),
            kind,
            name: DestinationName::parse(row.get("name")).map_err(|_| unreadable("name"))?,
            url: DestinationUrl::parse(row.get("url")).map_err(|_| unreadable("url"))?,
            secrets: DestinationSecrets {
                verification_token: VerificationToken::parse(&token).map_err(|_| unreadable("verification token"))?,
                signing_secret: SigningSecret(signing),
            },
            headers: Vec::new(),
            filter: EventFilter::default(),
            created_at: Timestamp::from_unix_ms(row.get("created_at")),
        })
    }
}

const fn token_place(id: DestinationId) -> Place {
    Place {
        table: "destinations",
        column: "verification_token",
        row: id.get(),
    }
}

const fn signing_place(id: DestinationId) -> Place {
    Place {
        table: "destinations",
        column: "signing_secret",
        row: id.get(),
    }
}

/// The one place where a broken constraint becomes an error at its field.
fn taken(error: sqlx::Error) -> UpdateError {
    if is_taken(&error, "destinations.kind, destinations.name") {
        UpdateError::Refused(already_taken(Field::Name))
    } else if is_taken(&error, "destinations.url") {
        UpdateError::Refused(already_taken(Field::Url))
    } else {
        UpdateError::Store(error.into())
    }
}

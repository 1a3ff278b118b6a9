//! Destinations as configured, with their fields, headers and filters. Secrets are sealed; no two destinations of a kind share
//! a name or the place where their events go.

mod admission;
mod error;
mod event_types;
mod fields;
mod headers;
mod idempotency;
mod namespaces;
mod previous;
mod rotation;
mod stream_state;
mod target;

use domain::{
    Field, FieldErrors, Timestamp,
    destination::{DestinationKind, DestinationName, DestinationSettings, EventFilter, StreamState, already_taken},
    ids::{DestinationId, Seq},
    instance_event::Subject,
};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction, sqlite::SqliteRow};

pub(super) use self::stream_state::read_spans;
pub(crate) use self::{admission::Admission, error::UpdateError, rotation::Rotation};
use self::{
    error::unreadable,
    event_types::{read_filters, replace_filter},
    fields::{StoredValue, read_values},
    idempotency::{find_repeated, remember},
    namespaces::{read_namespaces, replace_namespaces},
    previous::read_previous,
    stream_state::store_stream_state,
};
pub use self::{
    headers::Header, idempotency::IdempotencyKey, namespaces::Namespace, previous::PreviousSecret, target::Target,
};
use super::{Database, StoreError, instance_events::insert_instance_events};
use crate::instance_events::Recorded;

/// A destination as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Id of the destination.
    pub id: DestinationId,
    /// Grows with each change.
    pub version: i64,
    /// Name of the destination; no other destination has it.
    pub name: DestinationName,
    /// Where events are sent.
    pub target: Target,
    /// Which event types are sent.
    pub filter: EventFilter,
    /// By path; none admits the events of every group and project.
    pub namespaces: Vec<Namespace>,
    /// Whether it is active, and whether it is paused.
    pub stream_state: StreamState,
    /// When it was added.
    pub created_at: Timestamp,
    /// When its settings were last changed.
    pub updated_at: Timestamp,
}

impl Destination {
    /// As instance events name it.
    pub fn subject(&self) -> Subject {
        Subject::destination(self.id, self.target.kind(), self.name.as_str())
    }
}

/// A destination to be stored, and under which conditions.
#[derive(Clone, Debug)]
pub(crate) struct NewDestination<'a> {
    pub settings: &'a DestinationSettings,
    /// Secrets included.
    pub target: &'a Target,
    /// What the network rules or the sink refuse; not stored unless empty.
    pub refused: FieldErrors,
    /// The key by which a repeated request is recognised.
    pub key: Option<&'a IdempotencyKey>,
    /// Its stream begins after this position.
    pub start: Seq,
    /// Destinations that an instance may have.
    pub limit: u32,
    pub now: Timestamp,
}

/// A change of a destination.
#[derive(Clone, Debug)]
pub(crate) struct ChangedDestination<'a> {
    pub settings: &'a DestinationSettings,
    /// What the network rules or the sink refuse; not stored unless empty.
    pub refused: FieldErrors,
    pub now: Timestamp,
}

/// What came of a request to add a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Insertion {
    Stored(Box<Destination>),
    /// The same request was carried out before and made this one, which may have gone since.
    Repeated(DestinationId),
}

impl Database {
    /// Every destination, oldest first.
    pub(crate) async fn list_destinations(&self) -> Result<Vec<Destination>, StoreError> {
        // One transaction: the parts of a destination are of one version.
        let mut snapshot = self.read()?.begin().await?;
        self.read_destinations(&mut snapshot).await
    }

    pub(crate) async fn count_destinations(&self) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM destinations")
            .fetch_one(self.read()?)
            .await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    pub(crate) async fn find_destination(&self, id: DestinationId) -> Result<Option<Destination>, StoreError> {
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
        let mut values = read_values(connection).await?;
        let mut previous = read_previous(connection).await?;
        let mut headers = self.read_headers(connection).await?;
        let mut filters = read_filters(connection).await?;
        let mut namespaces = read_namespaces(connection).await?;
        let rows = sqlx::query("SELECT * FROM destinations ORDER BY id")
            .fetch_all(connection)
            .await?;
        let destinations = rows.iter().map(|row| {
            let id = DestinationId::new(row.get("id"));
            let filter = filters.remove(&id).unwrap_or_default();
            let namespaces = namespaces.remove(&id).unwrap_or_default();
            let target = self.read_target(row, values.remove(&id).unwrap_or_default())?;
            let target = Target {
                headers: headers.remove(&id).unwrap_or_default(),
                previous: self.open_previous(id, target.kind, previous.remove(&id).unwrap_or_default())?,
                ..target
            };
            read_destination(row, target, filter, namespaces)
        });
        destinations.collect()
    }

    /// All but the headers and previous secrets.
    fn read_target(&self, row: &SqliteRow, values: Vec<StoredValue>) -> Result<Target, StoreError> {
        let id: i64 = row.get("id");
        let kind = DestinationKind::parse(row.get("kind")).ok_or_else(|| unreadable(id, "kind"))?;
        Ok(Target {
            kind,
            values: self.open_values(DestinationId::new(id), kind, values)?,
            headers: Vec::new(),
            previous: Vec::new(),
        })
    }

    /// Stores a destination together with the instance events made from its id; unless its key says that this was done before.
    pub(crate) async fn insert_destination(
        &self,
        new: &NewDestination<'_>,
        instance_events: impl FnOnce(DestinationId) -> Vec<Recorded> + Send,
    ) -> Result<Insertion, UpdateError> {
        let NewDestination {
            settings,
            key,
            start,
            now,
            ..
        } = new;
        let (start, now) = (*start, *now);
        let mut transaction = self.write().await?;
        if let Some(key) = key
            && let Some(made) = find_repeated(&mut transaction, key, now).await?
        {
            return Ok(Insertion::Repeated(made));
        }
        let id = self.insert_row(&mut transaction, new).await?;
        let target = self.store_target(&mut transaction, id, new.target.clone()).await?;
        replace_filter(&mut transaction, id, &settings.filter).await?;
        let namespaces = replace_namespaces(&mut transaction, id, &[], &settings.namespaces).await?;
        let stream_state = settings.stream_state.unwrap_or_default();
        store_stream_state(&mut transaction, id, None, stream_state, || start, now).await?;
        if let Some(key) = key {
            remember(&mut transaction, key, id, now).await?;
        }
        insert_instance_events(&mut transaction, &instance_events(id)).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(Insertion::Stored(Box::new(Destination {
            id,
            version: 1,
            name: settings.name.clone(),
            target,
            filter: settings.filter.clone(),
            namespaces,
            stream_state,
            created_at: now,
            updated_at: now,
        })))
    }

    /// Stores a change of the destination as it was at `version`. `position` returns that of the newest event, asked for when
    /// nobody else can write any more. The instance events are made from what it was before.
    pub(crate) async fn update_destination(
        &self,
        id: DestinationId,
        version: i64,
        change: ChangedDestination<'_>,
        position: impl Fn() -> Seq + Send,
        instance_events: impl FnOnce(&Destination) -> Vec<Recorded> + Send,
    ) -> Result<Destination, UpdateError> {
        let ChangedDestination {
            settings: change,
            refused,
            now,
        } = change;
        let mut transaction = self.write().await?;
        let before = self.find_in(&mut transaction, id).await?;
        if before.version != version {
            return Err(UpdateError::ChangedMeanwhile);
        }
        let target = Target::merged(&change.target, Some(&before.target))?;
        self.refuse_taken(&mut transaction, &change.name, &target, Some(id), refused)
            .await?;
        sqlx::query(
            "UPDATE destinations SET name = ?, identity_digest = ?, version = version + 1, updated_at = ? WHERE id = ?",
        )
        .bind(change.name.as_str())
        .bind(self.vault.digest(&target.identity()))
        .bind(now.unix_ms())
        .bind(id.get())
        .execute(&mut *transaction)
        .await
        .map_err(StoreError::from)?;
        let target = self.store_target(&mut transaction, id, target).await?;
        replace_filter(&mut transaction, id, &change.filter).await?;
        let namespaces = replace_namespaces(&mut transaction, id, &before.namespaces, &change.namespaces).await?;
        if before.filter != change.filter || before.namespaces != namespaces {
            note_filter_change(&mut transaction, id, position()).await?;
        }
        let stream_state = change.stream_state.unwrap_or(before.stream_state);
        store_stream_state(
            &mut transaction,
            id,
            Some(before.stream_state),
            stream_state,
            position,
            now,
        )
        .await?;
        insert_instance_events(&mut transaction, &instance_events(&before)).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(Destination {
            version: version + 1,
            name: change.name.clone(),
            target,
            filter: change.filter.clone(),
            namespaces,
            stream_state,
            updated_at: now,
            ..before
        })
    }

    async fn store_target(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        id: DestinationId,
        target: Target,
    ) -> Result<Target, UpdateError> {
        self.replace_values(transaction, id, &target).await?;
        self.replace_previous(transaction, id, target.kind, &target.previous)
            .await?;
        let headers = self.replace_headers(transaction, id, target.headers).await?;
        Ok(Target { headers, ..target })
    }

    /// The row of a destination and its cursor, if there is room for one more.
    async fn insert_row(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        new: &NewDestination<'_>,
    ) -> Result<DestinationId, UpdateError> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM destinations")
            .fetch_one(&mut **transaction)
            .await
            .map_err(StoreError::from)?;
        if count >= i64::from(new.limit) {
            return Err(UpdateError::TooMany { limit: new.limit });
        }
        self.refuse_taken(transaction, &new.settings.name, new.target, None, new.refused.clone())
            .await?;
        let inserted = sqlx::query(
            "INSERT INTO destinations (kind, name, identity_digest, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(new.target.kind.as_str())
        .bind(new.settings.name.as_str())
        .bind(self.vault.digest(&new.target.identity()))
        .bind(new.now.unix_ms())
        .bind(new.now.unix_ms())
        .execute(&mut **transaction)
        .await
        .map_err(StoreError::from)?;
        let id = DestinationId::new(inserted.last_insert_rowid());
        sqlx::query(
            "INSERT INTO cursors (destination_id, acknowledged_seq, start_seq, filter_seq) VALUES (?1, ?2, ?2, ?2)",
        )
        .bind(id.get())
        .bind(new.start.get())
        .execute(&mut **transaction)
        .await
        .map_err(StoreError::from)?;
        Ok(id)
    }

    /// Refuses a name or a place that another destination of the kind has, together with what is refused already.
    async fn refuse_taken(
        &self,
        connection: &mut SqliteConnection,
        name: &DestinationName,
        target: &Target,
        itself: Option<DestinationId>,
        refused: FieldErrors,
    ) -> Result<(), UpdateError> {
        let others = sqlx::query(
            "SELECT name = ?1 AS same_name, identity_digest = ?2 AS same_identity FROM destinations
             WHERE kind = ?3 AND id IS NOT ?4 AND (name = ?1 OR identity_digest = ?2)",
        )
        .bind(name.as_str())
        .bind(self.vault.digest(&target.identity()))
        .bind(target.kind.as_str())
        .bind(itself.map(DestinationId::get))
        .fetch_all(connection)
        .await
        .map_err(StoreError::from)?;
        let is_taken = |column| others.iter().any(|other| other.get(column));
        let mut errors = FieldErrors::default();
        if is_taken("same_name") {
            errors.push(already_taken(target.kind, Field::Name));
        }
        errors.extend(refused);
        if is_taken("same_identity") {
            errors.push(already_taken(target.kind, target.kind.spec().taken.field));
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(UpdateError::Refused(errors))
        }
    }

    /// Removes a destination with its headers, filter, cursor, refused events and attempts; with `version`, only as it was then.
    pub(crate) async fn delete_destination(
        &self,
        id: DestinationId,
        version: Option<i64>,
        instance_event: impl FnOnce(&Destination) -> Recorded + Send,
    ) -> Result<(), UpdateError> {
        let mut transaction = self.write().await?;
        let deleted = self.find_in(&mut transaction, id).await?;
        if version.is_some_and(|version| version != deleted.version) {
            return Err(UpdateError::ChangedMeanwhile);
        }
        sqlx::query("DELETE FROM destinations WHERE id = ?")
            .bind(id.get())
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
        insert_instance_events(&mut transaction, &[instance_event(&deleted)]).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(())
    }
}

/// What the filter admitted of events up to this position is not known any more.
async fn note_filter_change(
    transaction: &mut Transaction<'static, Sqlite>,
    id: DestinationId,
    position: Seq,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE cursors SET filter_seq = ? WHERE destination_id = ?")
        .bind(position.get())
        .bind(id.get())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

fn read_destination(
    row: &SqliteRow,
    target: Target,
    filter: EventFilter,
    namespaces: Vec<Namespace>,
) -> Result<Destination, StoreError> {
    let row_id: i64 = row.get("id");
    Ok(Destination {
        id: DestinationId::new(row_id),
        version: row.get("version"),
        name: DestinationName::parse(row.get("name")).map_err(|_| unreadable(row_id, "name"))?,
        target,
        filter,
        namespaces,
        stream_state: StreamState {
            active: row.get("active"),
            paused: row.get("paused"),
        },
        created_at: Timestamp::from_unix_ms(row.get("created_at")),
        updated_at: Timestamp::from_unix_ms(row.get("updated_at")),
    })
}

//! The values of the fields that belong to a destination's kind, as stored.

use std::collections::HashMap;

use domain::{
    destination::{DestinationKind, FieldMap, FieldSpec, Input, TargetDraft},
    ids::DestinationId,
};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction};

use super::{
    super::{Database, StoreError},
    Target,
    error::unreadable,
};
use crate::vault::Place;

/// A value under the name of its field in the APIs.
pub(super) struct StoredValue {
    name: String,
    /// `None` if it is sealed.
    plain: Option<String>,
    sealed: Option<Vec<u8>>,
}

/// Those of every destination.
pub(super) async fn read_values(
    connection: &mut SqliteConnection,
) -> Result<HashMap<DestinationId, Vec<StoredValue>>, StoreError> {
    let rows = sqlx::query("SELECT * FROM destination_fields")
        .fetch_all(connection)
        .await?;
    let mut values: HashMap<_, Vec<StoredValue>> = HashMap::new();
    for row in &rows {
        let value = StoredValue {
            name: row.get("field"),
            plain: row.get("value"),
            sealed: row.get("value_sealed"),
        };
        let id = DestinationId::new(row.get("destination_id"));
        values.entry(id).or_default().push(value);
    }
    Ok(values)
}

impl Database {
    /// Every value of a destination, checked as if somebody had typed it.
    pub(super) fn open_values(
        &self,
        id: DestinationId,
        kind: DestinationKind,
        stored: Vec<StoredValue>,
    ) -> Result<FieldMap, StoreError> {
        let mut values = FieldMap::default();
        for value in stored {
            let mut fields = kind.spec().fields.iter();
            let spec = fields.find(|spec| spec.api_key == value.name);
            let spec = spec.ok_or_else(|| unreadable(id.get(), "a field that its kind does not have"))?;
            let text = match (value.plain, value.sealed) {
                (Some(plain), None) if !is_sealed(spec) => plain,
                (None, Some(sealed)) if is_sealed(spec) => self.vault.open(place(id, spec.api_key), &sealed)?,
                _ => return Err(unreadable(id.get(), spec.api_key)),
            };
            values.set(spec.field, text);
        }
        check(id, kind, values)
    }

    pub(super) async fn replace_values(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        id: DestinationId,
        target: &Target,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM destination_fields WHERE destination_id = ?")
            .bind(id.get())
            .execute(&mut **transaction)
            .await?;
        for spec in target.kind.spec().fields {
            let Some(text) = target.values.get(spec.field) else {
                continue;
            };
            let sealed = is_sealed(spec).then(|| self.vault.seal(place(id, spec.api_key), text));
            let plain = (!is_sealed(spec)).then_some(text);
            sqlx::query(
                "INSERT INTO destination_fields (destination_id, field, value, value_sealed) VALUES (?, ?, ?, ?)",
            )
            .bind(id.get())
            .bind(spec.api_key)
            .bind(plain)
            .bind(sealed.transpose()?)
            .execute(&mut **transaction)
            .await?;
        }
        Ok(())
    }
}

/// The path and the query of a URL may contain keys, and that of a proxy has a password.
const fn is_sealed(spec: &FieldSpec) -> bool {
    spec.secret.is_some() || matches!(spec.input, Input::Url { .. } | Input::Proxy)
}

/// # Errors
/// [`StoreError::Unreadable`] if a value breaks a rule of its kind, or a secret is missing.
fn check(id: DestinationId, kind: DestinationKind, values: FieldMap) -> Result<FieldMap, StoreError> {
    let is_missing = |spec: &FieldSpec| spec.is_needed_secret(&values) && values.get(spec.field).is_none();
    if let Some((spec, _)) = kind.spec().secrets().find(|(spec, _)| is_missing(spec)) {
        return Err(unreadable(id.get(), spec.api_key));
    }
    let stored = TargetDraft {
        kind,
        values,
        headers: Vec::new(),
    };
    let parsed = stored.parse(true).map_err(|errors| {
        let fields = errors.iter().filter_map(|error| kind.spec().field(error.field));
        let first = fields.map(|spec| spec.api_key).next();
        unreadable(id.get(), first.unwrap_or("what belongs to its kind"))
    })?;
    let mut values = stored.values;
    for (field, text) in parsed.values().iter() {
        values.set(field, text);
    }
    Ok(values)
}

/// Where the sealed value of a field stands.
const fn place(id: DestinationId, column: &'static str) -> Place<'static> {
    Place {
        table: "destinations",
        column,
        row: id.get(),
    }
}

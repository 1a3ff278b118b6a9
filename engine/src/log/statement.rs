//! An SQL statement under construction, with the values of its parameters.

use rusqlite::{Connection, Row, params_from_iter, types::Value};

use super::LogError;

pub(super) struct Statement {
    sql: String,
    values: Vec<Value>,
}

impl Statement {
    pub(super) fn new(sql: &str) -> Self {
        Self {
            sql: sql.to_owned(),
            values: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Adds a parameter.
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.sql.push('?');
        self.values.push(value.into());
        self
    }

    /// Adds ` IN (…)` with a parameter for each value.
    pub(super) fn push_in(&mut self, values: &[String]) -> &mut Self {
        for (index, value) in values.iter().enumerate() {
            self.push(if index == 0 { " IN (" } else { ", " }).bind(value.clone());
        }
        self.push(if values.is_empty() { " IN ()" } else { ")" })
    }

    /// Reads every row.
    ///
    /// # Errors
    /// [`LogError`] from SQLite or from `read`.
    pub(super) fn rows<T>(
        &self,
        connection: &Connection,
        mut read: impl FnMut(&Row<'_>) -> Result<T, LogError>,
    ) -> Result<Vec<T>, LogError> {
        let mut found = Vec::new();
        self.each(connection, |row| {
            found.push(read(row)?);
            Ok(true)
        })?;
        Ok(found)
    }

    /// Passes rows to `take` until it returns `false`.
    ///
    /// # Errors
    /// [`LogError`] from SQLite or from `take`.
    pub(super) fn each(
        &self,
        connection: &Connection,
        mut take: impl FnMut(&Row<'_>) -> Result<bool, LogError>,
    ) -> Result<(), LogError> {
        let mut statement = connection.prepare_cached(&self.sql)?;
        let mut rows = statement.query(params_from_iter(&self.values))?;
        while let Some(row) = rows.next()? {
            if !take(row)? {
                break;
            }
        }
        Ok(())
    }
}

//! API tokens. Only the SHA-256 of a token is stored.

use domain::{
    Timestamp,
    access::{CertificateName, Scope, TokenName},
    ids::TokenId,
};
use sqlx::{Row, sqlite::SqliteRow};

use super::{Database, StoreError, error::is_taken, instance_events::insert_instance_event};
use crate::instance_events::Recorded;

/// A token about to be stored.
pub(crate) struct NewToken {
    pub name: TokenName,
    pub key_hash: [u8; 32],
    /// At least one.
    pub scopes: Vec<Scope>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub client_certificate: Option<CertificateName>,
}

/// Why a token was not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("another token has or had this name")]
    NameTaken,
    #[error("another token, which is not revoked, has this client certificate")]
    CertificateTaken,
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for TokenError {
    fn from(error: sqlx::Error) -> Self {
        if is_taken(&error, "api_tokens.name") {
            Self::NameTaken
        } else if is_taken(&error, "api_tokens.client_certificate") {
            Self::CertificateTaken
        } else {
            Self::Store(error.into())
        }
    }
}

/// A token as stored, revoked and expired ones too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredToken {
    /// Id of the token.
    pub id: TokenId,
    /// Name of the token.
    pub name: String,
    /// What the token can be used for.
    pub scopes: Vec<Scope>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires. `None` if it does not.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked. `None` if it was not.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used. `None` if it never was.
    pub last_used_at: Option<Timestamp>,
    /// The name in client certificates that stands for it. `None` if there is none.
    pub client_certificate: Option<String>,
}

impl StoredToken {
    /// Neither revoked nor expired.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

impl Database {
    /// Stores a token together with the instance event made from its id, or nothing.
    pub(crate) async fn insert_token(
        &self,
        new: &NewToken,
        instance_event: impl FnOnce(TokenId) -> Recorded + Send,
    ) -> Result<TokenId, TokenError> {
        let scopes: Vec<&str> = new.scopes.iter().map(|scope| scope.as_str()).collect();
        let mut transaction = self.write().await?;
        let inserted = sqlx::query(
            "INSERT INTO api_tokens (name, key_hash, scopes, created_at, expires_at, client_certificate) \
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(new.name.as_str())
        .bind(new.key_hash.as_slice())
        .bind(scopes.join(" "))
        .bind(new.created_at.unix_ms())
        .bind(new.expires_at.map(Timestamp::unix_ms))
        .bind(new.client_certificate.as_ref().map(CertificateName::as_str))
        .execute(&mut *transaction)
        .await?;
        let id = TokenId::new(inserted.last_insert_rowid());
        insert_instance_event(&mut transaction, &instance_event(id)).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// The token that one of these names stands for; of several, that of the first name. Revoked ones have no certificate.
    pub(crate) async fn find_token_of_certificate(
        &self,
        names: &[CertificateName],
    ) -> Result<Option<StoredToken>, StoreError> {
        let names: Vec<&str> = names.iter().map(CertificateName::as_str).collect();
        let row = sqlx::query(
            "SELECT api_tokens.* FROM json_each(?) AS presented \
             JOIN api_tokens ON api_tokens.client_certificate = presented.value AND api_tokens.revoked_at IS NULL \
             ORDER BY presented.key LIMIT 1",
        )
        .bind(serde_json::Value::from(names).to_string())
        .fetch_optional(self.read()?)
        .await?;
        row.map(|row| read_token(&row)).transpose()
    }

    pub(crate) async fn find_token_with_id(&self, id: TokenId) -> Result<Option<StoredToken>, StoreError> {
        let row = sqlx::query("SELECT * FROM api_tokens WHERE id = ?")
            .bind(id.get())
            .fetch_optional(self.read()?)
            .await?;
        row.map(|row| read_token(&row)).transpose()
    }

    pub(crate) async fn find_token(&self, key_hash: [u8; 32]) -> Result<Option<StoredToken>, StoreError> {
        let row = sqlx::query("SELECT * FROM api_tokens WHERE key_hash = ?")
            .bind(key_hash.as_slice())
            .fetch_optional(self.read()?)
            .await?;
        row.map(|row| read_token(&row)).transpose()
    }

    /// Every token, oldest first.
    pub(crate) async fn list_tokens(&self) -> Result<Vec<StoredToken>, StoreError> {
        let rows = sqlx::query("SELECT * FROM api_tokens ORDER BY id")
            .fetch_all(self.read()?)
            .await?;
        rows.iter().map(read_token).collect()
    }

    /// Revokes by name. None if there is no such token, or it was revoked before.
    pub(crate) async fn revoke_token(
        &self,
        name: &str,
        now: Timestamp,
        instance_event: impl FnOnce(TokenId) -> Recorded + Send,
    ) -> Result<Option<TokenId>, StoreError> {
        let mut transaction = self.write().await?;
        let id: Option<i64> = sqlx::query_scalar(
            "UPDATE api_tokens SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL RETURNING id",
        )
        .bind(now.unix_ms())
        .bind(name)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(id) = id.map(TokenId::new) else {
            return Ok(None);
        };
        insert_instance_event(&mut transaction, &instance_event(id)).await?;
        transaction.commit().await?;
        Ok(Some(id))
    }

    /// Revokes by id and returns the name. None if there is no such token, or it was revoked before.
    pub(crate) async fn revoke_token_with_id(
        &self,
        id: TokenId,
        now: Timestamp,
        instance_event: impl FnOnce(&str) -> Recorded + Send,
    ) -> Result<Option<String>, StoreError> {
        let mut transaction = self.write().await?;
        let name: Option<String> = sqlx::query_scalar(
            "UPDATE api_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL RETURNING name",
        )
        .bind(now.unix_ms())
        .bind(id.get())
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(name) = name else {
            return Ok(None);
        };
        insert_instance_event(&mut transaction, &instance_event(&name)).await?;
        transaction.commit().await?;
        Ok(Some(name))
    }

    /// Notes when tokens were last used.
    pub(crate) async fn touch_tokens(&self, used: &[(TokenId, Timestamp)]) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        for (id, used_at) in used {
            sqlx::query("UPDATE api_tokens SET last_used_at = max(coalesce(last_used_at, 0), ?) WHERE id = ?")
                .bind(used_at.unix_ms())
                .bind(id.get())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

fn read_token(row: &SqliteRow) -> Result<StoredToken, StoreError> {
    let id: i64 = row.get("id");
    let scopes: String = row.get("scopes");
    let scopes: Result<Vec<Scope>, _> = scopes.split(' ').map(str::parse).collect();
    Ok(StoredToken {
        id: TokenId::new(id),
        name: row.get("name"),
        scopes: scopes.map_err(|_| StoreError::Unreadable {
            table: "api_tokens",
            id,
            what: "scopes",
        })?,
        created_at: Timestamp::from_unix_ms(row.get("created_at")),
        expires_at: row.get::<Option<i64>, _>("expires_at").map(Timestamp::from_unix_ms),
        revoked_at: row.get::<Option<i64>, _>("revoked_at").map(Timestamp::from_unix_ms),
        last_used_at: row.get::<Option<i64>, _>("last_used_at").map(Timestamp::from_unix_ms),
        client_certificate: row.get("client_certificate"),
    })
}

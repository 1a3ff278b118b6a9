//! What belongs to an HTTP destination, as stored.

use std::collections::HashMap;

use domain::{
    destination::{DestinationUrl, HttpSettings, VerificationToken},
    ids::DestinationId,
};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction, sqlite::SqliteRow};

use super::{
    super::{Database, StoreError},
    HttpSecrets, HttpTarget, SigningSecret, Target, UpdateError, place, taken, unreadable,
};
use crate::vault::Vault;

const URL: &str = "url";
const TOKEN: &str = "verification_token";
const SIGNING: &str = "signing_secret";

/// A URL as it is stored: its path and query may hold keys.
struct SealedUrl {
    /// Keeps two destinations from having the same URL.
    digest: String,
    ciphertext: Vec<u8>,
}

impl SealedUrl {
    fn seal(vault: &Vault, id: DestinationId, url: &DestinationUrl) -> Result<Self, StoreError> {
        Ok(Self {
            digest: vault.digest(url.as_str()),
            ciphertext: vault.seal(place(id, URL), url.as_str())?,
        })
    }
}

impl Database {
    pub(super) async fn read_http_targets(
        &self,
        connection: &mut SqliteConnection,
    ) -> Result<HashMap<DestinationId, Target>, StoreError> {
        let mut headers = self.read_headers(connection).await?;
        let rows = sqlx::query("SELECT * FROM http_targets").fetch_all(connection).await?;
        let targets = rows.iter().map(|row| {
            let id = DestinationId::new(row.get("destination_id"));
            let target = HttpTarget {
                headers: headers.remove(&id).unwrap_or_default(),
                ..self.read_http_target(id, row)?
            };
            Ok((id, Target::Http(target)))
        });
        targets.collect()
    }

    /// Makes the target what is wanted. A token that is not wanted otherwise stays that of `stored`, and so does the signing
    /// secret.
    pub(super) async fn store_http_target(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        id: DestinationId,
        mut stored: HttpTarget,
        wanted: &HttpSettings,
    ) -> Result<Target, UpdateError> {
        if let Some(token) = &wanted.verification_token {
            stored.secrets.verification_token = token.clone();
        }
        let seal = |column, secret| self.vault.seal(place(id, column), secret).map_err(StoreError::from);
        let url = SealedUrl::seal(&self.vault, id, &wanted.url)?;
        sqlx::query(
            "INSERT INTO http_targets (destination_id, url_digest, url_sealed, verification_token_sealed, \
             signing_secret_sealed) VALUES (?, ?, ?, ?, ?) ON CONFLICT (destination_id) DO UPDATE SET \
             url_digest = excluded.url_digest, url_sealed = excluded.url_sealed, \
             verification_token_sealed = excluded.verification_token_sealed, \
             signing_secret_sealed = excluded.signing_secret_sealed",
        )
        .bind(id.get())
        .bind(url.digest)
        .bind(url.ciphertext)
        .bind(seal(TOKEN, stored.secrets.verification_token.expose())?)
        .bind(seal(SIGNING, stored.secrets.signing_secret.expose())?)
        .execute(&mut **transaction)
        .await
        .map_err(taken)?;
        let headers = self
            .replace_headers(transaction, id, &stored.headers, &wanted.headers)
            .await?;
        Ok(Target::Http(HttpTarget {
            url: wanted.url.clone(),
            secrets: stored.secrets,
            headers,
        }))
    }

    /// All but the headers, which are in a table of their own.
    fn read_http_target(&self, id: DestinationId, row: &SqliteRow) -> Result<HttpTarget, StoreError> {
        let unreadable = |what| unreadable(id.get(), what);
        let url = self.vault.open(place(id, URL), row.get("url_sealed"))?;
        let token = self
            .vault
            .open(place(id, TOKEN), row.get("verification_token_sealed"))?;
        let signing = self.vault.open(place(id, SIGNING), row.get("signing_secret_sealed"))?;
        Ok(HttpTarget {
            url: DestinationUrl::parse(&url).map_err(|_| unreadable(URL))?,
            secrets: HttpSecrets {
                verification_token: VerificationToken::parse(&token).map_err(|_| unreadable("verification token"))?,
                signing_secret: SigningSecret::stored(signing),
            },
            headers: Vec::new(),
        })
    }
}

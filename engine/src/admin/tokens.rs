//! API tokens.

use domain::{
    Field, Timestamp,
    access::{TokenDraft, TokenRequest},
    ids::TokenId,
    instance_event::{Action, Author, InstanceEvent, Subject},
    view::{NewTokenView, TokenState, TokenView},
};

use super::AdminError;
use crate::{
    Engine,
    credentials::ApiToken,
    instance_events::Recorded,
    store::{Database, NewToken, StoreError, StoredToken, TokenError},
};

impl Engine {
    /// Every token: the active ones first, then the newest first.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn list_tokens(&self) -> Result<Vec<TokenView>, AdminError> {
        // Uses that are not stored yet are shown as well.
        self.store_token_uses().await?;
        let mut tokens = list(self.database(), self.clock().now()).await?;
        tokens.reverse();
        tokens.sort_by_key(|token| token.state);
        Ok(tokens)
    }

    /// Creates a token. The token itself is not stored.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was stored.
    pub async fn create_token(&self, author: &Author, draft: &TokenDraft) -> Result<NewTokenView, AdminError> {
        let now = self.clock().now();
        let request = draft.parse(now)?;
        let token = ApiToken::generate()?;
        let inserted = insert(self.database(), author, now, request, &token).await;
        let id = inserted.map_err(|error| match error {
            TokenError::NameTaken => {
                let rule =
                    "Name: another token has or had this name. Names can't be reused, because events contain them.";
                AdminError::refused(Field::Name, rule)
            }
            TokenError::CertificateTaken => {
                let rule = "Client certificate: another token has this name of a certificate. Revoke that token first.";
                AdminError::refused(Field::ClientCertificate, rule)
            }
            TokenError::Store(error) => error.into(),
        })?;
        self.relay_instance_events().await;
        Ok(NewTokenView {
            id,
            token: token.expose().to_owned(),
        })
    }

    /// Revokes a token and returns its name. It is refused from then on.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] if there is no such token, or it was revoked before.
    pub async fn revoke_token(&self, author: &Author, id: TokenId) -> Result<String, AdminError> {
        let revoked = |name: &str| {
            let event = InstanceEvent::new(Subject::token(id, name), Action::TokenRevoked);
            self.recorded(event, author)
        };
        let now = self.clock().now();
        let stored = self.database().revoke_token_with_id(id, now, revoked).await;
        self.credentials().tokens.forget(id);
        let name = stored?.ok_or(AdminError::NotFound)?;
        self.relay_instance_events().await;
        Ok(name)
    }
}

/// Every token, oldest first.
pub(super) async fn list(database: &Database, now: Timestamp) -> Result<Vec<TokenView>, StoreError> {
    let tokens = database.list_tokens().await?;
    Ok(tokens.into_iter().map(|token| view(token, now)).collect())
}

/// Stores a token and the audit event of it, or nothing.
pub(super) async fn insert(
    database: &Database,
    author: &Author,
    now: Timestamp,
    request: TokenRequest,
    token: &ApiToken,
) -> Result<TokenId, TokenError> {
    let scopes: Vec<&str> = request.scopes.iter().map(|scope| scope.as_str()).collect();
    let (name, scopes) = (request.name.to_string(), scopes.join(", "));
    let client_certificate = request.client_certificate.as_ref().map(ToString::to_string);
    let created = |token| {
        let action = Action::TokenCreated {
            scopes,
            client_certificate,
        };
        let event = InstanceEvent::new(Subject::token(token, name), action);
        Recorded::new(event, author, now)
    };
    let new = NewToken {
        name: request.name,
        key_hash: token.hash().0,
        scopes: request.scopes,
        created_at: now,
        expires_at: request.expires_at,
        client_certificate: request.client_certificate,
    };
    database.insert_token(&new, created).await
}

fn view(token: StoredToken, now: Timestamp) -> TokenView {
    let state = match token.revoked_at {
        Some(_) => TokenState::Revoked,
        None if token.is_valid(now) => TokenState::Active,
        None => TokenState::Expired,
    };
    TokenView {
        id: token.id,
        name: token.name,
        scopes: token.scopes,
        state,
        created_at: token.created_at,
        expires_at: token.expires_at,
        client_certificate: token.client_certificate,
        last_used_at: token.last_used_at,
    }
}

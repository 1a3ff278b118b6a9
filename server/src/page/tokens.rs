//! API tokens as the page shows and changes them.

use app::{
    port::settings::{TokenState, TokenSummary},
    wire::AppError,
};
use domain::{
    Field, Timestamp,
    access::TokenDraft,
    event::{Author, OwnEvent},
    ids::TokenId,
};
use engine::store::{NewToken, StoredToken};

use super::failure::{from_randomness, from_store, refused};
use crate::{access::ApiToken, services::Services};

pub(super) async fn list_tokens(services: &Services) -> Result<Vec<TokenSummary>, AppError> {
    let database = services.engine.database();
    // What is still in memory belongs on the page, too.
    services.tokens.store_uses(database).await.map_err(from_store)?;
    let tokens = database.list_tokens().await.map_err(from_store)?;
    let now = services.engine.clock().now();
    let mut tokens: Vec<TokenSummary> = tokens.into_iter().rev().map(|token| summary(token, now)).collect();
    tokens.sort_by_key(|token| token.state);
    Ok(tokens)
}

pub(super) async fn create_token(services: &Services, author: &Author, draft: &TokenDraft) -> Result<String, AppError> {
    let now = services.engine.clock().now();
    let request = draft.parse(now)?;
    let token = ApiToken::generate().map_err(from_randomness)?;
    let words: Vec<&str> = request.scopes.iter().map(|scope| scope.as_str()).collect();
    let (name, scopes) = (request.name.to_string(), words.join(", "));
    let created = |token| {
        let event = OwnEvent::TokenCreated { token, name, scopes };
        services.engine.recorded(event, author)
    };
    let new = NewToken {
        name: request.name,
        key_hash: token.hash().0,
        scopes: request.scopes,
        created_at: now,
        expires_at: request.expires_at,
    };
    let stored = services.engine.database().insert_token(&new, created).await;
    if stored.map_err(from_store)?.is_none() {
        let rule = "Name: another token has or had this name. Names are not used twice, because events carry them.";
        return Err(refused(Field::Name, rule));
    }
    services.engine.relay_own_events().await;
    Ok(token.expose().to_owned())
}

pub(super) async fn revoke_token(services: &Services, author: &Author, id: TokenId) -> Result<String, AppError> {
    let revoked = |name: &str| {
        let name = name.to_owned();
        services
            .engine
            .recorded(OwnEvent::TokenRevoked { token: id, name }, author)
    };
    let now = services.engine.clock().now();
    let stored = services.engine.database().revoke_token_with_id(id, now, revoked).await;
    services.tokens.forget(id);
    let name = stored.map_err(from_store)?.ok_or(AppError::NotFound)?;
    services.engine.relay_own_events().await;
    Ok(name)
}

fn summary(token: StoredToken, now: Timestamp) -> TokenSummary {
    let state = match token.revoked_at {
        Some(_) => TokenState::Revoked,
        None if token.is_valid(now) => TokenState::Active,
        None => TokenState::Expired,
    };
    TokenSummary {
        id: token.id,
        name: token.name,
        scopes: token.scopes,
        state,
        created_at: token.created_at,
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
    }
}

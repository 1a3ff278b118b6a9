//! API tokens.

use app::port::settings::{TokenState, TokenSummary};
use domain::{
    Field, Timestamp,
    access::TokenDraft,
    event::{Author, OwnEvent},
    ids::TokenId,
};
use engine::store::{NewToken, StoredToken};

use super::AdminError;
use crate::{access::ApiToken, services::Services};

/// A new token. Its text is stored nowhere.
pub(crate) struct MadeToken {
    pub(crate) id: TokenId,
    pub(crate) text: String,
}

/// Those that work first, the newest first.
pub(crate) async fn list_tokens(services: &Services) -> Result<Vec<TokenSummary>, AdminError> {
    let database = services.engine.database();
    // What is still in memory belongs on the page, too.
    services.tokens.store_uses(database).await?;
    let tokens = database.list_tokens().await?;
    let now = services.engine.clock().now();
    let mut tokens: Vec<TokenSummary> = tokens.into_iter().rev().map(|token| summary(token, now)).collect();
    tokens.sort_by_key(|token| token.state);
    Ok(tokens)
}

pub(crate) async fn create_token(
    services: &Services,
    author: &Author,
    draft: &TokenDraft,
) -> Result<MadeToken, AdminError> {
    let now = services.engine.clock().now();
    let request = draft.parse(now)?;
    let token = ApiToken::generate()?;
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
    let Some(id) = stored? else {
        let rule = "Name: another token has or had this name. Names are not used twice, because events carry them.";
        return Err(AdminError::refused(Field::Name, rule));
    };
    services.engine.relay_own_events().await;
    Ok(MadeToken {
        id,
        text: token.expose().to_owned(),
    })
}

/// Answers the name. The token is refused from then on.
pub(crate) async fn revoke_token(services: &Services, author: &Author, id: TokenId) -> Result<String, AdminError> {
    let revoked = |name: &str| {
        let name = name.to_owned();
        services
            .engine
            .recorded(OwnEvent::TokenRevoked { token: id, name }, author)
    };
    let now = services.engine.clock().now();
    let stored = services.engine.database().revoke_token_with_id(id, now, revoked).await;
    services.tokens.forget(id);
    let name = stored?.ok_or(AdminError::NotFound)?;
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

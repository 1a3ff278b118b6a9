//! Settings › API tokens.

use domain::{
    Field,
    access::Scope,
    view::{TokenState, TokenView},
};

use super::parts::{
    action, card, cell, choice, danger_form, field, form, hidden, moment, moment_or, optional, row, table, text,
};
use crate::{
    server_fns::tokens::{CreateToken, RevokeToken},
    wire::settings::{Kind, Part},
};

pub(super) fn describe(tokens: &[TokenView]) -> Vec<Part> {
    let rows = tokens.iter().map(describe_token).collect();
    let empty = "No token yet. Without one, no program can post events.";
    vec![
        card(
            "Create a token",
            "Give each program a token of its own: its name is the source of the events that it posts.",
            vec![create_form()],
        ),
        card(
            "Tokens",
            "Only a hash of each token is stored; nobody can read it again.",
            vec![table("API tokens", empty, rows)],
        ),
    ]
}

fn create_form() -> Part {
    let name = field(
        Kind::Input,
        "name",
        Field::Name,
        "Name",
        "For example gitlab-production.",
    );
    let boxes = Scope::ALL.map(|scope| choice(scope.as_str(), format!("{scope}: {}", what_it_allows(scope)), false));
    let scopes = Part {
        parts: boxes.to_vec(),
        ..field(Kind::Choices, "scopes[]", Field::Scopes, "Scopes", "")
    };
    let hint = "The token works through this day (UTC). Leave it empty for one that never expires.";
    let last_day = optional(field(Kind::DateInput, "expires_on", Field::ExpiresAt, "Last day", hint));
    form::<CreateToken>("Create token", vec![name, scopes, last_day])
}

const fn what_it_allows(scope: Scope) -> &'static str {
    match scope {
        Scope::Ingest => "post audit events",
        Scope::Read => "read audit events, destinations and their state",
        Scope::Admin => "everything that an administrator can do",
    }
}

fn describe_token(token: &TokenView) -> Part {
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    let (kind, word) = match token.state {
        TokenState::Active => (Kind::Good, "Active"),
        TokenState::Expired => (Kind::Quiet, "Expired"),
        TokenState::Revoked => (Kind::Bad, "Revoked"),
    };
    let is_revoked = token.state == TokenState::Revoked;
    row(
        [
            ("Name", text(&token.name)),
            ("Scopes", text(scopes.join(", "))),
            ("State", cell(kind, word)),
            ("Created", moment(token.created_at)),
            ("Last used", moment_or(token.last_used_at, "Never")),
            ("Expires", moment_or(token.expires_at, "Never")),
        ],
        (!is_revoked).then(|| revoke(token)).into_iter().collect(),
    )
}

fn revoke(token: &TokenView) -> Part {
    action(
        "Revoke",
        &token.name,
        format!("Revoke the token {}?", token.name),
        "Requests with it are refused from then on. It can't be brought back, and its name stays taken, because the events \
         that it posted carry it.",
        danger_form::<RevokeToken>("Revoke token", vec![hidden("id", token.id)]),
    )
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, ids::TokenId};

    use super::*;

    fn token(state: TokenState) -> TokenView {
        TokenView {
            id: TokenId::new(7),
            name: "gitlab".into(),
            scopes: vec![Scope::Ingest, Scope::Read],
            state,
            created_at: Timestamp::from_unix_ms(1),
            expires_at: None,
            last_used_at: None,
        }
    }

    #[test]
    fn what_does_not_work_any_more_can_not_be_revoked() {
        let states = [TokenState::Active, TokenState::Expired, TokenState::Revoked];
        let cards = describe(&states.map(token));
        let rows = &cards[1].parts[0].parts;
        let actions = rows
            .iter()
            .map(|row| row.parts.iter().filter(|part| part.kind == Kind::Action));
        assert_eq!(actions.map(Iterator::count).collect::<Vec<_>>(), [1, 1, 0]);
        let form = &rows[0].parts.last().unwrap().parts[0];
        assert_eq!((form.parts[0].name.as_str(), form.parts[0].text.as_str()), ("id", "7"));
    }
}

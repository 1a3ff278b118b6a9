//! Settings › API tokens.

use domain::{Field, access::Scope};

use super::parts::{danger_form, field, form, hidden, moment_or, text};
use crate::{
    port::settings::{TokenState, TokenSummary},
    server_fns::tokens::{CreateToken, RevokeToken},
    wire::settings::{Cell, Choice, FieldKind, Form, FormField, Row, RowAction, Section, Table, Tone},
};

pub(super) fn describe(tokens: Vec<TokenSummary>) -> Vec<Section> {
    let add = Section {
        heading: "Create a token".to_owned(),
        lead: "Give each program a token of its own: its name is the source of the events that it posts.".to_owned(),
        form: Some(create_form()),
        ..Section::default()
    };
    let list = Section {
        heading: "Tokens".to_owned(),
        lead: "Only a hash of each token is stored; nobody can read it again.".to_owned(),
        table: Some(Table {
            label: "API tokens".to_owned(),
            headings: ["Name", "Scopes", "State", "Created", "Last used", "Expires"]
                .map(str::to_owned)
                .to_vec(),
            rows: tokens.into_iter().map(row).collect(),
            empty: "No token yet. Without one, no program can post events.".to_owned(),
        }),
        ..Section::default()
    };
    vec![add, list]
}

fn create_form() -> Form {
    let name = FormField {
        hint: "For example gitlab-production.".to_owned(),
        ..field(FieldKind::Text, "name", Field::Name, "Name")
    };
    let choices = Scope::ALL.into_iter().map(|scope| Choice {
        value: scope.as_str().to_owned(),
        label: format!("{scope}: {}", what_it_allows(scope)),
    });
    let scopes = field(FieldKind::AnyOf(choices.collect()), "scopes[]", Field::Scopes, "Scopes");
    let last_day = FormField {
        hint: "The token works through this day (UTC). Leave it empty for one that never expires.".to_owned(),
        is_optional: true,
        ..field(FieldKind::Date, "expires_on", Field::ExpiresAt, "Last day")
    };
    form::<CreateToken>("Create token", vec![name, scopes, last_day])
}

const fn what_it_allows(scope: Scope) -> &'static str {
    match scope {
        Scope::Ingest => "post audit events",
        Scope::Read => "read audit events, destinations and their state",
        Scope::Admin => "everything that an administrator can do",
    }
}

fn row(token: TokenSummary) -> Row {
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    let (tone, word) = match token.state {
        TokenState::Active => (Tone::Good, "Active"),
        TokenState::Expired => (Tone::Quiet, "Expired"),
        TokenState::Revoked => (Tone::Bad, "Revoked"),
    };
    let is_revoked = token.state == TokenState::Revoked;
    Row {
        cells: vec![
            text(&token.name),
            text(scopes.join(", ")),
            Cell::Badge(tone, word.to_owned()),
            Cell::At(token.created_at),
            moment_or(token.last_used_at, "Never"),
            moment_or(token.expires_at, "Never"),
        ],
        actions: (!is_revoked).then(|| revoke(&token)).into_iter().collect(),
    }
}

fn revoke(token: &TokenSummary) -> RowAction {
    RowAction {
        label: "Revoke".to_owned(),
        about: token.name.clone(),
        title: format!("Revoke the token {}?", token.name),
        body: "Requests with it are refused from then on. It can't be brought back, and its name stays taken, because the \
               events that it posted carry it."
            .to_owned(),
        form: danger_form::<RevokeToken>("Revoke token", vec![hidden("id", token.id)]),
    }
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, ids::TokenId};

    use super::*;

    fn token(state: TokenState) -> TokenSummary {
        TokenSummary {
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
    fn every_row_fits_its_headings_and_only_what_works_can_be_revoked() {
        let sections = describe(vec![
            token(TokenState::Active),
            token(TokenState::Expired),
            token(TokenState::Revoked),
        ]);
        let table = sections.iter().find_map(|section| section.table.as_ref()).unwrap();
        assert!(table.rows.iter().all(|row| row.cells.len() == table.headings.len()));
        let actions: Vec<usize> = table.rows.iter().map(|row| row.actions.len()).collect();
        assert_eq!(actions, [1, 1, 0]);
        let fields = &table.rows[0].actions[0].form.fields;
        assert_eq!((fields[0].name.as_str(), fields[0].value.as_str()), ("id", "7"));
    }
}

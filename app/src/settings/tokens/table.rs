//! The table of API tokens.

use domain::view::{TokenState, TokenView};
use leptos::prelude::*;

use crate::{
    settings::{
        Settings,
        card::{Badge, Cell, DataTable, Tone},
    },
    ui::{DialogButton, Form, Moment, MomentOr, Rows, SubmitLook},
};

pub(super) fn tokens_table(tokens: Signal<Vec<TokenView>>) -> AnyView {
    let is_empty = Memo::new(move |_| tokens.with(Vec::is_empty));
    view! {
        <Show
            when=move || !is_empty.get()
            fallback=|| view! { <p class="quiet">"No token yet. Without one, no program can post events."</p> }
        >
            <DataTable
                label="API tokens"
                headings=&["Name", "Scopes", "State", "Created", "Last used", "Expires"]
                has_actions=true
            >
                <Rows rows=tokens key=|token: &TokenView| token.id row=token_row />
            </DataTable>
        </Show>
    }
    .into_any()
}

fn token_row(token: Signal<TokenView>) -> AnyView {
    let TokenView {
        name,
        scopes,
        created_at,
        expires_at,
        client_certificate,
        ..
    } = token.get_untracked();
    let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    let state = Memo::new(move |_| token.with(|token| token.state));
    let last_used = Memo::new(move |_| token.with(|token| token.last_used_at));
    let is_revoked = Memo::new(move |_| state.get() == TokenState::Revoked);
    let revoke = move || (!is_revoked.get()).then(|| view! { <Revoke token=token.get_untracked() /> });
    view! {
        <tr>
            <Cell heading="Name">
                <bdi>{name}</bdi>
                {client_certificate
                    .map(|name| {
                        view! {
                            <p class="quiet">
                                "Client certificate: " <bdi>{name}</bdi>
                            </p>
                        }
                    })}
            </Cell>
            <Cell heading="Scopes">{scopes.join(", ")}</Cell>
            <Cell heading="State">{move || state_badge(state.get())}</Cell>
            <Cell heading="Created">
                <Moment at=created_at />
            </Cell>
            <Cell heading="Last used">{move || view! { <MomentOr at=last_used.get() otherwise="Never" /> }}</Cell>
            <Cell heading="Expires">
                <MomentOr at=expires_at otherwise="Never" />
            </Cell>
            <td class="data-actions">{revoke}</td>
        </tr>
    }
    .into_any()
}

fn state_badge(state: TokenState) -> impl IntoView {
    let (tone, text) = match state {
        TokenState::Active => (Tone::Good, "Active"),
        TokenState::Expired => (Tone::Quiet, "Expired"),
        TokenState::Revoked => (Tone::Bad, "Revoked"),
    };
    view! { <Badge tone text /> }
}

#[component]
fn Revoke(token: TokenView) -> impl IntoView {
    let action = expect_context::<Settings>().revoke_token;
    let dialog = format!("revoke-token-{}", token.id);
    view! {
        <DialogButton
            id=dialog.clone()
            label="Revoke"
            about=token.name.clone()
            title=format!("Revoke the token {}?", token.name)
            body="Requests with it are rejected from then on. It can't be restored, and its name cannot be reused, because events refer to it."
            on_open=move |()| action.clear()
        >
            <Form
                action
                id=format!("{dialog}-form")
                label="Revoke token"
                submit="Revoke token"
                look=SubmitLook::DangerSolid
                dialog=dialog
            >
                <input type="hidden" name="id" value=token.id.get() />
            </Form>
        </DialogButton>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::{Timestamp, access::Scope, ids::TokenId};

    use super::*;
    use crate::settings::tests::rendered;

    fn token(id: i64, state: TokenState) -> TokenView {
        TokenView {
            id: TokenId::new(id),
            name: format!("gitlab-{id}"),
            scopes: vec![Scope::Ingest, Scope::Read],
            state,
            created_at: Timestamp::from_unix_ms(1),
            expires_at: None,
            client_certificate: None,
            last_used_at: None,
        }
    }

    #[test]
    fn a_token_can_be_revoked_until_it_is() {
        let tokens = vec![
            token(1, TokenState::Active),
            token(2, TokenState::Expired),
            token(3, TokenState::Revoked),
        ];
        let html = rendered(|| tokens_table(Signal::stored(tokens)));
        assert_eq!(html.matches(">Revoke</button>").count(), 2, "{html}");
        assert!(
            html.contains(r#"aria-label="Revoke gitlab-1""#) && html.contains("ingest, read"),
            "{html}"
        );
        assert!(
            html.contains(r#"name="id" value="2""#) && !html.contains(r#"name="id" value="3""#),
            "{html}"
        );
    }

    #[test]
    fn a_client_certificate_is_shown_with_its_token() {
        let with_certificate = TokenView {
            client_certificate: Some("CN=app".into()),
            ..token(1, TokenState::Active)
        };
        let html = rendered(|| tokens_table(Signal::stored(vec![with_certificate, token(2, TokenState::Active)])));
        assert_eq!(html.matches("Client certificate: ").count(), 1, "{html}");
        assert!(html.contains("<bdi>CN=app</bdi>"), "{html}");
    }

    #[test]
    fn without_tokens_the_page_says_what_they_are_for() {
        let html = rendered(|| tokens_table(Signal::stored(Vec::new())));
        assert!(
            html.contains("no program can post events") && !html.contains("<table"),
            "{html}"
        );
    }
}

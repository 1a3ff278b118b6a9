//! The form that creates an API token.

use domain::{Field, access::Scope};
use leptos::prelude::*;

use crate::{
    settings::Settings,
    ui::{Choice, ChoiceField, Form, TextField},
};

#[component]
pub(crate) fn CreateTokenForm(
    /// Offers a token that can post events.
    #[prop(optional)]
    can_ingest: bool,
) -> impl IntoView {
    let settings = expect_context::<Settings>();
    let choices = Scope::ALL.map(|scope| Choice {
        value: scope.as_str(),
        label: format!("{scope}: {}", what_it_allows(scope)),
        is_chosen: Signal::stored(can_ingest && scope == Scope::Ingest),
    });
    view! {
        <Form
            action=settings.create_token
            id="create-token"
            label="Create a token"
            submit="Create token"
            on_done=move |_| settings.refresh.now()
        >
            <TextField name="name" field=Field::Name label="Name" hint="For example gitlab-production." />
            <ChoiceField
                name="scopes[]"
                field=Field::Scopes
                label="Scopes"
                kind="checkbox"
                choices=choices.into()
            />
            <TextField
                name="expires_on"
                field=Field::ExpiresAt
                label="Expires on"
                hint="Expires at the end of this day (UTC), for example 2027-01-31. Leave empty for no expiry."
                is_code=true
                is_optional=true
            />
            <TextField
                name="client_certificate"
                field=Field::ClientCertificate
                label="Client certificate"
                hint="For programs that connect with a certificate instead of the token: its subject, for example CN=gitlab,O=Example, or a host name, an e-mail address or a URI among its alternative names. The server needs AUDIT_STREAMS_CLIENT_CA."
                is_code=true
                is_optional=true
            />
        </Form>
    }
}

const fn what_it_allows(scope: Scope) -> &'static str {
    match scope {
        Scope::Ingest => "post audit events",
        Scope::Read => "read audit events, destinations and their state",
        Scope::Admin => "everything that an administrator can do",
    }
}

//! The sign-in page. Without the page's program, the form posts, and an error comes back in the address.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{message::message, server_fns::SignIn};
use crate::{
    browser,
    ui::{Alert, AlertTone, Logo},
};

#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let sign_in = ServerAction::<SignIn>::new();
    let query = use_query_map();
    let return_to = move || query.read().get("return_to").unwrap_or_default();
    Effect::new(move |_| {
        if let Some(Ok(path)) = sign_in.value().get() {
            browser::leave_for(path.as_str());
        }
    });
    let problem = move || sign_in.value().get().and_then(Result::err).map(|error| message(&error));
    let busy = move || sign_in.pending().get() || matches!(sign_in.value().get(), Some(Ok(_)));
    view! {
        <Title text="Sign in" />
        <main class="lone-page">
            <div class="sign-in-head">
                <Logo />
                <h1>"Sign in to Audit Streams"</h1>
            </div>
            <ActionForm action=sign_in>
                <div class="sign-in-form">
                    <div role="alert">
                        {move || problem().map(|text| view! { <Alert tone=AlertTone::Bad>{text}</Alert> })}
                    </div>
                    <input type="hidden" name="return_to" value=return_to />
                    {credential("Username", "username", "text", "username")}
                    {credential("Password", "password", "password", "current-password")}
                    <button type="submit" class="button button-primary" disabled=busy>
                        "Sign in"
                    </button>
                </div>
            </ActionForm>
        </main>
    }
}

fn credential(label: &'static str, name: &'static str, kind: &'static str, autocomplete: &'static str) -> AnyView {
    view! {
        <div class="field">
            <label class="field-label" for=name>
                {label}
            </label>
            <input
                class="field-input"
                id=name
                name=name
                type=kind
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                required
                autofocus=name == "username"
            />
        </div>
    }
    .into_any()
}

//! Signing in. Works without WASM: the form posts, and an error comes back in the address.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    browser,
    model::sign_in_words::sign_in_words,
    server_fns::session::SignIn,
    ui::{Alert, AlertTone, Logo, PlainLook, plain_field},
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
    let problem = move || {
        sign_in
            .value()
            .get()
            .and_then(Result::err)
            .map(|error| sign_in_words(&error))
    };
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
                        {move || problem().map(|words| view! { <Alert tone=AlertTone::Bad>{words}</Alert> })}
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
    let look = PlainLook {
        id: name.to_owned(),
        name: name.to_owned(),
        label: label.to_owned(),
        kind,
        autocomplete,
        takes_focus: name == "username",
        ..PlainLook::default()
    };
    plain_field(look, Signal::stored(None))
}

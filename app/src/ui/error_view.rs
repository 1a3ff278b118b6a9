//! Something could not be shown: what, why, what next, and a code to quote.

use leptos::prelude::*;

use super::{
    Alert, AlertTone, Icon, SignInAgain,
    visible::{EVERY, every_while_visible},
};
use crate::wire::AppError;

/// Asks again by itself if that can help: once, because the answer is rendered anew.
pub(super) fn ask_again(error: &AppError, retry: Callback<()>) {
    if !error.is_temporary() {
        return;
    }
    let is_asking = StoredValue::new(false);
    every_while_visible(EVERY, move || {
        if is_asking.try_get_value() == Some(false) {
            is_asking.set_value(true);
            retry.run(());
        }
    });
}

/// Asks again by itself while the page is visible, if that can help.
#[component]
pub(crate) fn ErrorView(
    /// What could not be done, as a sentence.
    what: &'static str,
    error: AppError,
    /// Tries the same again.
    #[prop(into)]
    on_retry: Callback<()>,
) -> impl IntoView {
    ask_again(&error, on_retry);
    let code = error.code().to_owned();
    let words = match &error {
        // Each field tells for itself.
        AppError::Invalid(_) => error.next_step().to_owned(),
        _ => format!("{error} {}", error.next_step()),
    };
    let way_on = match error {
        AppError::Unauthenticated => view! { <SignInAgain /> }.into_any(),
        // Asking again brings nothing back.
        AppError::NotFound | AppError::Invalid(_) => ().into_any(),
        _ => view! { <TryAgain on_retry /> }.into_any(),
    };
    view! {
        <div role="alert">
            <Alert tone=AlertTone::Bad title=what>
                <p>{words}</p>
                <p class="alert-actions">
                    {way_on} <span class="alert-code">"Code " <code>{code}</code></span>
                </p>
            </Alert>
        </div>
    }
}

#[component]
fn TryAgain(on_retry: Callback<()>) -> impl IntoView {
    view! {
        <button type="button" class="button needs-script" on:click=move |_| on_retry.run(())>
            <Icon icon=icondata_lu::LuRotateCw />
            "Try again"
        </button>
    }
}

//! Something could not be shown: what, why, what next, and a code to quote.

use leptos::prelude::*;

use super::{Alert, AlertTone, Icon, SignInAgain};
use crate::wire::AppError;

#[component]
pub(crate) fn ErrorView(
    /// What could not be done, as a sentence.
    what: &'static str,
    error: AppError,
    /// Tries the same again.
    #[prop(into)]
    on_retry: Callback<()>,
) -> impl IntoView {
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

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
    let signed_out = error == AppError::Unauthenticated;
    let code = error.code().to_owned();
    let next_step = error.next_step();
    view! {
        <div role="alert">
            <Alert tone=AlertTone::Bad title=what>
                <p>{error.to_string()} " " {next_step}</p>
                <p class="alert-actions">
                    {if signed_out {
                        view! { <SignInAgain /> }.into_any()
                    } else {
                        view! {
                            <button type="button" class="button needs-script" on:click=move |_| on_retry.run(())>
                                <Icon icon=icondata_lu::LuRotateCw />
                                "Try again"
                            </button>
                        }
                            .into_any()
                    }} <span class="alert-code">"Code " <code>{code}</code></span>
                </p>
            </Alert>
        </div>
    }
}

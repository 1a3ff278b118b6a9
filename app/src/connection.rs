//! Whether the server answers the requests that a page sends by itself, and the quiet bar that says so while it does not.

use leptos::prelude::*;

use crate::{
    ui::{Icon, SignInAgain},
    wire::AppError,
};

/// The outcome of the latest request that the page sent by itself.
#[derive(Clone, Copy)]
pub(crate) struct Connection {
    problem: RwSignal<Option<AppError>>,
}

impl Connection {
    pub(crate) fn provide() {
        provide_context(Self {
            problem: RwSignal::new(None),
        });
    }

    /// Reports the outcome of a request that the page sent by itself.
    pub(crate) fn report<T>(self, answer: &Result<T, AppError>) {
        let problem = answer.as_ref().err();
        if self.problem.try_with_untracked(|shown| shown.as_ref() != problem) == Some(true) {
            self.problem.try_set(problem.cloned());
        }
    }
}

/// One bar for all pages. It disappears when a request succeeds.
#[component]
pub(crate) fn ConnectionBar() -> impl IntoView {
    let connection = expect_context::<Connection>();
    view! { <div role="status">{move || connection.problem.get().map(bar)}</div> }
}

fn bar(problem: AppError) -> impl IntoView {
    let is_signed_out = problem == AppError::Unauthenticated;
    let text = if is_signed_out {
        "Your session has ended. This page no longer updates.".to_owned()
    } else {
        format!("{problem} This page may be out of date. It retries every few seconds.")
    };
    view! {
        <div class="quiet-bar">
            <Icon icon=icondata_lu::LuUnplug />
            <span>{text}</span>
            {is_signed_out.then(|| view! { <SignInAgain in_new_tab=true /> })}
        </div>
    }
}

//! A quiet bar while the list can't be refreshed.

use leptos::prelude::*;

use super::context::Streams;
use crate::{
    ui::{Icon, SignInAgain},
    wire::AppError,
};

#[component]
pub(super) fn OutOfDate() -> impl IntoView {
    let streams = expect_context::<Streams>();
    let problem = Memo::new(move |_| streams.state.with(|state| state.out_of_date().cloned()));
    view! { <div role="status">{move || problem.get().map(told)}</div> }
}

fn told(error: AppError) -> impl IntoView {
    let signed_out = error == AppError::Unauthenticated;
    let words = if signed_out {
        "Your session has ended. What you see is as it was then.".to_owned()
    } else {
        format!("{error} What you see may be out of date; it is tried again every few seconds.")
    };
    view! {
        <div class="quiet-bar">
            <Icon icon=icondata_lu::LuUnplug />
            <span>{words}</span>
            {signed_out.then(|| view! { <SignInAgain in_new_tab=true /> })}
        </div>
    }
}

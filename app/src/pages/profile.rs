//! What a person changes about themselves.

use leptos::{html, prelude::*};
use leptos_meta::Title;

use domain::Field;

use crate::{
    server_fns::profile::ChangePassword,
    session::Session,
    ui::{Alert, AlertTone, PlainField},
    wire::AppError,
};

#[component]
pub(crate) fn ProfilePage() -> impl IntoView {
    view! {
        <Title text="Profile" />
        <div class="page-head">
            <h1>"Profile"</h1>
        </div>
        <section class="card narrow">
            <h2>"Change password"</h2>
            <p class="card-lead">"Changing it ends your other sessions."</p>
            <PasswordForm />
        </section>
    }
}

#[component]
fn PasswordForm() -> impl IntoView {
    let change = ServerAction::<ChangePassword>::new();
    let frame = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let (Some(Ok(())), Some(frame)) = (change.value().get(), frame.get()) {
            clear_fields(&frame);
        }
    });
    let message_for = move |field| {
        Signal::derive(move || {
            let error = change.value().get().and_then(Result::err);
            error.and_then(|error| error.message_for(field).map(str::to_owned))
        })
    };
    view! {
        <ActionForm action=change>
            <div class="form" node_ref=frame>
                <div role="status">{move || change.value().get().map(outcome)}</div>
                <OwnUsername />
                <PlainField
                    id="current-password"
                    name="current"
                    label="Current password"
                    kind="password"
                    autocomplete="current-password"
                    error=message_for(Field::Password)
                />
                <PlainField
                    id="new-password"
                    name="new"
                    label="New password"
                    kind="password"
                    autocomplete="new-password"
                    hint="At least 12 characters."
                    minlength=12
                    error=message_for(Field::NewPassword)
                />
                <div class="form-actions">
                    <button type="submit" class="button button-primary" disabled=move || change.pending().get()>
                        "Change password"
                    </button>
                </div>
            </div>
        </ActionForm>
    }
}

/// What came of it; mistakes in a field are told there.
fn outcome(result: Result<(), AppError>) -> AnyView {
    match result {
        Ok(()) => view! { <Alert tone=AlertTone::Good>"Password changed."</Alert> }.into_any(),
        Err(AppError::Invalid(_)) => ().into_any(),
        Err(AppError::WrongCredentials) => {
            view! { <Alert tone=AlertTone::Bad>"The current password is wrong."</Alert> }.into_any()
        }
        Err(error) => view! { <Alert tone=AlertTone::Bad>{error.to_string()}</Alert> }.into_any(),
    }
}

/// Password managers ask whose password it is.
#[component]
fn OwnUsername() -> impl IntoView {
    let session = expect_context::<Session>();
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                let user = session.user.await.ok().flatten();
                view! {
                    <input
                        class="visually-hidden"
                        type="text"
                        autocomplete="username"
                        tabindex="-1"
                        aria-hidden="true"
                        readonly
                        value=user.map(|user| user.username)
                    />
                }
            })}
        </Suspense>
    }
}

fn clear_fields(frame: &web_sys::HtmlDivElement) {
    let form = frame.closest("form").ok().flatten();
    if let Some(form) =
        form.and_then(|form| leptos::wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlFormElement>(form).ok())
    {
        form.reset();
    }
}

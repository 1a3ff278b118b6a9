//! What came of a form: that it was accepted, what is shown once, or why it was refused.

use leptos::prelude::*;

use crate::{
    outcome::{Outcome, ShownOnce},
    ui::{Alert, AlertTone, CopyButton, SignInAgain, text_and_link},
    wire::AppError,
};

/// The field with what is shown once.
pub(crate) const OUTCOME_SECRET_ID: &str = "shown-once";

#[component]
pub(crate) fn OutcomeView(
    outcome: Outcome,
    /// Each error is shown at its field already.
    #[prop(optional)]
    is_marked: bool,
    dismiss: Callback<()>,
    /// Loads what is stored now.
    #[prop(optional_no_strip)]
    on_reload: Option<Callback<()>>,
) -> impl IntoView {
    match outcome {
        Ok(done) => view! {
            <Alert tone=AlertTone::Good on_dismiss=dismiss>
                <p>{done.message}</p>
                {done.secret.map(|secret| view! { <Secret secret /> })}
            </Alert>
        }
        .into_any(),
        Err(error) => refusal(&error, is_marked, dismiss, on_reload),
    }
}

fn refusal(error: &AppError, is_marked: bool, dismiss: Callback<()>, on_reload: Option<Callback<()>>) -> AnyView {
    let text = match error {
        AppError::Invalid(errors) if !is_marked => {
            let lines = errors.iter().cloned();
            lines
                .map(|error| view! { <p>{text_and_link(error.message, error.setting)}</p> })
                .collect_view()
                .into_any()
        }
        AppError::Invalid(_) => view! { <p>{error.next_step()}</p> }.into_any(),
        _ => view! { <p>{format!("{error} {}", error.next_step())}</p> }.into_any(),
    };
    let reload = on_reload.filter(|_| matches!(error, AppError::ChangedMeanwhile | AppError::NotFound));
    let way_on = match (error, reload) {
        (AppError::Unauthenticated, _) => Some(view! { <SignInAgain in_new_tab=true /> }.into_any()),
        (_, Some(reload)) => Some(view! { <Reload reload dismiss /> }.into_any()),
        _ => None,
    };
    let way_on = way_on.map(|way_on| view! { <div class="alert-actions">{way_on}</div> });
    view! {
        <Alert tone=AlertTone::Bad>
            {text}
            {way_on}
        </Alert>
    }
    .into_any()
}

#[component]
fn Reload(reload: Callback<()>, dismiss: Callback<()>) -> impl IntoView {
    let press = move |_| {
        dismiss.run(());
        reload.run(());
    };
    view! {
        <button type="button" class="button needs-script" on:click=press>
            "Reload"
        </button>
    }
}

#[component]
fn Secret(secret: ShownOnce) -> impl IntoView {
    let text = secret.text.clone();
    view! {
        <div class="field shown-once">
            <label class="field-label" for=OUTCOME_SECRET_ID>
                {secret.label}
            </label>
            <div class="field-with-button">
                <input class="field-input field-code" id=OUTCOME_SECRET_ID type="text" readonly value=text />
                <CopyButton text=secret.text label="Copy" />
            </div>
        </div>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::{Field, FieldError, Setting};

    use super::*;

    fn html(outcome: Outcome) -> String {
        Owner::new().with(|| {
            let dismiss = Callback::new(|()| {});
            view! { <OutcomeView outcome dismiss /> }.into_any().to_html()
        })
    }

    #[test]
    fn a_refusal_that_a_setting_causes_links_to_it() {
        let refused = FieldError::new(Field::WebhookUrl, "Blocked").allowed_by(Setting::Network);
        let blocked = html(Err(AppError::Invalid(refused.into())));
        assert!(
            blocked.contains("Blocked.") && blocked.contains("href=\"/admin/settings/network\""),
            "{blocked}"
        );
        let other = html(Err(AppError::Invalid(
            FieldError::new(Field::WebhookUrl, "Answered 404.").into(),
        )));
        assert!(other.contains("Answered 404.") && !other.contains("<a"), "{other}");
    }
}

//! What is asked before a secret is rotated, and before a rotation is ended.

use domain::{destination::RotatedSecret, ids::DestinationId};
use leptos::{html, prelude::*};

/// What is done to the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Rotate,
    End,
}

impl Step {
    /// The text of its buttons.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Rotate => "Rotate",
            Self::End => "End now",
        }
    }
}

#[component]
pub(super) fn Question(
    id: DestinationId,
    secret: RotatedSecret,
    step: Step,
    confirm: Callback<()>,
    /// The question is answered, one way or the other.
    close: Callback<()>,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let place = format!("rotate-{id}-{}", secret.label().replace(' ', "-"));
    let (title_id, text_id) = (format!("{place}-title"), format!("{place}-text"));
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get()
            && !dialog.open()
        {
            dialog.show_modal().unwrap_or_default();
        }
    });
    let close_dialog = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let agree = move |_| {
        confirm.run(());
        close_dialog();
    };
    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            aria-labelledby=title_id
            aria-describedby=text_id
            on:close=move |_| close.run(())
        >
            <h2 id=title_id.clone()>{title(secret, step)}</h2>
            <p id=text_id.clone()>{consequence(secret, step)}</p>
            <div class="dialog-actions">
                <button type="button" class="button" autofocus on:click=move |_| close_dialog()>
                    "Cancel"
                </button>
                <button type="button" class="button button-primary" on:click=agree>
                    {step.label()}
                </button>
            </div>
        </dialog>
    }
}

fn title(secret: RotatedSecret, step: Step) -> String {
    match step {
        Step::Rotate => format!("Rotate the {}?", secret.label()),
        Step::End => format!("End the rotation of the {} now?", secret.label()),
    }
}

const fn consequence(secret: RotatedSecret, step: Step) -> &'static str {
    use RotatedSecret::{SigningSecret, VerificationToken};

    match (step, secret) {
        (Step::Rotate, VerificationToken) => {
            "A new token is generated. The current one is sent for another 24 hours, so that you can give receivers the new one first."
        }
        (Step::Rotate, SigningSecret) => {
            "A new secret is generated. For 24 hours, requests are signed with both, so that receivers can verify them with either secret."
        }
        (Step::End, VerificationToken) => {
            "The new token is sent from now on. Receivers that do not know it yet will reject events."
        }
        (Step::End, SigningSecret) => {
            "Requests are signed with the new secret only. Receivers that do not know it yet will reject events."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_names_the_secret_and_what_receivers_notice() {
        for secret in RotatedSecret::ALL {
            for (step, notice) in [(Step::Rotate, "24 hours"), (Step::End, "will reject events")] {
                assert!(title(secret, step).contains(secret.label()));
                assert!(consequence(secret, step).contains(notice), "{secret:?} {step:?}");
            }
        }
    }
}
